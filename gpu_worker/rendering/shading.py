"""Light follows the skin: folds that darken and cheeks that catch light as the face moves.

Each shape carries a change of brightness for every point of the mesh, at full strength, as a share of the photo's own
(-0.1 is a tenth darker). Folds are soft lines through landmarks, cheeks soft spots on them.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.rendering.arrays import F32, F64
from gpu_worker.rendering.shapes import SHAPES
from gpu_worker.rendering.topology import EYES

#: Landmarks along the fold from the wing of the nose past the mouth corner, the cheek, the dimple, the hollow under
#: the cheekbone, by side.
_FOLD = {"right": (129, 203, 206, 216), "left": (358, 423, 426, 436)}
_CHEEK = {"right": 50, "left": 280}
_DIMPLE = {"right": 57, "left": 287}
_HOLLOW = {"right": 214, "left": 434}
_LIP_CORNER = {"right": 61, "left": 291}
_FROWN = (9, 8)
_UNDER_LIP = 18


def _spot(local: F64, centre: F64, radius: float) -> F64:
    """Soft spot on the face: 1 at ``centre``, exp(-1/2) at ``radius`` face heights."""
    away = np.linalg.norm(local[:, :2] - centre[:2], axis=1)
    spot: F64 = np.exp(-0.5 * (away / radius) ** 2)
    return spot


def _line(local: F64, points: F64, radius: float) -> F64:
    """Soft line along a chain of points."""
    nearest = np.full(len(local), np.inf)
    for a, b in zip(points[:-1, :2], points[1:, :2], strict=True):
        along = b - a
        t = np.clip((local[:, :2] - a) @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
        nearest = np.minimum(nearest, np.linalg.norm(local[:, :2] - a - t[:, None] * along, axis=1))
    line: F64 = np.exp(-0.5 * (nearest / radius) ** 2)
    return line


def build_shading(local: F64) -> F32:
    """Change of brightness of every point at full strength of every shape, ``(len(SHAPES), points)``."""
    shading = {name: np.zeros(len(local)) for name in SHAPES}
    for side in EYES:
        smile = shading[f"smile_{side}"]
        smile -= 0.11 * _line(local, local[list(_FOLD[side])], 0.020)
        smile -= 0.07 * _spot(local, local[_DIMPLE[side]], 0.024)
        smile += 0.055 * _spot(local, local[_CHEEK[side]], 0.055)
        shading["jaw"] -= 0.05 * _spot(local, local[_HOLLOW[side]], 0.060)
        shading["stretch"] -= 0.06 * _line(local, local[list(_FOLD[side])], 0.022)
        shading["pucker"] -= 0.05 * _spot(local, local[_LIP_CORNER[side]], 0.030)
        rows = EYES[side]
        shading[f"blink_{side}"] -= 0.07 * _line(local, local[list(rows.upper)], 0.012)
        shading[f"squint_{side}"] -= 0.07 * _line(local, local[list(rows.pouch)], 0.014)
        # lowered brows fold the skin between them; raised ones are the same with the other sign, so little of it
        shading[f"brow_{side}"] += 0.03 * _line(local, local[list(_FROWN)], 0.020)
    shading["press"] -= 0.06 * _spot(local, local[_UNDER_LIP], 0.030)
    shading["jaw"] += 0.025 * _spot(local, local[_UNDER_LIP], 0.040)
    return np.stack([shading[name] for name in SHAPES]).astype(np.float32)
