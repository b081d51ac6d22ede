from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import numpy as np

import gpu_worker.rendering
from gpu_worker.rendering import warmup
from gpu_worker.rendering.jit import cache_folder
from gpu_worker.rendering.renderer import WarpRenderer
from gpu_worker.rendering.synthetic import synthetic_landmarks
from gpu_worker.rendering.topology import LOWER_INNER, UPPER_INNER, face_triangles
from gpu_worker.schema import CONTROLS


def _signatures() -> dict[str, int]:
    """How many times each kernel of the renderer is compiled in this process."""
    counts = {}
    for module in pkgutil.iter_modules(gpu_worker.rendering.__path__):
        loaded = importlib.import_module(f"gpu_worker.rendering.{module.name}")
        for name, value in vars(loaded).items():
            if hasattr(value, "signatures") and getattr(value, "__module__", "") == loaded.__name__:
                counts[f"{module.name}.{name}"] = len(value.signatures)
    return counts


def test_after_the_warm_up_a_real_face_compiles_nothing_more(renderer: WarpRenderer) -> None:
    warmup()
    before = _signatures()
    assert len(before) > 15
    # what only other kernels call may have come from disk inside of them
    callable_alone = {"draw_mouth_layer", "draw_eye_layer", "warp_region", "warp_window", "draw_map", "soften_seam"}
    assert all(before[name] for name in before if name.split(".")[1] in callable_alone)
    for value in (0.2, 0.9):
        renderer.frame(np.full(len(CONTROLS), value, np.float32))
    assert _signatures() == before


def test_the_made_up_face_is_one() -> None:
    points = synthetic_landmarks()
    assert points.shape == (478, 3)
    assert np.isfinite(points).all()
    a, b, c = (points[face_triangles()[:, k], :2] for k in range(3))
    areas: np.ndarray = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    assert np.abs(areas).min() > 0, "Tutte's embedding has no empty triangle"
    assert points[list(LOWER_INNER[1:-1]), 1].mean() > points[list(UPPER_INNER[1:-1]), 1].mean() + 1


def test_compiled_code_goes_where_it_can_be_written(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    assert cache_folder(tmp_path / "package", [other]) is None
    assert not other.exists()
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert cache_folder(blocked, [blocked / "inside", other]) == other
    assert cache_folder(blocked, [blocked / "inside"]) is None
