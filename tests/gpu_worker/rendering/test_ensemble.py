"""Two faces in one frame: each moves by itself, neither disturbs the other, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.rendering.ensemble import Ensemble, Solo, moved, part_of, prepare_scene, with_neighbours
from gpu_worker.rendering.neighbours import outline_distance, yielding
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.rendering.topology import OVAL
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, MotionTrack, Photo
from tests.gpu_worker.group_photo import two_people

FPS = 25.0


def motion(*rows: dict[str, float]) -> MotionTrack:
    values = np.zeros((len(rows), len(CONTROLS)), np.float32)
    for row, controls in enumerate(rows):
        for name, value in controls.items():
            values[row, CONTROL[name]] = value
    return MotionTrack(FPS, values)


LIVELY = {"jaw": 0.8, "yaw": 4.0, "roll": 3.0, "shift_x": 0.02, "blink_left": 0.5, "blink_right": 0.5}


@pytest.fixture(scope="module")
def group() -> Photo:
    return two_people()


@pytest.fixture(scope="module")
def pair(group: Photo) -> tuple[FaceRig, ...]:
    return with_neighbours(inspect_photo(group, EngineConfig()).faces)


@pytest.fixture(scope="module")
def scene(group: Photo, pair: tuple[FaceRig, ...]) -> Ensemble:
    made = prepare_scene(WarpEngine(), group, pair, EngineConfig())
    assert isinstance(made, Ensemble)
    return made


def shown(scene: Ensemble, *motions: MotionTrack) -> list[np.ndarray]:
    return [frame.copy() for frame in scene.frames(motions, 2)]


def test_each_face_moves_alone_and_nothing_else_does(group: Photo, pair: tuple[FaceRig, ...], scene: Ensemble) -> None:
    left, right = shown(scene, motion(LIVELY, {}, {}), motion({}, LIVELY, {}))[:2]
    for frame, mover, other in ((left, pair[0], pair[1]), (right, pair[1], pair[0])):
        changed = (frame != group.pixels).any(-1)
        assert changed.any()
        assert not changed[~scene.moving_region].any()
        assert not changed[_inside(other, group)].any(), "the neighbour's face moved too"
        assert changed[_inside(mover, group)].mean() > 0.3


def test_moving_together_is_the_sum_of_moving_alone(scene: Ensemble, group: Photo) -> None:
    alone_left, alone_right, both = shown(scene, motion(LIVELY, {}, LIVELY), motion({}, LIVELY, LIVELY))
    left, right = (alone_left != group.pixels).any(-1), (alone_right != group.pixels).any(-1)
    assert not (left & right).any()
    assert np.array_equal(both[left], alone_left[left])
    assert np.array_equal(both[right], alone_right[right])


def test_at_rest_it_is_the_photo_and_frames_repeat(scene: Ensemble, group: Photo) -> None:
    motions = motion({}, LIVELY), motion({}, LIVELY)
    first, second = shown(scene, *motions), shown(scene, *motions)
    assert np.array_equal(first[0], group.pixels)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_face_alone_keeps_its_renderer_and_its_frames(group: Photo, pair: tuple[FaceRig, ...]) -> None:
    lone = replace(pair[0], neighbours=())
    solo = prepare_scene(WarpEngine(), group, (lone,), EngineConfig())
    assert isinstance(solo, Solo)
    direct = WarpEngine().prepare(group, lone, EngineConfig())
    track = motion(LIVELY)
    assert np.array_equal(next(iter(solo.frames((track,)))), direct.frame(track.values[0]))


def test_parts_are_about_as_large_as_their_faces(group: Photo, pair: tuple[FaceRig, ...]) -> None:
    big = Photo(np.zeros((3000, 4000, 3), np.uint8), "", "array")
    x, y, width, height = part_of(big, moved(pair[0], 1500.0, 1200.0))
    assert width * height < 20 * pair[0].height ** 2
    assert x > 1000
    assert y > 800


def test_motions_must_fit_the_faces(scene: Ensemble) -> None:
    with pytest.raises(ValueError, match="2 motions"):
        next(scene.frames((motion(LIVELY),)))


def test_faces_that_overlap_share_no_pixel(group: Photo, pair: tuple[FaceRig, ...]) -> None:
    """The right face moved over the left one's ear: the nearer outline has the pixel, and rest is still the photo."""
    close = with_neighbours((replace(pair[0], neighbours=()), replace(moved(pair[1], -75.0, 0.0), neighbours=())))
    crowd = prepare_scene(WarpEngine(), group, close, EngineConfig())
    assert isinstance(crowd, Ensemble)
    alone_left, alone_right, both = shown(crowd, motion(LIVELY, {}, LIVELY), motion({}, LIVELY, LIVELY))
    left, right = (alone_left != group.pixels).any(-1), (alone_right != group.pixels).any(-1)
    assert left.any()
    assert right.any()
    assert not (left & right).any()
    assert np.array_equal(both[left], alone_left[left])


def test_outline_distance_is_signed_and_in_heights() -> None:
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], np.float32)
    points = np.array([[5.0, 5.0], [15.0, 5.0], [5.0, -10.0], [10.0, 5.0]])
    assert outline_distance(points, square) == pytest.approx([-0.5, 0.5, 1.0, 0.0])


def test_movement_is_whole_on_the_face_and_dies_before_the_neighbour() -> None:
    turns = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    circle = np.stack([np.cos(turns), np.sin(turns)], 1).astype(np.float32) * 50.0
    points = np.stack([np.linspace(-200.0, 150.0, 71), np.zeros(71)], 1)
    share = yielding(points, circle, (circle + np.array([150.0, 0.0], np.float32),))
    assert (share[points[:, 0] <= 50.0] == 1.0).all()
    assert (share[points[:, 0] >= 75.0] == 0.0).all()
    assert (np.diff(share) <= 1e-12).all()
    assert (yielding(points, circle, ()) == 1.0).all()


def _inside(face: FaceRig, photo: Photo) -> np.ndarray:
    ys, xs = np.mgrid[0 : photo.height, 0 : photo.width]
    points = np.stack([xs.ravel(), ys.ravel()], 1).astype(np.float64)
    inside: np.ndarray = (outline_distance(points, face.landmarks[list(OVAL), :2]) < 0).reshape(ys.shape)
    return inside
