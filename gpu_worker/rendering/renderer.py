"""Frames from an analysed portrait: the CPU engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from zlib import crc32

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.rendering import eye_layer as eye
from gpu_worker.rendering import holes
from gpu_worker.rendering import mouth_layer as mouth
from gpu_worker.rendering.arrays import F32, F64, I8, I32, I64, U8, Bool, smoothstep
from gpu_worker.rendering.deform import deform_points, head_matrix, project_points, skull_patch
from gpu_worker.rendering.grain import TILE, noise_tile
from gpu_worker.rendering.mouth_interior import ORIGIN_MM
from gpu_worker.rendering.opening import OpeningPlan
from gpu_worker.rendering.parallel import FramePool, in_order
from gpu_worker.rendering.portrait import Portrait, analyse
from gpu_worker.rendering.pose import FACE_HEIGHT_MM, rotation
from gpu_worker.rendering.raster import draw_map
from gpu_worker.rendering.sampling import MOST_GRAIN, loss_table, soften_stretched, warp_window
from gpu_worker.rendering.shapes import shape_weights
from gpu_worker.rendering.topology import EYES
from gpu_worker.rendering.warping import warp_region
from gpu_worker.rendering.windows import box_around, draw_strip, draw_window_map, restore_outside, strip_around
from gpu_worker.rendering.workspace import Workspace
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, FloatArray, Image, MotionTrack, Photo

#: Depth of the front teeth behind the lip line, face heights.
_TEETH_DEPTH = 0.04
#: Half width of an opening's edge, face heights.
_EDGE = 0.0045
#: Share of the photo's grain in what is drawn anew.
_INTERIOR_GRAIN = 0.8
#: Change of the gap of lips over which what the photo shows between them fades into what is drawn, millimetres. Shorter
#: fades flash when lips pass the photo's own gap quickly.
_FADE_MM = 4.0
#: Most that shows of the lower teeth above the lip, millimetres: lips hang on the jaw and uncover them but little.
_LOWER_TEETH_MM = 3.0
#: By how much lips that are put forward darken what lies behind them.
_POUT_SHADE = 0.30
_POOL_SIZE = 16
#: By how much the line between lips that the photo shows parted is darker than they when they meet.
_LIP_SHADE = 0.15

#: The enlarged crop of the photo, as the kernels take it: memory, row length, rows, and where it begins (x, y).
Reading = tuple[I64, int, int, int, int]
#: Loss table, noise tile, where to begin in it (row, column), and strength.
Noise = tuple[I32, I8, int, int, int]
#: The coarse map: field, left, top, step.
Coarse = tuple[F32, int, int, int]


def grain_seed(controls: F32) -> int:
    """Where a frame's grain begins in the tile: a number that depends on nothing but the controls."""
    return crc32(controls.tobytes())


def _value(controls: F32, name: str) -> float:
    return float(controls[CONTROL[name]])


def too_much(value: float, most: float) -> float:
    """What ``value`` has beyond ``most``, in the same unit; sets in smoothly from one unit before it."""
    over = value - most
    if over >= 1.0:
        return over
    return 0.25 * max(0.0, over + 1.0) ** 2


def checked(controls: FloatArray) -> F32:
    """One frame's controls as the kernels take them. Raises ValueError for another shape, NaN and infinity."""
    controls = np.ascontiguousarray(controls, dtype=np.float32)
    if controls.shape != (len(CONTROLS),) or not np.isfinite(controls).all():
        raise ValueError(f"controls must be {len(CONTROLS)} finite numbers")
    return controls


class WarpRenderer:
    """Renders one portrait on the CPU. Safe to use from several threads; see :class:`base.PortraitRenderer`."""

    def __init__(self, portrait: Portrait, box: tuple[float, float, float, float], threads: int = 0) -> None:
        self._portrait = portrait
        self._box = box
        self._threads = threads
        self._local = threading.local()
        self._pool = FramePool(portrait.photo, _POOL_SIZE)
        self._opening = OpeningPlan(portrait)
        self._noise = noise_tile()
        self._loss = loss_table()
        self._grain = min(MOST_GRAIN, round(256 * portrait.reading.grain))
        self._camera = portrait.camera
        self._teeth = portrait.mouth_anchor + np.array([0.0, 0.0, _TEETH_DEPTH])
        self._strips = [holes.strip_triangles(len(h.upper)) for h in portrait.topology.holes]
        self._fills = [holes.fill_triangles(len(h.upper)) for h in portrait.topology.holes]
        self._contours = [np.concatenate([h.upper, h.lower]) for h in portrait.topology.holes]
        self._corners = [np.arange(len(contour), dtype=np.int32) for contour in self._contours]
        self._openings = np.unique(np.concatenate(self._contours))
        region = portrait.region
        self._bounds = np.array([region.left, region.top, region.right, region.bottom], dtype=np.int32)
        lips = portrait.topology.mouth
        self._rest_gaps = np.linalg.norm(portrait.source[lips.lower] - portrait.source[lips.upper], axis=1)

    @property
    def engine(self) -> str:
        return "warp"

    @property
    def portrait(self) -> Portrait:
        """What was measured of the photo."""
        return self._portrait

    @property
    def moving_region(self) -> Bool:
        return self._portrait.region.mask

    @property
    def face_box(self) -> tuple[float, float, float, float]:
        return self._box

    def planned_opening(self, motion: MotionTrack) -> FloatArray:
        return self._opening.measure(motion.values)

    def frames(self, motion: MotionTrack, threads: int = 0) -> Iterator[Image]:
        values = motion.values
        return in_order(lambda i: self.frame(values[i]), len(values), threads or self._threads)

    def frame(self, controls: FloatArray) -> Image:
        controls = checked(controls)
        if not controls.any():
            return self._portrait.photo.copy()
        out = self._pool.take()
        self._draw(controls, self._workspace(), out)
        return out

    def _workspace(self) -> Workspace:
        space: Workspace | None = getattr(self._local, "space", None)
        if space is None:
            space = Workspace(self._portrait)
            self._local.space = space
        return space

    def _draw(self, controls: F32, space: Workspace, out: U8) -> None:
        head = self.place(controls, space)
        p, region = self._portrait, self._portrait.region
        space.field[:] = 0.0
        self._draw_field(space)
        reading, noise, coarse = self._arguments(controls, space)
        warp_region(*reading, *noise, *coarse, region.first_row, region.spans, p.photo, out)
        self.draw_openings(controls, head, space, out)

    def place(self, controls: F32, space: Workspace) -> F32:
        """The motion's one description: where all points of the mesh are in the frame (``space.screen``), which pixels
        of the photo they show (``space.source``) and in which light (``space.shade``). Returns the head's matrix."""
        head = self._place_points(controls, space)
        self._inset(controls, space)
        return head

    def _arguments(self, controls: F32, space: Workspace) -> tuple[Reading, Noise, Coarse]:
        region, crop, seed = self._portrait.region, self._portrait.crop, grain_seed(controls)
        reading = (crop.flat, crop.stride, crop.rows, crop.x, crop.y)
        noise = (self._loss, self._noise, seed % TILE, (seed >> 8) % TILE, self._grain)
        return reading, noise, (space.field, region.left, region.top, region.step)

    def draw_openings(self, controls: F32, head: F32, space: Workspace, out: U8) -> None:
        """Draw mouth and eyes with the skin around them over ``out``, whose skin is drawn; needs ``space.field``."""
        reading, noise, coarse = self._arguments(controls, space)
        for index in range(3):
            self._draw_window(index, space, reading, noise, coarse, out)
        for index, side in enumerate(EYES):
            self._draw_eye(index + 1, side, controls, head, space, reading, out)
        self._draw_mouth(controls, head, space, reading, out)
        self._keep_outside(space, out)

    def _keep_outside(self, space: Workspace, out: U8) -> None:
        """Undo what an extreme movement drew beyond the moving region: frames are used again and must not keep it."""
        p = self._portrait
        box = self._box_of(space.screen, self._openings, 0.055 * p.frame.unit + 8)
        restore_outside(p.region.mask, *box, p.photo, out)

    def _place_points(self, controls: F32, space: Workspace) -> F32:
        """Deform, turn and project the mesh, and light it; returns the head's matrix."""
        p = self._portrait
        weights = shape_weights(controls, CONTROL)
        turn = rotation(_value(controls, "yaw"), _value(controls, "pitch"), _value(controls, "roll"))
        shift = (_value(controls, "shift_x"), _value(controls, "shift_y"), _value(controls, "scale"))
        head = head_matrix(turn, p.pivot, *shift)
        points = (p.rest, p.basis, p.shading, weights, p.follow, head, self._camera)
        deform_points(*points, space.local, space.depth, space.shade)
        project_points(space.local, self._camera, space.depth, p.camera_distance, space.screen)
        return head

    def _draw_field(self, space: Workspace) -> None:
        p, region = self._portrait, self._portrait.region
        grid = (float(region.left), float(region.top), float(region.step))
        draw_map(space.screen, space.source, space.shade, p.triangles, *grid, space.field)

    def _inset(self, controls: F32, space: Workspace) -> None:
        """Keep what lies behind lips and lids off their edges while they close."""
        p = self._portrait
        shares = [_value(controls, "close") if p.mouth.is_open else 0.0]
        shares += [float(smoothstep(_value(controls, f"blink_{side}"), 0.0, 0.6)) for side in EYES]
        for hole, flip, insets, share in zip(p.topology.holes, p.flips, p.insets, shares, strict=True):
            holes.inset_source(p.source, hole.upper, hole.lower, flip, insets.across, insets.ends, share, space.source)

    def _box_of(self, points: F32, chosen: I32, pad: float) -> tuple[int, int, int, int]:
        """Whole-pixel box (left, top, width, height) around points, inside the moving region's bounds."""
        return box_around(points, chosen, pad, self._bounds)

    def _draw_window(
        self, index: int, space: Workspace, reading: Reading, noise: Noise, coarse: Coarse, out: U8
    ) -> None:
        """Draw the skin around one opening at full resolution."""
        p = self._portrait
        hole, arrays = p.topology.holes[index], space.holes[index]
        left, top, width, height = self._box_of(space.screen, self._contours[index], 0.055 * p.frame.unit + 4)
        if width < 4 or height < 4:
            return
        fine = space.image(height, width, 3)
        draw_window_map(
            space.screen, space.source, space.shade, hole.upper, hole.lower, arrays.fill_corners, arrays.fill_source,
            arrays.fill_shade, self._fills[index], p.windows[index], left, top, fine,
        )  # fmt: skip
        fade = max(2, round(0.02 * p.frame.unit))
        warp_window(*reading, *noise, *coarse, fine, left, top, fade, out)
        if index > 0:
            soft = p.soft_lids[index - 1]
            smooth = (soft.flat, soft.stride, soft.rows, soft.x, soft.y)
            soften_stretched(fine, left, top, *smooth, self._noise, self._grain, out)

    def _strip(self, index: int, space: Workspace, softness: float) -> tuple[F32, int, int] | None:
        """Draw one opening's strip: its values, and where they begin in the frame; None where nothing shows."""
        p = self._portrait
        hole, arrays = p.topology.holes[index], space.holes[index]
        corners, values = arrays.strip_corners, arrays.strip_values
        left, top, width, height = strip_around(
            space.screen, p.source, hole.upper, hole.lower, p.flips[index], 2.0 * softness + 1.0, corners, values,
            self._corners[index], self._bounds,
        )  # fmt: skip
        if width < 2 or height < 2:
            return None
        strip = space.image(height, width, holes.STRIP_VALUES)
        draw_strip(corners, values, self._strips[index], left, top, strip)
        return strip, left, top

    def _patch(self, anchor: F64, head: F32) -> F32:
        """The maps of :func:`deform.skull_patch` around ``anchor``, ``(12,)``."""
        return skull_patch(anchor, head, self._camera, self._portrait.camera_distance)

    def _draw_eye(
        self, index: int, side: str, controls: F32, head: F32, space: Workspace, reading: Reading, out: U8
    ) -> None:
        p = self._portrait
        gaze_x, gaze_y = _value(controls, "gaze_x"), _value(controls, "gaze_y")
        blink = min(1.0, max(0.0, _value(controls, f"blink_{side}")))
        change = max(blink, abs(_value(controls, f"squint_{side}")), 0.7 * float(np.hypot(gaze_x, gaze_y)))
        softness = max(0.6, 0.75 * _EDGE * p.frame.unit)
        drawn = self._strip(index, space, softness)
        if drawn is None:
            return
        strip, left, top = drawn
        measured = p.eyes[side]
        numbers = np.empty(eye.EYE_NUMBERS, dtype=np.float32)
        numbers[:6] = self._patch(measured.anchor, head)[6:]
        numbers[eye.IRIS_X], numbers[eye.IRIS_Y] = measured.iris
        numbers[eye.IRIS_RADIUS] = measured.radius
        numbers[eye.GAZE_X], numbers[eye.GAZE_Y] = gaze_x * measured.radius, gaze_y * measured.radius
        numbers[eye.BLINK] = blink
        numbers[eye.EYE_SHOWN] = smoothstep(change, 0.0, 0.12)
        numbers[eye.EYE_SOFTNESS] = softness
        numbers[eye.EYE_UNIT] = p.frame.unit
        numbers[eye.LASH_RED : eye.LASH_BLUE + 1] = measured.lash
        eye.draw_eye_layer(strip, left, top, numbers, *reading, out)
        if blink > 0.3:
            holes.soften_seam(strip, left, top, softness, float(smoothstep(blink, 0.3, 0.9)), 0.0, out)

    def _draw_mouth(self, controls: F32, head: F32, space: Workspace, reading: Reading, out: U8) -> None:
        p = self._portrait
        hole, per_mm = p.topology.mouth, p.frame.pixels_per_mm
        across = space.screen[hole.lower] - space.screen[hole.upper]
        gaps = np.hypot(across[:, 0], across[:, 1])
        moved = float(np.abs(gaps - self._rest_gaps).max()) / per_mm
        softness = max(0.6, _EDGE * p.frame.unit)
        drawn = self._strip(0, space, softness)
        if drawn is None:
            return
        strip, left, top = drawn
        numbers = self._mouth_numbers(controls, self._patch(self._teeth, head))
        lip = space.screen[hole.lower[len(hole.lower) // 2]]
        lip_mm = float(numbers[mouth.TO_MM_YX] * lip[0] + numbers[mouth.TO_MM_YY] * lip[1] + numbers[mouth.TO_MM_Y])
        numbers[mouth.JAW_Y] += too_much(lip_mm - float(numbers[mouth.JAW_Y]), _LOWER_TEETH_MM)
        numbers[mouth.SOFTNESS] = softness
        numbers[mouth.SHOWN] = smoothstep(moved, 0.1, _FADE_MM) if p.mouth.is_open else 1.0
        numbers[mouth.OPENING_MM] = float(gaps.max()) / per_mm
        palette, sprites, own = p.palette, p.sprites, p.own
        mouth.draw_mouth_layer(
            strip, left, top, numbers, sprites.upper, sprites.lower, sprites.tongue, palette.cavity, palette.mucosa,
            *reading, own.keep, own.x, own.y, self._noise, out,
        )  # fmt: skip
        close = _value(controls, "close")
        if p.mouth.is_open and close > 0.3:
            holes.soften_seam(strip, left, top, softness, float(smoothstep(close, 0.3, 0.95)), _LIP_SHADE, out)

    def _mouth_numbers(self, controls: F32, maps: F32) -> F32:
        p = self._portrait
        numbers = np.empty(mouth.MOUTH_NUMBERS, dtype=np.float32)
        numbers[:6] = maps[:6] * FACE_HEIGHT_MM
        numbers[6:12] = maps[6:]
        scale = p.sprites.scale
        numbers[mouth.SPRITE_SCALE] = scale
        numbers[mouth.SPRITE_X], numbers[mouth.SPRITE_Y] = (mm * scale - 0.5 for mm in ORIGIN_MM)
        rest_drop = p.mouth.gap * FACE_HEIGHT_MM * 0.6 * (1.0 - 0.4 * _value(controls, "close"))
        drop = _value(controls, "jaw") * float(p.jaw_travel_mm[1]) + rest_drop
        side = _value(controls, "jaw_side") * 0.03 * FACE_HEIGHT_MM
        forward = _value(controls, "tongue_forward")
        numbers[mouth.JAW_X], numbers[mouth.JAW_Y] = side, drop + 0.4
        numbers[mouth.TONGUE_X] = 0.62 * side
        numbers[mouth.TONGUE_Y] = 0.62 * drop - 1.0 - 8.0 * _value(controls, "tongue_up")
        numbers[mouth.TONGUE_LIGHT] = 0.62 + 0.38 * min(1.0, drop / 9.0) + 0.25 * forward
        numbers[mouth.TONGUE_FORWARD] = forward
        numbers[mouth.PIXELS_PER_MM] = p.frame.pixels_per_mm
        numbers[mouth.OWN] = 1.0 if p.own.has_teeth else 0.0
        numbers[mouth.SHADE] = 1.0 - _POUT_SHADE * min(1.0, max(0.0, _value(controls, "pucker")))
        numbers[mouth.GRAIN] = _INTERIOR_GRAIN * p.grain
        return numbers


class WarpEngine:
    """The CPU engine: a textured mesh with holes, warped and recomposed at the photo's full resolution."""

    name = "warp"

    def prepare(self, photo: Photo, face: FaceRig, config: EngineConfig) -> WarpRenderer:
        """See :meth:`base.RenderEngine.prepare`."""
        return WarpRenderer(analyse(photo, face, config.min_face_height), face.box, config.threads)
