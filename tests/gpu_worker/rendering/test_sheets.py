from __future__ import annotations

import numpy as np

from gpu_worker.rendering.sheets import MOUTHS, controls_of, make_sheets, talking_strip
from gpu_worker.schema import CONTROLS, VISEMES, FaceRig, Photo


def test_every_viseme_has_a_mouth() -> None:
    assert set(VISEMES) <= set(MOUTHS)


def test_the_strip_moves_and_blinks() -> None:
    rows = np.stack([controls_of(pose) for _, pose in talking_strip(40)])
    assert rows.shape == (40, len(CONTROLS))
    assert rows[:, CONTROLS.index("blink_left")].max() == 1.0
    assert rows[:, CONTROLS.index("jaw")].max() > 0.6


def test_sheets_are_drawn(astronaut: Photo, astronaut_face: FaceRig) -> None:
    sheets = make_sheets(astronaut, astronaut_face, side=100)
    assert set(sheets) == {"mouths", "lips", "eyes", "heads", "strip"}
    for sheet in sheets.values():
        assert sheet.dtype == np.uint8
        assert sheet.shape[0] >= 80
        assert sheet.std() > 20
