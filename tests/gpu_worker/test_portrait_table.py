"""The table over portraits: its measures on made-up courses, and one short video in full."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from gpu_worker.config import EngineConfig
from gpu_worker.landmarks.inspect import inspect_photo
from gpu_worker.portrait_table import flicker, measure, spoken, table, together
from gpu_worker.schema import Photo


def test_flicker_is_what_goes_back_and_forth() -> None:
    still = np.full((4, 4), 100.0)
    assert flicker(still, still + 3.0, still + 6.0) == 0.0, "movement goes on"
    assert flicker(still, still + 3.0, still) == pytest.approx(3.0)
    assert flicker(still, still + 3.0, still + 2.0) == pytest.approx(1.0)


def test_correlation_bridges_what_was_not_measured() -> None:
    planned = np.sin(np.arange(50) / 4.0)
    measured = 2.0 * planned + 1.0
    measured[10:14] = np.nan
    assert together(planned, measured) == pytest.approx(1.0)
    assert np.isnan(together(planned, np.full(50, np.nan)))


def test_a_row_of_the_table(tmp_path: Path) -> None:
    config = EngineConfig()
    pixels = np.ascontiguousarray(skimage.data.astronaut()[0:251, 110:343])
    photo = Photo(pixels, "0" * 64, "array")
    face = inspect_photo(photo, config).faces[0]
    speech = spoken("My big map, maybe.", config.fps)
    row = measure("astronaut", photo, face, speech, tmp_path / "astronaut.mp4", config)
    assert (row.rest, row.outside, row.lips_seen) == (0, 0, True)
    assert row.correlation > 0.85
    assert abs(row.lag) < 0.04
    assert row.closure < 0.10
    assert 0.8 < row.detail < 1.2
    assert row.flicker < 0.5
    assert "| astronaut | 11" in table([row])
