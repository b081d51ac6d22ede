"""The mark must not be seen, must survive what happens to videos, and must not be found where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from gpu_worker.provenance.watermark.detect import detect_watermark
from gpu_worker.provenance.watermark.embed import Watermark, headroom, make_watermark
from gpu_worker.provenance.watermark.pattern import CHIPS, canonical, chip_sums, fold, layout, tile, unfold
from gpu_worker.schema import Image
from tests.gpu_worker.provenance.conftest import JOB, decode, encode, nodding

Frames = list[Image]


def _even(frame: Image) -> Image:
    return np.ascontiguousarray(frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2])


def _as_it_is(frames: Frames) -> Frames:
    return frames


def _half(frames: Frames) -> Frames:
    return [_even(cv2.resize(f, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8)) for f in frames]


def _cropped(frames: Frames) -> Frames:
    """Five per cent of the width and of the height are cut off, unevenly."""
    height, width = frames[0].shape[:2]
    top, left = round(0.035 * height), round(0.01 * width)
    return [_even(f[top : top + round(0.95 * height), left : left + round(0.95 * width)]) for f in frames]


def _half_and_cropped(frames: Frames) -> Frames:
    return _half(_cropped(frames))


ATTACKS = [
    ("astronaut", _as_it_is),
    ("astronaut", _half),
    ("astronaut", _cropped),
    ("hopper", _as_it_is),
    ("hopper", _half),
    ("hopper", _cropped),
    # In a second of video the astronaut's clean backdrop does not hold enough for both at once.
    ("hopper", _half_and_cropped),
]


def _luma(frames: Frames) -> list[np.ndarray]:
    return [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]


@pytest.fixture(scope="module")
def portraits(astronaut: Image, hopper: Image) -> dict[str, Image]:
    return {"astronaut": astronaut, "hopper": hopper}


@pytest.fixture(scope="module")
def marks(portraits: dict[str, Image]) -> dict[str, Watermark]:
    return {name: make_watermark(photo, JOB) for name, photo in portraits.items()}


@pytest.fixture(scope="module")
def originals(
    portraits: dict[str, Image], marks: dict[str, Watermark], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Frames]:
    """Marked talking heads as they leave the encoder (crf 17) and are decoded by whoever attacks them."""
    folder = tmp_path_factory.mktemp("marked")
    return {
        name: decode(encode(folder / f"{name}.mp4", [marks[name].apply(f) for f in nodding(photo, 25)], crf=17))
        for name, photo in portraits.items()
    }


@pytest.mark.parametrize(("name", "attack"), ATTACKS)
def test_the_id_survives_h264_at_crf_28(
    originals: dict[str, Frames], tmp_path: Path, name: str, attack: Callable[[Frames], Frames]
) -> None:
    copy = decode(encode(tmp_path / "copy.mp4", attack(originals[name]), crf=28, preset="medium"))
    found = detect_watermark(_luma(copy))
    assert found is not None
    assert found.id == "5b1c3a529d6e"
    assert found.bit_error_rate < 0.30


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_the_mark_is_far_below_what_is_seen(
    portraits: dict[str, Image], marks: dict[str, Watermark], name: str
) -> None:
    change = marks[name].apply(portraits[name]).astype(float) - portraits[name]
    psnr = 10 * np.log10(255**2 / np.mean(change**2))
    assert psnr > 42
    assert abs(psnr - marks[name].psnr) < 0.5
    assert np.abs(change).max() <= 4
    assert abs(change.mean()) < 0.1, "the picture must not grow lighter or darker"


def test_nothing_is_added_to_a_clear_sky(hopper: Image) -> None:
    picture = hopper.copy()
    picture[:250] = (120, 160, 210)
    change = make_watermark(picture, JOB).apply(picture).astype(int) - picture
    assert not change[:225].any()
    assert change[300:].any()


def test_headroom_is_taken_from_the_calm_side_of_an_edge() -> None:
    plane = np.full((512, 512), 100, np.float32)
    plane[:, 256:] += np.random.default_rng(0).normal(0, 20, (512, 256)).astype(np.float32)
    room = headroom(plane)
    assert room[:, :238].max() < 0.2, "three chips away from the edge"
    assert room[100:400, 300:480].min() > 2


def test_an_unmarked_video_has_no_mark(portraits: dict[str, Image], tmp_path: Path) -> None:
    for name, photo in portraits.items():
        copy = decode(encode(tmp_path / f"{name}.mp4", nodding(photo, 4), crf=23))
        assert detect_watermark(_luma(copy)) is None


@pytest.mark.parametrize("name", ["camera", "coins", "brick", "grass", "page", "text"])
def test_pictures_of_other_things_have_no_mark(name: str) -> None:
    assert detect_watermark([getattr(skimage.data, name)()]) is None


def test_another_key_neither_reads_nor_shows_the_mark(originals: dict[str, Frames]) -> None:
    assert detect_watermark(_luma(originals["hopper"]), key=b"someone else") is None


def test_a_still_of_the_video_is_enough(originals: dict[str, Frames]) -> None:
    found = detect_watermark(_luma(originals["hopper"][5:6]))
    assert found is not None
    assert found.id == "5b1c3a529d6e"


def test_two_jobs_of_one_photo_are_told_apart(hopper: Image) -> None:
    found = [
        detect_watermark(_luma([make_watermark(hopper, job).apply(hopper)]))
        for job in ("00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-8fff-fffffffffffe")
    ]
    assert [detection.id if detection else None for detection in found] == ["000000000000", "ffffffffffff"]


def test_the_same_job_gives_the_same_mark(hopper: Image, marks: dict[str, Watermark]) -> None:
    assert np.array_equal(make_watermark(hopper, JOB).apply(hopper), marks["hopper"].apply(hopper))


def test_frames_of_another_size_are_refused(hopper: Image, marks: dict[str, Watermark]) -> None:
    with pytest.raises(ValueError, match="was made for frames"):
        marks["hopper"].apply_in_place(hopper[:-2].copy())


@pytest.mark.parametrize("shape", [(16, 16), (3, 900), (40, 2000)])
def test_odd_shapes_are_looked_at_without_harm(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    assert detect_watermark([noise]) is None


def test_no_frames_no_mark() -> None:
    assert detect_watermark([]) is None


def test_flat_pictures_have_no_mark_and_can_be_marked_without_change() -> None:
    flat = np.full((256, 256, 3), 200, np.uint8)
    assert detect_watermark([flat[..., 0]]) is None
    assert np.array_equal(make_watermark(flat, JOB).apply(flat), flat)


def test_detector_and_embedder_use_adjoint_operators() -> None:
    """<fold and gather(x), c> = <x, draw and repeat(c)>: what the embedder assumes of the detector."""
    rng = np.random.default_rng(3)
    plane = rng.normal(size=(512, 700)).astype(np.float32)
    chips = rng.normal(size=(CHIPS, CHIPS)).astype(np.float32)
    gathered = float((chip_sums(fold(plane)) * chips).sum())
    drawn = float((plane * unfold(tile(chips), plane.shape)).sum())
    assert gathered == pytest.approx(drawn, rel=1e-3)


def test_the_layout_is_fixed_for_ever() -> None:
    """Videos already delivered are read with it: a change here orphans them."""
    plan = layout()
    assert plan.template.sum() == 256
    assert np.bincount(plan.owner[~plan.template]).tolist() == [3] * 256
    assert plan.owner[0, :4].tolist() + plan.sign[0, :8].tolist() == [13, -1, 159, -1, 1, 1, 1, -1, 1, -1, -1, -1]


def test_canonical_size_is_512_on_the_shorter_side() -> None:
    assert canonical(np.zeros((1080, 1920), np.uint8)).shape == (512, 910)
    assert canonical(np.zeros((300, 200), np.uint8)).shape == (768, 512)
