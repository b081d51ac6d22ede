from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.rendering.pose import HeadRings
from gpu_worker.rendering.renderer import WarpRenderer
from gpu_worker.rendering.silhouette import person_ends, rings_around
from gpu_worker.rendering.topology import RING_SCALES
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Photo


def test_the_person_ends_at_her_hair_and_not_at_the_shoulders(astronaut: Photo, astronaut_face: FaceRig) -> None:
    ends = person_ends(astronaut.pixels, astronaut_face.landmarks.astype(np.float64), astronaut_face.height)
    assert ends.shape == (36,)
    top, side, chin = ends[0], ends[8], ends[18]
    assert 1.7 < top < 2.3, "her hair stands high"
    assert 1.1 < side < 1.9
    assert chin > 2.2, "the neck and the suit go on"


def test_rings_follow_the_head_inside_and_stay_outside() -> None:
    ends = np.full(36, 1.6)
    ends[10:26] = 2.35
    rings = rings_around(ends)
    assert rings.scales.shape == rings.follow.shape == (len(RING_SCALES), 36)
    assert (np.diff(rings.scales, axis=0) > 0.03).all(), "rings do not cross"
    assert (np.diff(rings.follow, axis=0) <= 0).all()
    assert (rings.follow[rings.scales < 1.6] == 1.0)[:5].all(), "hair follows in full"
    assert (rings.follow[:, :8][rings.scales[:, :8] > 2.3] == 0.0).all(), "the background stays"
    plain = HeadRings.plain()
    np.testing.assert_allclose(rings.scales[:, 12:24], plain.scales[:, 12:24])
    np.testing.assert_allclose(rings.follow[:, 12:24], plain.follow[:, 12:24])


def test_ends_in_any_place_give_rings_in_order() -> None:
    for end in np.linspace(1.0, 2.35, 28):
        rings = rings_around(np.full(36, end))
        assert (np.diff(rings.scales, axis=0) > 0.03).all()


def test_movement_fades_as_far_out_on_the_narrow_side_of_a_turned_face() -> None:
    lengths = np.full(36, 0.45)
    lengths[22:32] = 0.16
    usual, wide = rings_around(np.full(36, 1.5)), rings_around(np.full(36, 1.5), lengths)
    assert (np.diff(wide.scales, axis=0) > 0.03).all()
    np.testing.assert_allclose(wide.scales[:, 5:15], usual.scales[:, 5:15])
    fades = wide.scales[5] - wide.scales[3]
    assert fades[27] * lengths[27] == pytest.approx(0.65 * 0.38, abs=0.01), "face heights"


def test_hair_turns_as_one_piece_and_the_background_stays(
    renderer: WarpRenderer, astronaut: Photo, astronaut_face: FaceRig
) -> None:
    controls = np.zeros(len(CONTROLS), np.float32)
    controls[CONTROL["roll"]] = 4.0
    frame = renderer.frame(controls).astype(int)
    changed = np.abs(frame - astronaut.pixels).max(axis=2) > 8
    x, y = (int(v) for v in astronaut_face.landmarks[10, :2])
    height = int(astronaut_face.height)
    hair = changed[max(0, y - height // 4) : y, x - height // 2 : x + height // 2]
    assert hair.mean() > 0.3
    assert not renderer.moving_region[:, 0].any(), "far from the head nothing can move"
    assert not renderer.moving_region[:, -1].any()
