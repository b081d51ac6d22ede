"""The quick way of writing the moving region gives, to the bit, what reading pixel by pixel gives."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.rendering.grain import noise_tile
from gpu_worker.rendering.sampling import enlarge_and_pack, grain_at, loss_table, read_packed, store
from gpu_worker.rendering.warping import warp_region

_SIDE, _STEP, _CROP = 48, 4, (3, 5)


def _photo() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (_SIDE, _SIDE + 6, 3), dtype=np.uint8)


def _field(strength: float, light: float) -> np.ndarray:
    field = np.random.default_rng(4).normal(0.0, 1.0, (_SIDE // _STEP + 2, (_SIDE + 6) // _STEP + 2, 3))
    return (field * [strength, strength, light]).astype(np.float32)


def _one_by_one(photo: np.ndarray, packed: np.ndarray, field: np.ndarray, grain: int, spans: np.ndarray) -> np.ndarray:
    out, flat, (rows, stride) = photo.copy(), packed.ravel(), packed.shape
    for r, (first, last) in enumerate(spans.tolist()):
        ty = np.float32(r % _STEP / _STEP)
        upper, lower = field[r // _STEP], field[r // _STEP + 1]
        line = ((upper + ty * (lower - upper)) * np.float32(65536.0)).astype(np.int64)
        for x in range(first, last):
            j, t = divmod(x, _STEP)
            sx, sy, light = line[j] + (line[j + 1] - line[j]) // _STEP * t
            qx = int(sx + ((x - _CROP[0]) << 16) + 1024) >> 11
            qy = int(sy + ((r - _CROP[1]) << 16) + 1024) >> 11
            extra = grain_at(noise_tile()[r + 7 & 255], loss_table(), grain, qx, qy, x + 250)
            store(read_packed(flat, stride, rows, qx, qy), int(light + 32) >> 6, extra, out, r, x)
    return out


@pytest.mark.parametrize(("strength", "light", "grain"), [(1.5, 0.2, 0), (1.5, 0.2, 3000), (60.0, 1.5, 7000)])
def test_a_row_at_a_time_is_the_same_as_pixel_by_pixel(strength: float, light: float, grain: int) -> None:
    photo, field = _photo(), _field(strength, light)
    out, spans = _drawn(photo, field, grain)
    assert (out == _one_by_one(photo, _packed(photo), field, grain, spans)).all()
    assert (out != photo).any()


def test_what_hardly_moves_stays_the_photo() -> None:
    out, _ = _drawn(_photo(), _field(0.001, 0.0001), 7000)
    assert (out == _photo()).all()


def _packed(photo: np.ndarray) -> np.ndarray:
    return enlarge_and_pack(np.ascontiguousarray(photo[_CROP[1] : -2, _CROP[0] : -3]))


def _drawn(photo: np.ndarray, field: np.ndarray, grain: int) -> tuple[np.ndarray, np.ndarray]:
    packed = _packed(photo)
    rng = np.random.default_rng(5)
    spans = np.sort(rng.integers(0, _SIDE + 7, (_SIDE, 2)), 1).astype(np.int32)
    spans[7] = 20  # a row without any
    out = photo.copy()
    reading = (packed.ravel(), packed.shape[1], packed.shape[0], *_CROP)
    warp_region(*reading, loss_table(), noise_tile(), 7, 250, grain, field, 0, 0, _STEP, 0, spans, photo, out)
    return out, spans
