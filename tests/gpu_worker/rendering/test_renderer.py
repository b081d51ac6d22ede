"""The renderer on a real photo: what must hold of every frame."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.rendering.renderer import WarpEngine, WarpRenderer
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, MotionTrack, Photo


def _controls(**values: float) -> np.ndarray:
    controls = np.zeros(len(CONTROLS), np.float32)
    for name, value in values.items():
        controls[CONTROL[name]] = value
    return controls


def _track(*rows: np.ndarray) -> MotionTrack:
    return MotionTrack(25.0, np.stack(rows).astype(np.float32))


def _box(face: FaceRig, points: tuple[int, ...], pad: float) -> tuple[slice, slice]:
    low, high = face.landmarks[list(points), :2].min(0) - pad, face.landmarks[list(points), :2].max(0) + pad
    return slice(int(low[1]), int(high[1]) + 1), slice(int(low[0]), int(high[0]) + 1)


_EVERYTHING = {
    "jaw": 0.6, "pucker": 0.2, "upper_raise": 0.3, "smile_left": 0.4, "blink_left": 0.5, "brow_right": 0.7,
    "gaze_x": 0.3, "tongue_up": 0.4, "yaw": 5.0, "pitch": -3.0, "roll": 4.0, "shift_y": 0.01, "scale": 0.01,
}  # fmt: skip


def test_rest_is_the_photo(renderer: WarpRenderer, astronaut: Photo) -> None:
    np.testing.assert_array_equal(renderer.frame(_controls()), astronaut.pixels)


def test_nothing_changes_outside_the_moving_region(renderer: WarpRenderer, astronaut: Photo) -> None:
    frame = renderer.frame(_controls(**_EVERYTHING))
    region = renderer.moving_region
    assert region.shape == astronaut.pixels.shape[:2]
    assert frame.dtype == np.uint8
    np.testing.assert_array_equal(frame[~region], astronaut.pixels[~region])
    assert (frame != astronaut.pixels).any(axis=2)[region].mean() > 0.3


def test_a_frame_depends_on_its_controls_alone(renderer: WarpRenderer) -> None:
    rows = [_controls(jaw=0.1 * i, yaw=i - 4.0, blink_left=0.1 * i) for i in range(9)]
    alone = [renderer.frame(row).copy() for row in reversed(rows)][::-1]
    for threads in (1, 3):
        for frame, expected in zip(renderer.frames(_track(*rows), threads), alone, strict=True):
            np.testing.assert_array_equal(frame, expected)


def test_frames_belong_to_the_caller(renderer: WarpRenderer) -> None:
    kept = list(renderer.frames(_track(*[_controls(jaw=0.05 * i) for i in range(1, 30)]), 2))
    for i, frame in enumerate(kept, start=1):
        np.testing.assert_array_equal(frame, renderer.frame(_controls(jaw=0.05 * i)))


@pytest.mark.parametrize("name", [n for n in CONTROLS if n not in ("tongue_up", "tongue_forward")])
def test_leaving_rest_is_gradual(renderer: WarpRenderer, astronaut: Photo, name: str) -> None:
    small = 0.02 if name in ("yaw", "pitch", "roll") else 2e-4 if name in ("shift_x", "shift_y", "scale") else 0.002
    change = np.abs(renderer.frame(_controls(**{name: small})).astype(int) - astronaut.pixels)
    assert change.mean() < 0.4
    assert np.percentile(change, 99.9) < 16


def test_motion_is_continuous(renderer: WarpRenderer) -> None:
    """No switch in the drawing: steps of a slow movement all change about the same."""
    rows = [_controls(jaw=0.5 * t, close=0.9 * (1 - t), blink_left=t, blink_right=t, gaze_x=0.3 * t)
            for t in np.linspace(0.02, 1, 50)]  # fmt: skip
    frames = [frame.astype(int) for frame in renderer.frames(_track(*rows), 2)]
    steps = np.array([np.abs(b - a).mean() for a, b in itertools.pairwise(frames)])
    assert steps.max() < 4 * np.median(steps)


def _spoken(fps: float, seconds: float = 0.64) -> np.ndarray:
    """Controls of a syllable, a blink and a turning head, sampled at ``fps``."""
    t = np.arange(round(seconds * fps)) / fps
    rows = np.zeros((len(t), len(CONTROLS)), np.float32)
    said = (1 - np.cos(2 * np.pi * t / seconds)) / 2
    rows[:, CONTROL["jaw"]], rows[:, CONTROL["close"]] = 0.7 * said, 1 - said
    rows[:, CONTROL["blink_left"]] = rows[:, CONTROL["blink_right"]] = np.exp(-(((t - 0.3) / 0.07) ** 2))
    rows[:, CONTROL["gaze_x"]], rows[:, CONTROL["yaw"]] = 0.3 * said, 3.0 * np.sin(3 * t) + 0.3
    return rows


def test_no_popping_at_any_frame_rate(renderer: WarpRenderer) -> None:
    """Twice the frame rate halves what changes from frame to frame, everywhere: nothing jumps."""

    def changes(fps: float) -> np.ndarray:
        """Mean change of 8 x 8 pixel blocks from each frame to the next: ``(frames - 1, rows, columns)``."""
        frames = np.stack([f.mean(2) for f in renderer.frames(MotionTrack(fps, _spoken(fps)), 2)])
        height, width = frames.shape[1] // 8 * 8, frames.shape[2] // 8 * 8
        blocks = frames[:, :height, :width].reshape(len(frames), height // 8, 8, width // 8, 8).mean((2, 4))
        return np.asarray(np.abs(np.diff(blocks, axis=0)))

    slow, fast = changes(50.0), changes(100.0)
    assert fast.max() < 0.66 * slow.max()
    steps = fast.mean((1, 2))
    assert np.abs(np.diff(steps)).max() < 0.5 * steps.max(), "and the amount of change itself does not jump"


@pytest.mark.parametrize("extra", [{}, {"jaw": 0.4}, {"jaw": 0.2, "pucker": 0.6}, {"smile_left": 1.0, "jaw": 0.3}])
def test_closed_lips_really_touch(renderer: WarpRenderer, extra: dict[str, float]) -> None:
    opening = renderer.planned_opening(_track(_controls(), _controls(close=1.0, press=1.0, **extra)))
    assert opening[0] > 0.05, "her mouth is open in the photo"
    assert opening[1] < 1e-3


def test_closing_leaves_no_dark_slit(renderer: WarpRenderer, astronaut: Photo, astronaut_face: FaceRig) -> None:
    window = _box(astronaut_face, (78, 308, 13, 14), 3.0)
    closed = renderer.frame(_controls(close=1.0, press=0.8))[window].mean(2)
    open_mouth = renderer.frame(_controls(jaw=0.8))[window].mean(2)
    lip = astronaut.pixels[_box(astronaut_face, (0, 13), 0.0)].mean()
    assert np.percentile(closed, 1) > 0.45 * lip
    assert np.percentile(open_mouth, 3) < 0.35 * lip, "and an open mouth is dark inside"


def test_the_jaw_opens_the_mouth_in_proportion(renderer: WarpRenderer) -> None:
    opening = renderer.planned_opening(_track(*[_controls(jaw=v) for v in np.linspace(0, 1, 6)]))
    assert (np.diff(opening) > 0.01).all()


def test_rounding_brings_smiling_lips_together(renderer: WarpRenderer) -> None:
    rest, half, full = renderer.planned_opening(_track(*(_controls(pucker=v) for v in (0, 0.5, 1))))
    assert rest > half > full
    assert full < 0.75 * rest, "her teeth show less"


def test_the_planned_opening_does_not_depend_on_the_head(renderer: WarpRenderer) -> None:
    opening = renderer.planned_opening(_track(_controls(jaw=0.5), _controls(jaw=0.5, yaw=8, roll=5)))
    assert opening[0] == pytest.approx(opening[1])


@pytest.mark.parametrize(("side", "iris"), [("right", 468), ("left", 473)])
def test_a_blink_hides_its_own_eye_only(
    renderer: WarpRenderer, astronaut: Photo, astronaut_face: FaceRig, side: str, iris: int
) -> None:
    frame = renderer.frame(_controls(**{f"blink_{side}": 1.0})).astype(int)
    shut = _box(astronaut_face, (iris,), 2.0)
    other = _box(astronaut_face, (473 if iris == 468 else 468,), 2.0)
    photo = astronaut.pixels.astype(int)
    assert frame[shut].mean() > photo[shut].mean() + 25, "skin is lighter than the pupil"
    np.testing.assert_array_equal(frame[other], photo[other])


def test_gaze_moves_the_dark_of_the_iris(renderer: WarpRenderer, astronaut_face: FaceRig) -> None:
    window = _box(astronaut_face, (33, 133, 159, 145), 0.0)

    def dark_centre(gaze: float) -> float:
        eye = renderer.frame(_controls(gaze_x=gaze))[window].astype(float).mean(2)
        weight = np.clip(110 - eye, 0, None)
        return float((weight * np.arange(eye.shape[1])).sum() / weight.sum())

    assert dark_centre(0.6) - dark_centre(-0.6) > 1.0


def test_a_grey_photo_stays_grey(astronaut: Photo, astronaut_face: FaceRig) -> None:
    grey = np.repeat(astronaut.pixels.mean(2).astype(np.uint8)[..., None], 3, axis=2)
    renderer = WarpEngine().prepare(dataclasses.replace(astronaut, pixels=grey), astronaut_face, EngineConfig())
    frame = renderer.frame(_controls(**_EVERYTHING)).astype(int)
    assert np.ptp(frame, axis=2).max() <= 6


def test_a_face_at_the_edge_of_the_photo(astronaut: Photo, astronaut_face: FaceRig) -> None:
    left, top = int(astronaut_face.box[0]) + 12, int(astronaut_face.box[1]) + 9
    photo = dataclasses.replace(astronaut, pixels=np.ascontiguousarray(astronaut.pixels[top:, left:]))
    moved = astronaut_face.landmarks - np.array([left, top, 0], np.float32)
    face = dataclasses.replace(astronaut_face, landmarks=moved, box=(0.0, 0.0, *astronaut_face.box[2:]))
    renderer = WarpEngine().prepare(photo, face, EngineConfig())
    assert renderer.frame(_controls(**_EVERYTHING)).shape == photo.pixels.shape
    np.testing.assert_array_equal(renderer.frame(_controls()), photo.pixels)


def test_extreme_controls_still_give_a_frame(renderer: WarpRenderer, astronaut: Photo) -> None:
    for sign in (-1.0, 1.0):
        controls = np.full(len(CONTROLS), sign, np.float32)
        controls[CONTROL["yaw"]] = controls[CONTROL["pitch"]] = controls[CONTROL["roll"]] = 25.0 * sign
        frame = renderer.frame(controls)
        outside = ~renderer.moving_region
        np.testing.assert_array_equal(frame[outside], astronaut.pixels[outside])


@pytest.mark.parametrize("bad", [np.zeros(5), np.full(len(CONTROLS), np.nan)])
def test_controls_that_are_none_are_refused(renderer: WarpRenderer, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        renderer.frame(bad.astype(np.float32))


def test_faces_that_cannot_be_animated_are_refused(astronaut: Photo, astronaut_face: FaceRig) -> None:
    small = dataclasses.replace(astronaut_face, landmarks=astronaut_face.landmarks * 0.1)
    with pytest.raises(InputError) as too_small:
        WarpEngine().prepare(astronaut, small, EngineConfig())
    assert too_small.value.code == "face_too_small"
    broken = dataclasses.replace(astronaut_face, landmarks=np.full((478, 3), np.nan, np.float32))
    with pytest.raises(InputError) as unmeasured:
        WarpEngine().prepare(astronaut, broken, EngineConfig())
    assert unmeasured.value.code == "face_landmarks"
