"""The face mesh: which points form which rows, where its holes are, and how it is refined.

The mesh is MediaPipe's tessellation of 468 points (which leaves the mouth and the eyes open) surrounded by rings of
36 points around the face oval. It is refined by two midpoint subdivisions, the second only around lips and eyes; new
points on lip and lid contours follow the 4-point scheme of Dyn, Levin and Gregory (1987), so that contours stay
curved. All of it depends on the connectivity alone and is built once per process.

"right" and "left" are the depicted person's own.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gpu_worker.rendering.arrays import F32, F64, I32

FACE_POINTS = 468
RING_POINTS = 36
#: Size of each ring relative to the face oval, from the face outwards.
RING_SCALES: tuple[float, ...] = (1.06, 1.16, 1.3, 1.5, 1.8, 2.2, 2.8)

#: The face oval, clockwise from the top of the forehead.
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
        148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip

#: Rows of the lips from the skin inwards, 11 points each from the image's left to its right. The first and last
#: inner points are the mouth corners and belong to both lips.
UPPER_LIP = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
)
LOWER_LIP = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
#: How far inwards each of the four rows lies: 0 at the skin, 1 at the inner contour.
ROW_DEPTH = (0.0, 0.35, 0.75, 1.0)
UPPER_INNER, LOWER_INNER = UPPER_LIP[3], LOWER_LIP[3]


@dataclass(frozen=True)
class EyeRows:
    """Index rows of one eye: lid contours from the image's left to right, creases above and below, iris, brow."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    crease: tuple[int, ...]
    socket: tuple[int, ...]
    pouch: tuple[int, ...]
    iris: tuple[int, ...]
    brow: tuple[int, ...]


RIGHT_EYE = EyeRows(
    upper=(33, 246, 161, 160, 159, 158, 157, 173, 133),
    lower=(33, 7, 163, 144, 145, 153, 154, 155, 133),
    crease=(130, 247, 30, 29, 27, 28, 56, 190, 243),
    socket=(226, 113, 225, 224, 223, 222, 221, 189, 244),
    pouch=(130, 25, 110, 24, 23, 22, 26, 112, 243),
    iris=(468, 469, 470, 471, 472),
    brow=(70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
)
LEFT_EYE = EyeRows(
    upper=(263, 466, 388, 387, 386, 385, 384, 398, 362),
    lower=(263, 249, 390, 373, 374, 380, 381, 382, 362),
    crease=(359, 467, 260, 259, 257, 258, 286, 414, 463),
    socket=(446, 342, 445, 444, 443, 442, 441, 413, 464),
    pouch=(359, 255, 339, 254, 253, 252, 256, 341, 463),
    iris=(473, 474, 475, 476, 477),
    brow=(300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
)
EYES: dict[str, EyeRows] = {"right": RIGHT_EYE, "left": LEFT_EYE}

#: How much of the jaw's rotation each point of the jaw line takes part in.
JAW_SHARE: dict[int, float] = {
    152: 1.0, 148: 1.0, 377: 1.0, 176: 0.98, 400: 0.98, 149: 0.93, 378: 0.93, 150: 0.83, 379: 0.83, 136: 0.66,
    365: 0.66, 172: 0.45, 397: 0.45, 58: 0.25, 288: 0.25, 132: 0.1, 361: 0.1, 93: 0.03, 323: 0.03,
}  # fmt: skip
#: Points of the nose and its bridge, which no expression moves.
NOSE = (1, 2, 4, 5, 6, 8, 9, 10, 45, 275, 48, 278, 64, 294, 98, 327, 97, 326, 94, 19, 168, 195, 197, 51, 281, 115,
        344, 131, 360, 102, 331, 220, 440)  # fmt: skip


@dataclass(frozen=True)
class Refinement:
    """One subdivision: new point k is the sum of ``weights[k, j] * points[sources[k, j]]`` over j < 4."""

    sources: I32
    weights: F64


@dataclass(frozen=True)
class Hole:
    """An opening of the mesh: its upper and lower contour, same length, sharing both end points."""

    upper: I32
    lower: I32


@dataclass(frozen=True)
class Topology:
    """The refined mesh without positions. The first ``base_count`` points are those of the unrefined mesh."""

    base_count: int
    point_count: int
    refinements: tuple[Refinement, ...]
    triangles: I32
    rings: I32
    mouth: Hole
    eyes: dict[str, Hole]
    constrained: I32

    @property
    def holes(self) -> tuple[Hole, Hole, Hole]:
        """Mouth, right eye, left eye."""
        return self.mouth, self.eyes["right"], self.eyes["left"]

    def refine(self, base: F64) -> F64:
        """Positions (or any attribute) of all points from those of the base mesh: ``(base, d)`` to ``(points, d)``."""
        values = base
        for step in self.refinements:
            new = np.einsum("kj,kjd->kd", step.weights, values[step.sources])
            values = np.concatenate([values, new])
        return values


def face_triangles() -> I32:
    """Triangles of the 468-point mesh, ``(n, 3)``, recovered from its edges (mouth and eyes stay open)."""
    from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

    edges = {(min(a, b), max(a, b)) for a, b in FACEMESH_TESSELATION}
    neighbours: dict[int, set[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    found = sorted((a, b, c) for a, b in edges for c in neighbours[a] & neighbours[b] if c > b)
    # three edges around a point with three neighbours form a triangle too, but one that the mesh does not have
    inner = [neighbours[v] for v in neighbours if len(neighbours[v]) == 3]
    return np.array([triangle for triangle in found if set(triangle) not in inner], dtype=np.int32)


def _with_rings(triangles: I32) -> tuple[I32, I32]:
    """Add the rings around the oval: all triangles, and the ring indices ``(rings, 36)``."""
    rings = FACE_POINTS + np.arange(len(RING_SCALES) * RING_POINTS, dtype=np.int32).reshape(-1, RING_POINTS)
    bands = []
    inner = np.array(OVAL, dtype=np.int32)
    for outer in rings:
        following = np.roll(np.arange(RING_POINTS), -1)
        bands.append(np.stack([inner, inner[following], outer], 1))
        bands.append(np.stack([inner[following], outer[following], outer], 1))
        inner = outer
    return np.concatenate([triangles, *bands]).astype(np.int32), rings


def _contour_rule(chain: list[int]) -> dict[tuple[int, int], tuple[list[int], list[float]]]:
    """4-point rule for the edges of an open contour: edge to (sources, weights)."""
    rule = {}
    for i in range(len(chain) - 1):
        a, b = chain[i], chain[i + 1]
        if 0 < i < len(chain) - 2:
            sources, weights = [a, b, chain[i - 1], chain[i + 2]], [9 / 16, 9 / 16, -1 / 16, -1 / 16]
        elif i == 0:
            sources, weights = [a, b, chain[i + 2], a], [3 / 8, 6 / 8, -1 / 8, 0.0]
        else:
            sources, weights = [a, b, chain[i - 1], a], [6 / 8, 3 / 8, -1 / 8, 0.0]
        rule[min(a, b), max(a, b)] = (sources, weights)
    return rule


def _subdivide(
    triangles: I32, count: int, chains: dict[str, list[int]], split_all: bool, near: set[int]
) -> tuple[I32, Refinement, dict[tuple[int, int], int]]:
    """Split every edge of the triangles that touch ``near`` (or of all), and close the mesh around them."""
    rules: dict[tuple[int, int], tuple[list[int], list[float]]] = {}
    for chain in chains.values():
        rules.update(_contour_rule(chain))
    middle: dict[tuple[int, int], int] = {}
    sources: list[list[int]] = []
    weights: list[list[float]] = []
    for triangle in triangles.tolist():
        if not split_all and not any(v in near for v in triangle):
            continue
        for a, b in ((0, 1), (1, 2), (2, 0)):
            p, q = triangle[a], triangle[b]
            edge = (min(p, q), max(p, q))
            if edge in middle:
                continue
            middle[edge] = count + len(sources)
            from_points, with_weights = rules.get(edge, ([p, q, p, q], [0.5, 0.5, 0.0, 0.0]))
            sources.append(from_points)
            weights.append(with_weights)
    split = [part for triangle in triangles.tolist() for part in _split_triangle(triangle, middle)]
    step = Refinement(np.array(sources, dtype=np.int32), np.array(weights))
    return np.array(split, dtype=np.int32), step, middle


def _split_triangle(triangle: list[int], middle: dict[tuple[int, int], int]) -> list[tuple[int, int, int]]:
    """Split one triangle into 1, 2, 3 or 4, according to which of its edges have a middle point."""
    a, b, c = triangle
    mids = [middle.get((min(p, q), max(p, q))) for p, q in ((a, b), (b, c), (c, a))]
    count = sum(m is not None for m in mids)
    if count == 0:
        return [(a, b, c)]
    while mids[0] is None or (count == 2 and mids[1] is None):
        a, b, c = b, c, a
        mids = mids[1:] + mids[:1]
    ab, bc, ca = mids
    assert ab is not None  # noqa: S101 - tells the type checker what the loop above has arranged
    if count == 1:
        return [(a, ab, c), (ab, b, c)]
    assert bc is not None  # noqa: S101
    if ca is None:
        return [(ab, b, bc), (a, ab, bc), (a, bc, c)]
    return [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]


def _refined_chain(chain: list[int], middle: dict[tuple[int, int], int]) -> list[int]:
    out = [chain[0]]
    for a, b in itertools.pairwise(chain):
        out += [middle[min(a, b), max(a, b)], b]
    return out


def _constrained_points(rings: I32) -> I32:
    """Base points whose displacement is prescribed; the rest is filled in."""
    points = set(OVAL) | set(NOSE) | {int(v) for v in rings.ravel()}
    points |= {v for row in (*UPPER_LIP, *LOWER_LIP) for v in row}
    for eye in EYES.values():
        for row in (eye.upper, eye.lower, eye.crease, eye.pouch, eye.socket, eye.brow):
            points |= set(row)
    return np.array(sorted(points), dtype=np.int32)


@lru_cache(maxsize=2)
def build_topology(levels: int = 2) -> Topology:
    """The mesh of every portrait, subdivided ``levels`` times; built at the first call and kept.

    The points of a coarser mesh are the first ones of a finer one.
    """
    triangles, rings = _with_rings(face_triangles())
    base_count = FACE_POINTS + rings.size
    chains = {f"upper{i}": list(row) for i, row in enumerate(UPPER_LIP)}
    chains |= {f"lower{i}": list(row) for i, row in enumerate(LOWER_LIP)}
    for side, eye in EYES.items():
        chains |= {f"{side}_upper": list(eye.upper), f"{side}_lower": list(eye.lower)}
    fine = {v for chain in chains.values() for v in chain}
    fine |= {v for eye in EYES.values() for v in (*eye.crease, *eye.pouch)}
    refinements = []
    count = base_count
    for level in range(levels):
        triangles, step, middle = _subdivide(triangles, count, chains, level == 0, fine)
        chains = {name: _refined_chain(chain, middle) for name, chain in chains.items()}
        count += len(step.sources)
        refinements.append(step)
    holes = {
        name: Hole(np.array(chains[up], dtype=np.int32), np.array(chains[low], dtype=np.int32))
        for name, up, low in (
            ("mouth", "upper3", "lower3"),
            ("right", "right_upper", "right_lower"),
            ("left", "left_upper", "left_lower"),
        )
    }
    return Topology(
        base_count, count, tuple(refinements), triangles, rings, holes["mouth"],
        {side: holes[side] for side in EYES}, _constrained_points(rings),
    )  # fmt: skip


def edges_of(triangles: I32) -> I32:
    """Unique undirected edges, ``(n, 2)``."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    unique: I32 = np.unique(np.sort(pairs, axis=1), axis=0)
    return unique


def lip_positions() -> F32:
    """Position of each of the 11 columns of a lip row between the corners, -1 to 1."""
    return np.linspace(-1.0, 1.0, 11, dtype=np.float32)
