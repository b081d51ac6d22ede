"""What each control does to the skin: prescribed displacements of lips, lids, brows and jaw at full strength.

Lengths are in face heights, in the head's local coordinates (see pose.py). ``closing`` shapes take back the gap that
another shape opens; the renderer weights each with ``close`` times the weight of that other shape, so that
``close = 1`` always means lips that touch, whatever else they do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gpu_worker.rendering.arrays import F32, F64, smoothstep
from gpu_worker.rendering.basis import FieldSolver
from gpu_worker.rendering.lip_line import CLOSED_GAP
from gpu_worker.rendering.topology import (
    EYES,
    FACE_POINTS,
    JAW_SHARE,
    LOWER_LIP,
    OVAL,
    RING_POINTS,
    RING_SCALES,
    ROW_DEPTH,
    UPPER_LIP,
    Hole,
    Topology,
    lip_positions,
)

#: Shapes driven by one control each, in the order of the basis.
PRIMARY: tuple[str, ...] = (
    "jaw", "jaw_side", "pucker", "stretch", "upper_raise", "lower_depress", "press", "lip_in", "smile_left",
    "smile_right", "blink_left", "blink_right", "squint_left", "squint_right", "brow_left", "brow_right",
)  # fmt: skip
#: Shapes whose gap ``close`` takes back.
OPENING: tuple[str, ...] = PRIMARY[:10]
#: All shapes: the primary ones, closing the photo's own gap, and closing what each opening shape adds.
SHAPES: tuple[str, ...] = (*PRIMARY, "close_rest", *(f"close_{name}" for name in OPENING))

JAW_ANGLE = 9.5
#: Share of the mouth corners in the jaw's movement.
_CORNER_SHARE = 0.40
#: Share of the upper lip in closing: of a gap in the photo, and of a gap that the jaw made.
_UPPER_SHARE_REST = 0.34
_UPPER_SHARE_WIDE = 0.15
_UPPER_SHARE_SPEECH = 0.24
#: Gap in the photo from which on the jaw closes, not the lips.
_WIDE_GAP = 0.11
#: Half the width of a mouth at rest, face heights; wider ones smile.
_RESTING_HALF_WIDTH = 0.150
#: From this value on ``close`` takes back what other shapes open.
_TIGHT_FROM = 0.8
#: Share of the photo's own gap that full rounding takes back: lips that are put forward come together.
_ROUND_CLOSES = 0.5
#: How far the rows of a lip take part in closing, from the skin to the inner contour.
_CLOSING_ROWS = (0.66, 0.8, 0.92, 1.0)

#: By how much a smile is smaller on the side of a face that is turned far away.
_FAR_SMILE = 0.62

Prescription = dict[int, F64]


@dataclass(frozen=True)
class MouthMeasures:
    """Sizes of the mouth in the photo, local coordinates: half width, centre, gap in face heights."""

    half_width: float
    centre: F64
    gap: float

    @property
    def is_open(self) -> bool:
        return self.gap > CLOSED_GAP


def measure_mouth(local: F64) -> MouthMeasures:
    gap = np.linalg.norm(local[list(UPPER_LIP[3][3:8])] - local[list(LOWER_LIP[3][3:8])], axis=1).mean()
    corners = local[308] - local[78]
    return MouthMeasures(float(np.linalg.norm(corners) / 2), (local[78] + local[308]) / 2, float(gap))


def _jaw_weights(local: F64) -> dict[int, float]:
    """Share of each base point in the jaw's movement; across a lip it follows an arc, so that the mouth opens round."""
    shares = dict(JAW_SHARE)
    for i, point in enumerate(OVAL):
        for k, scale in enumerate(RING_SCALES):
            fade = max(0.0, 1.0 - (scale - 1.0) / 0.55) ** 1.5
            shares[FACE_POINTS + k * RING_POINTS + i] = JAW_SHARE.get(point, 0.0) * fade
    middle, half = (local[78, 0] + local[308, 0]) / 2, abs(local[308, 0] - local[78, 0]) / 2
    for lip, upper in ((LOWER_LIP, False), (UPPER_LIP, True)):
        for row in lip:
            for i, point in enumerate(row):
                aside = min(1.0, abs(float(local[point, 0] - middle)) / half)
                if i in (0, 10):
                    shares[point] = _CORNER_SHARE
                elif upper:
                    shares[point] = _CORNER_SHARE * aside**5
                else:
                    shares[point] = 1.0 - (1.0 - _CORNER_SHARE) * aside**2.6
    return shares


def jaw_travel(local: F64, point: F64) -> F64:
    """Displacement of a point that is fixed to the jaw when the jaw opens fully about the axis of its joints."""
    joint = np.array([0.0, (local[234, 1] + local[454, 1]) / 2, (local[234, 2] + local[454, 2]) / 2])
    c, s = math.cos(math.radians(JAW_ANGLE)), math.sin(math.radians(JAW_ANGLE))
    relative = point - joint
    turned = np.array([relative[0], relative[1] * c - relative[2] * s, relative[1] * s + relative[2] * c])
    travel: F64 = turned - relative
    return travel


def _jaw(local: F64) -> Prescription:
    return {point: share * jaw_travel(local, local[point]) for point, share in _jaw_weights(local).items()}


def _jaw_side(local: F64) -> Prescription:
    shift = np.array([0.03, 0.0, 0.0])
    return {point: share * shift for point, share in _jaw_weights(local).items()}


def _lip_shapes(local: F64, mouth: MouthMeasures) -> dict[str, Prescription]:
    """Everything the lips do by themselves."""
    names = ("pucker", "stretch", "upper_raise", "lower_depress", "press", "lip_in", "smile_left", "smile_right")
    shapes: dict[str, Prescription] = {name: {} for name in names}
    for upper, lip in ((True, UPPER_LIP), (False, LOWER_LIP)):
        for row, inward in zip(lip, ROW_DEPTH, strict=True):
            for column, point in enumerate(row):
                moves = _lip_point(local, mouth, column, inward, upper)
                for name, move in moves.items():
                    shapes[name][point] = move
    return shapes


def _smiling(mouth: MouthMeasures) -> float:
    """0 for a mouth as wide as mouths at rest are, 1 for a broad smile."""
    return float(smoothstep(mouth.half_width, _RESTING_HALF_WIDTH, 1.25 * _RESTING_HALF_WIDTH))


def _narrowing(mouth: MouthMeasures, inward: float) -> float:
    """Share of its width that a rounded mouth loses: however wide the photo's, it ends up about as narrow as any."""
    wider = max(1.0, mouth.half_width / _RESTING_HALF_WIDTH)
    return 1.0 - (0.73 - 0.05 * inward) / wider


def _middle_height(local: F64) -> float:
    """How far down the middle of the mouth lies."""
    return float((local[UPPER_LIP[3][5], 1] + local[LOWER_LIP[3][5], 1]) / 2)


def _lip_point(local: F64, mouth: MouthMeasures, column: int, inward: float, upper: bool) -> dict[str, F64]:
    """Displacements of one lip point: ``column`` 0 to 10 along the lip, ``inward`` 0 at the skin, 1 at the contour."""
    t = float(lip_positions()[column])
    bulge = max(0.0, 1.0 - t * t)
    corner = column in (0, 10)
    outwards = -1.0 if upper else 1.0
    point = local[UPPER_LIP[ROW_DEPTH.index(inward)][column] if upper else LOWER_LIP[ROW_DEPTH.index(inward)][column]]
    from_centre = point - mouth.centre
    line = (local[UPPER_LIP[3][column]] + local[LOWER_LIP[3][column]]) / 2
    narrowing = _narrowing(mouth, inward) * (1.0 - 0.18 * t * t)
    # rounding takes a smile back: its corners come down to the middle of the mouth
    unsmile = (float(line[1]) - _middle_height(local)) * -0.9 * t * t * _smiling(mouth)
    # the red of lips that a smile has drawn thin comes back
    fuller = 0.010 + 0.014 * _smiling(mouth)
    lift = 0.0 if corner else outwards * 0.004 * inward * bulge
    forward = 0.0 if corner else -0.045 * (0.4 + 0.6 * inward) * math.sqrt(bulge)
    left_share = float(smoothstep(t, -0.45, 0.45))
    smile = np.array([0.035 * t * abs(t), -0.035 * abs(t) ** 1.5 + 0.004 * bulge, 0.02 * t * t])
    moves = {
        "pucker": np.array(
            [-from_centre[0] * narrowing, outwards * fuller * (1 - inward) * bulge + lift + unsmile, forward - 0.01]
        ),
        "stretch": np.array(
            [from_centre[0] * 0.16, -0.006 * t * t - outwards * 0.003 * (1 - inward) * bulge, 0.012 * t * t]
        ),
        "smile_left": smile * left_share,
        "smile_right": smile * (1.0 - left_share),
    }
    if corner:
        return moves
    if upper:
        moves["upper_raise"] = np.array([0.0, -0.022 * bulge**0.7, 0.0])
        moves["lip_in"] = np.array([0.0, -0.009 * bulge**0.7, -0.004 * bulge])
    else:
        moves["lower_depress"] = np.array([0.0, 0.024 * bulge**0.7, 0.0])
        moves["lip_in"] = (line - point) * 0.42 + np.array([0.0, -0.004 * bulge, 0.016 * bulge])
    if inward < 1.0:
        moves["press"] = (line - point) * 0.33
    return moves


def _lid_shapes(local: F64, spectacles: float) -> dict[str, Prescription]:
    """Blinks, squints and brows of both eyes; ``spectacles`` (0 to 1) keeps still what lies at the rims of a frame."""
    rim, brows = 1.0 - spectacles, 1.0 - 0.85 * spectacles
    shapes: dict[str, Prescription] = {}
    for side, eye in EYES.items():
        blink: Prescription = {}
        squint: Prescription = {}
        brow: Prescription = {}
        for i in range(1, len(eye.upper) - 1):
            gap = local[eye.lower[i]] - local[eye.upper[i]]
            for row, down in ((eye.upper, 0.88), (eye.crease, 0.60), (eye.socket, 0.17 * rim)):
                blink[row[i]] = gap * down
            for row, up in ((eye.lower, 0.12), (eye.pouch, 0.07)):
                blink[row[i]] = -gap * up
            squint[eye.lower[i]] = -gap * 0.30
            squint[eye.pouch[i]] = -gap * (0.26 - 0.16 * spectacles)
            squint[eye.upper[i]] = gap * 0.16
            squint[eye.crease[i]] = gap * 0.10
            brow[eye.socket[i]] = np.array([0.0, -0.012 * rim, 0.0])
            brow[eye.crease[i]] = np.array([0.0, -0.003 * rim, 0.0])
        for point in eye.brow:
            brow[point] = np.array([0.0, -0.028 * brows, 0.0])
            blink[point] = np.array([0.0, 0.0025 * rim, 0.0])
            squint[point] = np.array([0.0, 0.004 * rim, 0.0])
        forehead = ((338, 0.3), (297, 0.2), (10, 0.17)) if side == "left" else ((109, 0.3), (67, 0.2), (10, 0.17))
        for point, share in forehead:
            brow[point] = np.array([0.0, -0.02 * share * brows, 0.0])
        shapes |= {f"blink_{side}": blink, f"squint_{side}": squint, f"brow_{side}": brow}
    return shapes


def _closing(local: F64, gaps: F64, upper_share: float, chin: float) -> Prescription:
    """Take back ``gaps`` (11 vectors from the upper to the lower inner contour); ``chin`` is the jaw's share in it."""
    moves: Prescription = {}
    if chin > 0:
        travel = gaps[5] * (1.0 - upper_share) * chin
        moves |= {point: -travel * share for point, share in _jaw_weights(local).items()}
    for upper, lip in ((True, UPPER_LIP), (False, LOWER_LIP)):
        for row, share in zip(lip, _CLOSING_ROWS, strict=True):
            for i in range(11):
                moves[row[i]] = gaps[i] * share * (upper_share if upper else upper_share - 1.0)
    return moves


def _closing_rest(local: F64, mouth: MouthMeasures) -> Prescription:
    """Close the photo's own mouth: the lips, the jaw with them, and the corners relax from a smile."""
    gaps = local[list(LOWER_LIP[3])] - local[list(UPPER_LIP[3])]
    wide = float(smoothstep(mouth.gap, _WIDE_GAP - 0.02, _WIDE_GAP + 0.02))
    share = _UPPER_SHARE_REST + (_UPPER_SHARE_WIDE - _UPPER_SHARE_REST) * wide
    moves = _closing(local, gaps, share, 0.25 + 0.6 * wide)
    relax = float(np.clip((mouth.gap - 0.03) / 0.05, 0.0, 1.0)) * (1.0 - wide)
    for lip in (UPPER_LIP, LOWER_LIP):
        for row in lip:
            for t, point in zip(lip_positions().tolist(), row, strict=True):
                towards = np.array([-0.022 * t * abs(t), 0.016 * t * t - 0.004, 0.0])
                moves[point] = moves.get(point, np.zeros(3)) + towards * relax / (
                    2 if abs(t) == 1 and point in _CORNERS else 1
                )
    return moves


_CORNERS = {row[i] for row in UPPER_LIP for i in (0, 10)} & {row[i] for row in LOWER_LIP for i in (0, 10)}


def _as_values(prescriptions: list[Prescription], constrained: list[int]) -> F64:
    """Stack prescriptions into ``(constrained, 3 * shapes)``; what is not named stays where it is."""
    place = {point: i for i, point in enumerate(constrained)}
    values = np.zeros((len(constrained), 3 * len(prescriptions)))
    for k, prescription in enumerate(prescriptions):
        for point, move in prescription.items():
            if point in place:
                values[place[point], 3 * k : 3 * k + 3] = move
    return values


def _fields(solver: FieldSolver, topology: Topology, prescriptions: list[Prescription]) -> F64:
    filled = solver.fill(_as_values(prescriptions, topology.constrained.tolist()))
    fields: F64 = filled.reshape(len(filled), len(prescriptions), 3).transpose(1, 0, 2).copy()
    return fields


def _pin_blink(field: F64, local: F64, hole: Hole) -> None:
    """Make the lids meet exactly along the whole refined contour."""
    gap = local[hole.lower] - local[hole.upper]
    field[hole.upper] = gap * 0.88
    field[hole.lower] = -gap * 0.12


def _pin_closing(field: F64, gap: F64, hole: Hole) -> None:
    """Make the lips meet exactly along the whole refined contour, where the field already almost brings them."""
    upper, lower = field[hole.upper], field[hole.lower]
    middle = (upper + lower + gap) / 2
    field[hole.upper] = middle
    field[hole.lower] = middle - gap


def _cheek_lift(local: F64, cheek: F64) -> F64:
    """The cheek rises and swells under a smile, and takes the lower lid a little with it."""
    away = np.linalg.norm(local[:, :2] - cheek[:2], axis=1)
    lift: F64 = np.exp(-0.5 * (away / 0.065) ** 2)[:, None] * np.array([0.004 * np.sign(cheek[0]), -0.013, -0.012])
    return lift


def build_basis(
    solver: FieldSolver,
    topology: Topology,
    local: F64,
    mouth: MouthMeasures,
    spectacles: float = 0.0,
    yaw: float = 0.0,
) -> F32:
    """Displacement of every point at full strength of every shape: ``(len(SHAPES), points, 3)`` in face heights.

    ``spectacles`` is that of :func:`gpu_worker.rendering.spectacles.measure_spectacles`, ``yaw`` that of the face in
    the photo, degrees: the half of a smile that is turned away is smaller, since its few pixels would fold.
    """
    prescriptions = {"jaw": _jaw(local), "jaw_side": _jaw_side(local)}
    prescriptions |= _lip_shapes(local, mouth) | _lid_shapes(local, spectacles)
    primary = _fields(solver, topology, [prescriptions[name] for name in PRIMARY])
    for side in EYES:
        _pin_blink(primary[PRIMARY.index(f"blink_{side}")], local, topology.eyes[side])
    for side, cheek in (("right", 50), ("left", 280)):
        primary[PRIMARY.index(f"smile_{side}")] += (1.0 - 0.7 * spectacles) * _cheek_lift(local, local[cheek])
    turned_away = "right" if yaw < 0 else "left"
    primary[PRIMARY.index(f"smile_{turned_away}")] *= 1.0 - _FAR_SMILE * float(smoothstep(abs(yaw), 12.0, 34.0))
    lips = topology.mouth
    inner_upper, inner_lower = list(UPPER_LIP[3]), list(LOWER_LIP[3])
    closings = [_closing_rest(local, mouth)]
    for name in OPENING:
        field = primary[PRIMARY.index(name)]
        chin = 0.12 if name == "jaw" else 0.0
        closings.append(_closing(local, field[inner_lower] - field[inner_upper], _UPPER_SHARE_SPEECH, chin))
    closing = _fields(solver, topology, closings)
    _pin_closing(closing[0], local[lips.lower] - local[lips.upper], lips)
    for k in range(len(OPENING)):
        _pin_closing(closing[k + 1], primary[k][lips.lower] - primary[k][lips.upper], lips)
    return np.ascontiguousarray(np.concatenate([primary, closing]), dtype=np.float32)


def shape_weights(controls: F32, column: dict[str, int]) -> F32:
    """Weights of all shapes from controls: ``(..., len(CONTROLS))`` to ``(..., len(SHAPES))``.

    ``close`` closes the photo's own gap in proportion; from 0.8 on it also takes back what other shapes open, so that
    the lips touch at 1 whatever else they do. Rounding takes back half of the photo's own gap. A closing eye does not
    squint.
    """
    weights = np.zeros((*controls.shape[:-1], len(SHAPES)), dtype=np.float32)
    for k, name in enumerate(PRIMARY):
        weights[..., k] = controls[..., column[name]]
    for side in EYES:
        blink, squint = PRIMARY.index(f"blink_{side}"), PRIMARY.index(f"squint_{side}")
        weights[..., squint] *= 1.0 - np.clip(weights[..., blink], 0.0, 1.0)
    close = np.clip(controls[..., column["close"]], 0.0, 1.0)
    rounded = np.clip(controls[..., column["pucker"]], 0.0, 1.0)
    weights[..., len(PRIMARY)] = close + (1.0 - close) * _ROUND_CLOSES * rounded
    tight = smoothstep(close, _TIGHT_FROM, 1.0)
    weights[..., len(PRIMARY) + 1 :] = tight[..., None] * weights[..., : len(OPENING)]
    return weights
