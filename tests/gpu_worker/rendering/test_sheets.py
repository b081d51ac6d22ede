from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gpu_worker.media.sound import write_wav
from gpu_worker.rendering.sheets import MOUTHS, make_sheets, recorded, spoken_strip
from gpu_worker.schema import CONTROLS, VISEMES, FaceRig, Photo
from gpu_worker.speech.synthesis import synthesise


def test_every_viseme_has_a_mouth() -> None:
    assert set(VISEMES) <= set(MOUTHS)


def test_the_strip_is_real_speech(astronaut_face: FaceRig) -> None:
    names, rows = zip(*spoken_strip(astronaut_face, 40), strict=True)
    values = np.stack(rows)
    assert values.shape == (40, len(CONTROLS))
    assert int(names[-1]) - int(names[0]) == 39, "consecutive frames"
    assert values[:, CONTROLS.index("jaw")].max() > 0.3
    assert values[:, CONTROLS.index("close")].max() > 0.95
    assert np.abs(values[:, CONTROLS.index("yaw")]).max() > 0.1


def test_the_strip_may_speak_a_recording(astronaut_face: FaceRig, tmp_path: Path) -> None:
    waveform, timeline = synthesise("Maybe.", "en", None, 1.0, 1.0)
    sound = tmp_path / "maybe.wav"
    write_wav(waveform, sound)
    heard = recorded(sound, "Maybe.", "en")
    assert heard[1].duration == pytest.approx(timeline.duration, abs=0.1)
    assert len(heard[1].words) == 1
    strip = np.stack([row for _, row in spoken_strip(astronaut_face, 12, heard)])
    assert strip[:, CONTROLS.index("close")].max() > 0.95


def test_sheets_are_drawn(astronaut: Photo, astronaut_face: FaceRig) -> None:
    sheets = make_sheets(astronaut, astronaut_face, side=100)
    assert set(sheets) == {"mouths", "lips", "eyes", "heads", "strip"}
    for sheet in sheets.values():
        assert sheet.dtype == np.uint8
        assert sheet.shape[0] >= 80
        assert sheet.std() > 20
