"""Frames from an analysed portrait: the CPU engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from zlib import crc32

import cv2
import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.rendering import eye_layer as eye
from gpu_worker.rendering import holes
from gpu_worker.rendering import mouth_layer as mouth
from gpu_worker.rendering.arrays import F32, F64, I32, U8, Bool, smoothstep
from gpu_worker.rendering.deform import deform_points, head_matrix, project_points
from gpu_worker.rendering.grain import TILE, noise_tile
from gpu_worker.rendering.mouth_interior import ORIGIN_MM
from gpu_worker.rendering.opening import OpeningPlan
from gpu_worker.rendering.parallel import FramePool, in_order
from gpu_worker.rendering.portrait import Portrait, analyse
from gpu_worker.rendering.pose import FACE_HEIGHT_MM, rotation
from gpu_worker.rendering.raster import draw_map, draw_triangles
from gpu_worker.rendering.sampling import loss_table, soften_stretched, warp_region, warp_window
from gpu_worker.rendering.shapes import shape_weights
from gpu_worker.rendering.topology import EYES
from gpu_worker.schema import CONTROL, CONTROLS, FaceRig, FloatArray, Image, MotionTrack, Photo

#: Depth of the front teeth behind the lip line, face heights.
_TEETH_DEPTH = 0.04
#: Half width of an opening's edge, face heights.
_EDGE = 0.0045
#: Share of the photo's grain that is given back where interpolation took it.
_GRAIN = 0.9
_POOL_SIZE = 16


class Workspace:
    """Arrays that one thread draws with, allocated once."""

    def __init__(self, portrait: Portrait) -> None:
        count = portrait.topology.point_count
        self.local = np.empty((count, 3), dtype=np.float32)
        self.screen = np.empty((count, 2), dtype=np.float32)
        self.shade = np.zeros(count, dtype=np.float32)
        self.source = portrait.source.copy()
        self.field = np.zeros((*portrait.region.grid, 3), dtype=np.float32)
        self._buffer = np.empty(1 << 16, dtype=np.float32)
        self.hole_arrays = []
        for hole in portrait.topology.holes:
            n = len(hole.upper)
            self.hole_arrays.append(
                (
                    np.empty((2 * n, 2), dtype=np.float32),
                    np.empty((2 * n, holes.STRIP_VALUES), dtype=np.float32),
                    np.empty((4 * n, 2), dtype=np.float32),
                    np.empty((4 * n, 2), dtype=np.float32),
                    np.zeros(4 * n, dtype=np.float32),
                )  # fmt: skip
            )

    def image(self, height: int, width: int, depth: int) -> F32:
        """A scratch array; valid until the next call."""
        size = height * width * depth
        if size > len(self._buffer):
            self._buffer = np.empty(2 * size, dtype=np.float32)
        return self._buffer[:size].reshape(height, width, depth)


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
        self._grain = round(256 * _GRAIN * portrait.grain)
        self._camera = portrait.camera
        self._strips = [holes.strip_triangles(len(h.upper)) for h in portrait.topology.holes]
        self._fills = [holes.fill_triangles(len(h.upper)) for h in portrait.topology.holes]

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
        controls = np.ascontiguousarray(controls, dtype=np.float32)
        if controls.shape != (len(CONTROLS),) or not np.isfinite(controls).all():
            raise ValueError(f"controls must be {len(CONTROLS)} finite numbers")
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
        p = self._portrait
        weights = shape_weights(controls, CONTROL)
        turn = rotation(*(float(controls[CONTROL[name]]) for name in ("yaw", "pitch", "roll")))
        shift = (float(controls[CONTROL[name]]) for name in ("shift_x", "shift_y", "scale"))
        head = head_matrix(turn, p.pivot, *shift)
        deform_points(p.rest, p.basis, weights, p.follow, head, space.local)
        project_points(space.local, self._camera, p.rest_depth, p.camera_distance, space.screen)
        self._inset(controls, space)
        space.field[:] = 0.0
        region, crop = p.region, p.crop
        draw_map(
            space.screen,
            space.source,
            space.shade,
            p.triangles,
            float(region.left),
            float(region.top),
            float(region.step),
            space.field,
        )
        seed = crc32(controls.tobytes())
        reading = (crop.flat, crop.stride, crop.rows, crop.x, crop.y)
        noise = (self._loss, self._noise, seed % TILE, (seed >> 8) % TILE, self._grain)
        coarse = (space.field, region.left, region.top, region.step)
        warp_region(*reading, *noise, *coarse, region.first_row, region.spans, out)
        for index in range(3):
            self._draw_window(index, space, reading, noise, coarse, out)
        for index, side in ((1, "right"), (2, "left")):
            self._draw_eye(index, side, controls, head, space, reading, out)
        self._draw_mouth(controls, head, space, reading, out)

    def _inset(self, controls: F32, space: Workspace) -> None:
        """Keep what lies behind lips and lids off their edges while they close."""
        p = self._portrait
        amounts = [0.006 * float(controls[CONTROL["close"]]) if p.mouth.is_open else 0.0]
        amounts += [0.010 * float(smoothstep(float(controls[CONTROL[f"blink_{side}"]]), 0.0, 0.6)) for side in EYES]
        for hole, flip, amount in zip(p.topology.holes, p.flips, amounts, strict=True):
            holes.inset_source(p.source, hole.upper, hole.lower, flip, amount * p.frame.unit, space.source)

    def _box_of(self, points: F32, pad: float) -> tuple[int, int, int, int]:
        """Whole-pixel box (left, top, width, height) around points, inside the region's grid."""
        region = self._portrait.region
        height, width = self._portrait.photo.shape[:2]
        low = np.floor(points.min(0) - pad).astype(int)
        high = np.ceil(points.max(0) + pad).astype(int) + 1
        left = max(int(low[0]), region.left)
        top = max(int(low[1]), region.top)
        right = min(int(high[0]), width, region.left + (region.grid[1] - 1) * region.step)
        bottom = min(int(high[1]), height, region.top + (region.grid[0] - 1) * region.step)
        return left, top, max(0, right - left), max(0, bottom - top)

    def _draw_window(self, index: int, space: Workspace, reading: tuple, noise: tuple, coarse: tuple, out: U8) -> None:
        """Draw the skin around one opening at full resolution."""
        p = self._portrait
        hole = p.topology.holes[index]
        contour = space.screen[np.concatenate([hole.upper, hole.lower])]
        left, top, width, height = self._box_of(contour, 0.055 * p.frame.unit + 4)
        if width < 4 or height < 4:
            return
        _, _, corners, pixels, none = space.hole_arrays[index]
        fine = space.image(height, width, 3)
        fine[:] = 1e9
        holes.build_fill(space.screen, space.source, hole.upper, hole.lower, corners, pixels)
        draw_map(corners, pixels, none, self._fills[index], float(left), float(top), 1.0, fine)
        draw_map(space.screen, space.source, space.shade, p.windows[index], float(left), float(top), 1.0, fine)
        fade = max(2, round(0.02 * p.frame.unit))
        warp_window(*reading, *noise, *coarse, fine, left, top, fade, out)
        if index > 0:
            soft = p.soft_lids[index - 1]
            soften_stretched(fine, left, top, soft.flat, soft.stride, soft.rows, soft.x, soft.y, out)

    def _strip(self, index: int, space: Workspace, softness: float) -> tuple[F32, int, int] | None:
        """Draw one opening's strip: its values, and where they begin in the frame; None where nothing shows."""
        p = self._portrait
        hole = p.topology.holes[index]
        corners, values = space.hole_arrays[index][:2]
        margin = 2.0 * softness + 1.0
        holes.build_strip(space.screen, p.source, hole.upper, hole.lower, p.flips[index], margin, corners, values)
        left, top, width, height = self._box_of(corners, 1.0)
        if width < 2 or height < 2:
            return None
        strip = space.image(height, width, holes.STRIP_VALUES)
        strip[..., 0] = -99.0
        draw_triangles(corners, values, self._strips[index], float(left), float(top), 1.0, strip)
        return strip, left, top

    def _patch(self, anchor: F64, head: F32) -> F64:
        """Affine map ``(2, 3)`` from local x and y relative to ``anchor`` (fixed to the skull) to pixels of the frame."""
        p = self._portrait
        corners = (anchor + np.array([[0.0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]])).astype(np.float32)
        depth = (corners @ self._camera[2, :3]).astype(np.float32)
        moved, screen = np.empty((3, 3), dtype=np.float32), np.empty((3, 2), dtype=np.float32)
        deform_points(corners, p.basis[:, :3], np.zeros(0, dtype=np.float32), np.ones(3, dtype=np.float32), head, moved)
        project_points(moved, self._camera, depth, p.camera_distance, screen)
        matrix = np.empty((2, 3))
        matrix[:, 0], matrix[:, 1], matrix[:, 2] = (
            (screen[1] - screen[0]) / 0.1,
            (screen[2] - screen[0]) / 0.1,
            screen[0],
        )
        return matrix

    def _to_photo(self, anchor: F64, patch: F64) -> F64:
        """Affine map ``(2, 3)`` from the frame to the photo for what is fixed to the skull at ``anchor``."""
        still = np.eye(4, 3, dtype=np.float32)
        rest = self._patch(anchor, still)
        linear = rest[:, :2] @ np.linalg.inv(patch[:, :2])
        return np.column_stack([linear, rest[:, 2] - linear @ patch[:, 2]])

    def _draw_eye(
        self, index: int, side: str, controls: F32, head: F32, space: Workspace, reading: tuple, out: U8
    ) -> None:
        p = self._portrait
        gaze = controls[[CONTROL["gaze_x"], CONTROL["gaze_y"]]].astype(float)
        blink = float(np.clip(controls[CONTROL[f"blink_{side}"]], 0.0, 1.0))
        squint = float(controls[CONTROL[f"squint_{side}"]])
        change = max(blink, abs(squint), 0.7 * float(np.hypot(*gaze)))
        softness = max(0.6, 0.75 * _EDGE * p.frame.unit)
        drawn = self._strip(index, space, softness)
        if drawn is None:
            return
        strip, left, top = drawn
        rows = EYES[side]
        anchor = (p.rest[rows.upper[0]] + p.rest[rows.upper[-1]]).astype(np.float64) / 2
        measured = p.eyes[side]
        numbers = np.empty(eye.EYE_NUMBERS, dtype=np.float32)
        numbers[:6] = self._to_photo(anchor, self._patch(anchor, head)).ravel()
        numbers[eye.IRIS_X], numbers[eye.IRIS_Y] = measured.iris
        numbers[eye.IRIS_RADIUS] = measured.radius
        numbers[eye.GAZE_X : eye.GAZE_Y + 1] = gaze * measured.radius
        numbers[eye.BLINK] = blink
        numbers[eye.EYE_SHOWN] = smoothstep(change, 0.0, 0.12)
        numbers[eye.EYE_SOFTNESS] = softness
        numbers[eye.EYE_UNIT] = p.frame.unit
        eye.draw_eye_layer(strip, left, top, numbers, *reading, out)
        if blink > 0.3:
            holes.soften_seam(strip, left, top, softness, float(smoothstep(blink, 0.3, 0.9)), out)

    def _draw_mouth(self, controls: F32, head: F32, space: Workspace, reading: tuple, out: U8) -> None:
        p = self._portrait
        hole = p.topology.mouth
        gaps = np.linalg.norm(space.screen[hole.lower] - space.screen[hole.upper], axis=1)
        per_mm = p.frame.pixels_per_mm
        rest_gaps = np.linalg.norm(p.source[hole.lower] - p.source[hole.upper], axis=1)
        shown = float(smoothstep(float(np.abs(gaps - rest_gaps).max()) / per_mm, 0.1, 1.6)) if p.mouth.is_open else 1.0
        softness = max(0.6, _EDGE * p.frame.unit)
        drawn = self._strip(0, space, softness)
        if drawn is None:
            return
        strip, left, top = drawn
        anchor = p.mouth_anchor + np.array([0.0, 0.0, _TEETH_DEPTH])
        numbers = self._mouth_numbers(controls, anchor, self._patch(anchor, head))
        numbers[mouth.SOFTNESS] = softness
        numbers[mouth.SHOWN] = shown
        numbers[mouth.OPENING_MM] = float(gaps.max()) / per_mm
        palette, sprites, own = p.palette, p.sprites, p.own
        mouth.draw_mouth_layer(
            strip, left, top, numbers, sprites.upper, sprites.lower, sprites.tongue, palette.cavity, palette.mucosa,
            *reading, own.keep, own.x, own.y, out,
        )  # fmt: skip
        close = float(controls[CONTROL["close"]])
        if p.mouth.is_open and close > 0.3:
            holes.soften_seam(strip, left, top, softness, float(smoothstep(close, 0.3, 0.95)), out)

    def _mouth_numbers(self, controls: F32, anchor: F64, patch: F64) -> F32:
        p = self._portrait
        numbers = np.empty(mouth.MOUTH_NUMBERS, dtype=np.float32)
        inverse = np.linalg.inv(patch[:, :2]) * FACE_HEIGHT_MM
        numbers[:6] = np.column_stack([inverse, -inverse @ patch[:, 2]]).ravel()
        numbers[6:12] = self._to_photo(anchor, patch).ravel()
        scale = p.sprites.scale
        numbers[mouth.SPRITE_SCALE] = scale
        numbers[mouth.SPRITE_X], numbers[mouth.SPRITE_Y] = (mm * scale - 0.5 for mm in ORIGIN_MM)
        value = {
            name: float(controls[CONTROL[name]]) for name in ("jaw", "jaw_side", "tongue_up", "tongue_forward", "close")
        }
        rest_drop = p.mouth.gap * FACE_HEIGHT_MM * 0.6 * (1.0 - 0.4 * value["close"])
        drop = value["jaw"] * float(p.jaw_travel_mm[1]) + rest_drop
        side = value["jaw_side"] * 0.03 * FACE_HEIGHT_MM
        numbers[mouth.JAW_X], numbers[mouth.JAW_Y] = side, drop + 0.4
        numbers[mouth.TONGUE_X] = 0.62 * side
        numbers[mouth.TONGUE_Y] = 0.62 * drop - 1.0 - 8.0 * value["tongue_up"]
        numbers[mouth.TONGUE_LIGHT] = 0.62 + 0.38 * min(1.0, drop / 9.0) + 0.25 * value["tongue_forward"]
        numbers[mouth.PIXELS_PER_MM] = p.frame.pixels_per_mm
        numbers[mouth.OWN] = 1.0 if p.own.has_teeth else 0.0
        return numbers


class WarpEngine:
    """The CPU engine: a textured mesh with holes, warped and recomposed at the photo's full resolution."""

    name = "warp"

    def prepare(self, photo: Photo, face: FaceRig, config: EngineConfig) -> WarpRenderer:
        """See :meth:`base.RenderEngine.prepare`."""
        cv2.setNumThreads(max(1, config.threads)) if config.threads else None
        return WarpRenderer(analyse(photo, face, config.min_face_height), face.box, config.threads)


def triangles_in(portrait: Portrait) -> I32:
    """Triangles of a portrait's mesh in painting order, for drawing it."""
    return portrait.triangles
