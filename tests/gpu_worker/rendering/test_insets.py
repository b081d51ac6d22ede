from __future__ import annotations

import numpy as np

from gpu_worker.rendering.insets import lid_insets, lip_insets
from gpu_worker.rendering.topology import build_topology

_UNIT = 200.0


def _mouth() -> tuple[np.ndarray, np.ndarray]:
    """Mesh points with an open mouth from x = 60 to 140, and a picture of it whose left corner is dark further out."""
    topology = build_topology()
    positions = np.zeros((topology.point_count, 3))
    hole = topology.mouth
    t = np.linspace(-1, 1, len(hole.upper))
    positions[hole.upper] = np.stack([100 + 40 * t, 100 - 8 * (1 - t * t), 0 * t], axis=1)
    positions[hole.lower] = np.stack([100 + 40 * t, 100 + 8 * (1 - t * t), 0 * t], axis=1)
    for rows, sign in ((topology_rows("upper"), -1), (topology_rows("lower"), 1)):
        u = np.linspace(-1, 1, 11)
        positions[rows, :2] = np.stack([100 + 42 * u, 100 + sign * (2 + 14 * (1 - u * u))], axis=1)
    picture = np.full((200, 200, 3), 180, np.uint8)
    y, x = np.mgrid[0:200, 0:200]
    inside = (np.abs(x - 100) < 40) & (np.abs(y - 100) < 8 * (1 - ((x - 100) / 40) ** 2))
    picture[inside] = 235
    picture[(np.abs(x - 66) < 10) & (np.abs(y - 100) < 6)] = 30
    return positions, picture


def topology_rows(which: str) -> list[int]:
    from gpu_worker.rendering.topology import LOWER_LIP, UPPER_LIP

    return list((UPPER_LIP if which == "upper" else LOWER_LIP)[1])


def test_lips_take_their_colour_from_beyond_the_dark_of_a_corner() -> None:
    positions, picture = _mouth()
    hole = build_topology().mouth
    insets = lip_insets(picture, positions, hole, 1.0, _UNIT)
    assert insets.across.shape == (2, len(hole.upper))
    clean, dark = insets.across[:, 26:38], insets.across[:, 3:6]
    assert (clean < 0.012 * _UNIT).all()
    assert (dark > clean.max()).all()
    assert insets.ends[0, 0] < -2.0, "the dark corner is passed"
    assert abs(insets.ends[1, 0]) < 1.5, "the other stays"
    assert np.abs(np.diff(insets.across, axis=1)).max() < 0.012 * _UNIT, "evenly along the lip"


def test_lids_keep_their_corners() -> None:
    insets = lid_insets(build_topology().eyes["left"], _UNIT)
    np.testing.assert_allclose(insets.across, 2.0)
    assert not insets.ends.any()
