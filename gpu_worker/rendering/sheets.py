"""Contact sheets: what a portrait looks like in every pose that matters, on one picture, for judging by eye.

Run as ``python -m gpu_worker.rendering.sheets PHOTO... -o DIRECTORY``.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.rendering.arrays import F32, U8
from gpu_worker.rendering.renderer import WarpEngine
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, Photo, Timeline, Waveform

Pose = dict[str, float]
#: A sound, and what is said in it when.
Speech = tuple[Waveform, Timeline]

#: What the strip of consecutive frames says: closures, rounding, f, v and th within two seconds.
SENTENCE = "Mama, both of these movies prove my point."

_BOTH_BLINK = ("blink_left", "blink_right")

#: Mouth shapes: the 15 visemes, p/b/m held against an open jaw, and what lips do besides.
MOUTHS: dict[str, Pose] = {
    "rest": {},
    "sil": {"close": 0.5},
    "PP": {"jaw": 0.08, "close": 1, "press": 0.9},
    "PP jaw .4": {"jaw": 0.4, "close": 1, "press": 0.6},
    "FF": {"jaw": 0.12, "lip_in": 1, "close": 0.3},
    "TH": {"jaw": 0.25, "upper_raise": 0.35, "lower_depress": 0.3, "tongue_up": 0.5, "tongue_forward": 0.9},
    "DD": {"jaw": 0.2, "stretch": 0.3, "upper_raise": 0.3, "lower_depress": 0.4, "tongue_up": 0.7},
    "kk": {"jaw": 0.35, "upper_raise": 0.2, "lower_depress": 0.2},
    "CH": {"jaw": 0.14, "pucker": 0.6, "upper_raise": 0.4, "lower_depress": 0.4},
    "SS": {"jaw": 0.08, "stretch": 0.5, "upper_raise": 0.45, "lower_depress": 0.5},
    "nn": {"jaw": 0.22, "stretch": 0.25, "upper_raise": 0.3, "lower_depress": 0.3, "tongue_up": 0.8},
    "RR": {"jaw": 0.25, "pucker": 0.45, "close": 0.1},
    "aa": {"jaw": 0.9, "upper_raise": 0.3, "lower_depress": 0.3},
    "E": {"jaw": 0.5, "stretch": 0.4, "upper_raise": 0.35, "lower_depress": 0.4},
    "ih": {"jaw": 0.3, "stretch": 0.6, "upper_raise": 0.4, "lower_depress": 0.45},
    "oh": {"jaw": 0.65, "pucker": 0.7, "close": 0.15},
    "ou": {"jaw": 0.3, "pucker": 1.0, "close": 0.3},
    "smile": {"smile_left": 0.9, "smile_right": 0.9},
    "smile open": {"smile_left": 0.8, "smile_right": 0.8, "jaw": 0.35, "upper_raise": 0.4, "lower_depress": 0.2},
    "jaw side": {"jaw": 0.4, "jaw_side": 0.8},
}
#: Eyes and brows.
EYES_SHEET: dict[str, Pose] = {
    **{f"blink {b:g}": dict.fromkeys(_BOTH_BLINK, b) for b in (0, 0.25, 0.5, 0.75, 1.0)},
    "wink left": {"blink_left": 1.0, "squint_left": 0.5},
    "squint": {"squint_left": 0.9, "squint_right": 0.9},
    "look left": {"gaze_x": -0.5},
    "look right": {"gaze_x": 0.5},
    "look up": {"gaze_y": -0.4},
    "look down": {"gaze_y": 0.5, "blink_left": 0.14, "blink_right": 0.14},
    "brows up": {"brow_left": 1, "brow_right": 1},
    "brows down": {"brow_left": -0.7, "brow_right": -0.7},
}
#: Head turns at their limits.
HEADS: dict[str, Pose] = {
    "rest": {},
    "yaw -10": {"yaw": -10}, "yaw +10": {"yaw": 10}, "pitch -8": {"pitch": -8}, "pitch +8": {"pitch": 8},
    "roll -8": {"roll": -8}, "roll +8": {"roll": 8},
    "turn and aa": {"yaw": 6, "pitch": 3, "roll": 3, "jaw": 0.9, "upper_raise": 0.3, "lower_depress": 0.3},
}  # fmt: skip


def controls_of(pose: Pose) -> F32:
    """A control vector from named values."""
    controls = np.zeros(len(CONTROLS), dtype=np.float32)
    for name, value in pose.items():
        controls[CONTROL[name]] = value
    return controls


def spoken_strip(face: FaceRig, count: int = 40, speech: Speech | None = None) -> list[tuple[str, F32]]:
    """Consecutive frames at 25 fps of ``speech`` (of :data:`SENTENCE`, synthesised) by this face, as a video would show
    them: the controls from shortly before the first word on, with their numbers."""
    from gpu_worker.motion.margins import with_margins
    from gpu_worker.motion.pauses import speech_spans
    from gpu_worker.motion.performance import perform
    from gpu_worker.speech.synthesis import synthesise
    from gpu_worker.visemes.coarticulation import viseme_track

    fps = 25.0
    waveform, timeline = with_margins(*(speech or synthesise(SENTENCE, "en", None, 1.0, 1.0)), fps)
    motion = perform(viseme_track(timeline, waveform, fps), timeline, waveform, face, seed=0)
    first = max(0, int(speech_spans(timeline)[0][0] * fps) - 3)
    return [(str(i), row) for i, row in enumerate(motion.values[first : first + count], first)]


def recorded(sound: Path, words: str | None, language: str) -> Speech:
    """A recording and its timeline, for :func:`spoken_strip`. Raises InputError for sound that cannot be used."""
    from gpu_worker.media.sound import load_waveform
    from gpu_worker.speech.ladder import time_speech

    waveform = load_waveform(sound)
    return waveform, time_speech(waveform, words, language)


def contact_sheet(frames: list[tuple[str, U8]], window: tuple[int, int, int, int], columns: int, side: int) -> U8:
    """Cut ``window`` (left, top, width, height) out of every frame and lay the pieces out with their names."""
    left, top, width, height = window
    scale = side / height
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tiles = []
    for name, frame in frames:
        tile = cv2.resize(
            frame[top : top + height, left : left + width], (round(width * scale), side), interpolation=method
        )
        for colour, thickness in (((255, 255, 255), 2), ((0, 0, 0), 1)):
            cv2.putText(tile, name, (4, side - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, thickness, cv2.LINE_AA)
        tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


def window_around(
    centre: tuple[float, float], half: float, photo: Photo, aspect: float = 1.0
) -> tuple[int, int, int, int]:
    """A window of half height ``half`` around a point, inside the photo."""
    width, height = min(photo.width, round(2 * half * aspect)), min(photo.height, round(2 * half))
    left = int(np.clip(centre[0] - width / 2, 0, photo.width - width))
    top = int(np.clip(centre[1] - height / 2, 0, photo.height - height))
    return left, top, width, height


def make_sheets(photo: Photo, face: FaceRig, side: int = 260, speech: Speech | None = None) -> dict[str, U8]:
    """All sheets of one face: mouths near and as a whole face, eyes, heads, and a strip of consecutive frames."""
    renderer = WarpEngine().prepare(photo, face, EngineConfig())
    points = face.landmarks
    middle = (float(points[:468, 0].mean()), float(points[:468, 1].mean()))
    lips = tuple(points[[13, 14], :2].mean(0).tolist())
    eyes = tuple(points[[33, 263], :2].mean(0).tolist())
    whole = window_around(middle, 0.78 * face.height, photo)
    wide = window_around(middle, 1.15 * face.height, photo)

    def draw(poses: list[tuple[str, Pose]]) -> list[tuple[str, U8]]:
        return [(name, renderer.frame(controls_of(pose)).copy()) for name, pose in poses]

    mouths = draw(list(MOUTHS.items()))
    strip = [(name, renderer.frame(controls).copy()) for name, controls in spoken_strip(face, speech=speech)]
    blinks = draw(list(EYES_SHEET.items()))
    return {
        "mouths": contact_sheet(mouths, whole, 7, side),
        "lips": contact_sheet(mouths, window_around(lips, 0.20 * face.height, photo, 1.5), 5, side),
        "eyes": contact_sheet(blinks, window_around(eyes, 0.17 * face.height, photo, 2.6), 3, side // 2 + 40),
        "heads": contact_sheet(draw(list(HEADS.items())), wide, 4, side + 60),
        "strip": contact_sheet(strip, whole, 10, side - 80),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the sheets of the first face of every photo; the number of photos without a face is the exit status."""
    from gpu_worker.landmarks.inspect import inspect_photo
    from gpu_worker.media.photo import load_photo

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("sheets"))
    parser.add_argument("--sound", type=Path, help="a recording that the strip speaks")
    parser.add_argument("--words", help="what is said in it; recognised where it is not given")
    parser.add_argument("--language", default="en")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    config = EngineConfig()
    speech = recorded(options.sound, options.words, options.language) if options.sound else None
    without = 0
    for path in options.photos:
        photo = load_photo(path, config)
        inspection = inspect_photo(photo, config)
        if not inspection.faces:
            sys.stderr.write(f"{path}: no face\n")
            without += 1
            continue
        face = max(inspection.faces, key=lambda f: f.height)
        for name, sheet in make_sheets(photo, face, speech=speech).items():
            cv2.imwrite(str(options.output / f"{path.stem}_{name}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return without


def photo_from_pixels(pixels: U8) -> Photo:
    """A photo that did not come from a file."""
    return Photo(pixels, hashlib.sha256(pixels.tobytes()).hexdigest(), "array")


if __name__ == "__main__":
    sys.exit(main())
