"""One face as a browser draws it: mesh, shapes and what lies behind lips and lids, small enough for a phone.

It is the renderer's own portrait (:mod:`.portrait`) on the mesh of one subdivision instead of two, quantised: points in
1/32767 of their range, displacements of a shape only where it moves anything. What the photo itself shows is not in it:
the page has the photo. ``static/js/lib/preview/`` draws it, as :mod:`.renderer` draws a frame, with these differences:
no relighting, no grain, no softening of stretched skin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.packed import Part, pack
from gpu_worker.rendering.arrays import F32, F64, I32, U8
from gpu_worker.rendering.imaging import reduced
from gpu_worker.rendering.insets import Insets
from gpu_worker.rendering.mouth_interior import ORIGIN_MM
from gpu_worker.rendering.portrait import Portrait, analyse
from gpu_worker.rendering.pose import FACE_HEIGHT_MM
from gpu_worker.rendering.shapes import SHAPES
from gpu_worker.rendering.topology import OVAL, Topology, build_topology
from gpu_worker.schema import CONTROLS, FaceRig, Photo

#: Changes whenever an older description could not be drawn by the present script.
VERSION = 1
#: Height of a face as it is described, pixels: a preview is not drawn larger.
_MOST_HEIGHT = 420.0
#: How much of the photo around the face is looked at, face heights from its middle: all that moves with it.
_AROUND = 2.2
#: Displacements below this, face heights, are left out: a fifth of a pixel at the size of a preview.
_STILL = 4e-4
#: Half the side of what the preview shows of the photo, face heights; how far above the face's middle it is centred,
#: shares of that.
_HALF_VIEW, _ABOVE = 1.15, 0.08
#: Depth of the front teeth behind the lip line, face heights; as in :mod:`.renderer`.
_TEETH_DEPTH = 0.04


def preview_rig(photo: Photo, face: FaceRig, config: EngineConfig) -> bytes:
    """The description of ``face``, by :func:`gpu_worker.packed.pack`.

    Positions are pixels of the part of the photo that the head names (``part``: left, top, width, height as shares of
    the photo; ``width`` and ``height``: its pixels) or, for points at rest and shapes, the head's local coordinates.

    Raises:
        InputError: as :func:`gpu_worker.rendering.portrait.analyse`.
    """
    photo, face, part = _cut(photo, face)
    portrait = analyse(photo, face, config.min_face_height)
    coarse = build_topology(1)
    count = coarse.point_count
    rest, source = portrait.rest[:count], portrait.source[:count]
    parts: dict[str, Part] = {
        "triangles": _far_to_near(coarse, portrait).astype(np.uint16).ravel(),
        "follow": np.rint(portrait.follow[:count] * 255).astype(np.uint8),
    }
    head: dict[str, Any] = {
        "version": VERSION,
        "width": photo.width,
        "height": photo.height,
        "part": part,
        "view": _view(portrait),
        "points": count,
        "controls": list(CONTROLS),
        "unit": portrait.frame.unit,
        "camera": _listed(portrait.camera),
        "distance": portrait.camera_distance,
        "pivot": _listed(portrait.pivot),
        "gap": portrait.mouth.gap,
        "scales": {},
    }
    for name, values in (("rest", rest), ("source", source)):
        parts[name], head["scales"][name] = _quantised(values)
    head["shapes"] = _add_shapes(portrait.basis[:, :count], parts)
    head["holes"] = [
        _hole(coarse.holes[index].upper, coarse.holes[index].lower, portrait.flips[index], portrait.insets[index])
        for index in range(3)
    ]
    head["mouth"] = _mouth(portrait, parts)
    head["eyes"] = [_eye(portrait, side) for side in coarse.eyes]
    return pack(head, parts)


def _cut(photo: Photo, face: FaceRig) -> tuple[Photo, FaceRig, list[float]]:
    """The part of the photo around the face, made smaller where the face is large; where it lies, in shares."""
    middle = face.landmarks[list(OVAL), :2].mean(0)
    low = np.maximum(np.floor(middle - _AROUND * face.height), 0).astype(int)
    high = np.minimum(np.ceil(middle + _AROUND * face.height), (photo.width, photo.height)).astype(int)
    factor = min(1.0, _MOST_HEIGHT / face.height)
    pixels = reduced(np.ascontiguousarray(photo.pixels[low[1] : high[1], low[0] : high[0]]), factor)
    shift = np.array([*low, 0], np.float32)
    x, y, width, height = face.box
    moved = replace(
        face,
        box=((x - low[0]) * factor, (y - low[1]) * factor, width * factor, height * factor),
        height=face.height * factor,
        landmarks=((face.landmarks - shift) * factor).astype(np.float32),
        neighbours=tuple(((one - shift[:2]) * factor).astype(np.float32) for one in face.neighbours),
    )
    size = np.array([photo.width, photo.height], float)
    part = [round(float(one), 6) for one in np.concatenate([low / size, (high - low) / size])]
    return replace(photo, pixels=pixels), moved, part


def _far_to_near(coarse: Topology, portrait: Portrait) -> I32:
    """The coarse triangles in painting order."""
    depth = portrait.frame.to_pixels(portrait.rest[: coarse.point_count].astype(np.float64))[:, 2]
    order = np.argsort(-depth[coarse.triangles].mean(1), kind="stable")
    return coarse.triangles[order]


def _view(portrait: Portrait) -> list[int]:
    """The part of the photo that is shown: (x, y, width, height), a square around the head, cut off at the edges."""
    height, width = portrait.photo.shape[:2]
    centre = portrait.source[list(OVAL)].mean(0)
    half = _HALF_VIEW * portrait.frame.unit
    left, top = max(0, round(float(centre[0] - half))), max(0, round(float(centre[1] - half - _ABOVE * half)))
    right, bottom = min(width, round(float(centre[0] + half))), min(height, round(float(centre[1] + half)))
    return [left, top, right - left, bottom - top]


def _add_shapes(basis: F32, parts: dict[str, Part]) -> list[dict[str, Any]]:
    """Put the displacements of every shape into ``parts``: which points, and by how much."""
    places, moves, told = [], [], []
    for name, field in zip(SHAPES, basis, strict=True):
        moved = np.flatnonzero(np.abs(field).max(1) > _STILL)
        values, scale = _quantised(field[moved])
        places.append(moved.astype(np.uint16))
        moves.append(values)
        told.append({"name": name, "count": len(moved), "scale": scale})
    parts["shape_points"], parts["shape_moves"] = np.concatenate(places), np.concatenate(moves)
    return told


def _hole(upper: I32, lower: I32, flip: float, insets: Insets) -> dict[str, Any]:
    """Contours of one opening. Every other point of the fine contour is one of the coarse contour."""
    return {
        "upper": upper.tolist(),
        "lower": lower.tolist(),
        "flip": flip,
        "across": _listed(insets.across[:, ::2]),
        "ends": _listed(insets.ends),
    }


def _mouth(portrait: Portrait, parts: dict[str, Part]) -> dict[str, Any]:
    sprites, own = portrait.sprites, portrait.own
    for name in ("upper", "lower", "tongue"):
        parts[name] = _png(_straight(getattr(sprites, name)))
    if own.has_teeth:
        parts["own"] = _png(np.rint(own.keep * 255).astype(np.uint8))
    teeth = portrait.mouth_anchor + np.array([0.0, 0.0, _TEETH_DEPTH])
    return {
        "open": portrait.mouth.is_open,
        "teeth": _listed(teeth),
        "jaw_mm": float(portrait.jaw_travel_mm[1]),
        "face_mm": FACE_HEIGHT_MM,
        "sprite_scale": sprites.scale,
        "sprite_origin_mm": list(ORIGIN_MM),
        "sprite_size": [int(sprites.upper.shape[1]), int(sprites.upper.shape[0])],
        "cavity": _listed(portrait.palette.cavity),
        "mucosa": _listed(portrait.palette.mucosa),
        "own": [own.x, own.y, int(own.keep.shape[1]), int(own.keep.shape[0])] if own.has_teeth else None,
    }


def _eye(portrait: Portrait, side: str) -> dict[str, Any]:
    eye = portrait.eyes[side]
    return {"side": side, "iris": list(eye.iris), "radius": eye.radius, "anchor": _listed(eye.anchor)}


def _quantised(values: F32) -> tuple[Part, float]:
    """``values`` as int16, and what one of them stands for."""
    scale = float(np.abs(values).max(initial=0.0)) / 32767 or 1.0
    return np.rint(values / scale).astype(np.int16).ravel(), scale


def _straight(sprite: F32) -> U8:
    """A premultiplied sprite as PNG has it: RGBA 0 to 255."""
    alpha = sprite[..., 3:]
    colour = np.where(alpha > 1e-3, sprite[..., :3] / np.maximum(alpha, 1e-3), 0.0)
    straight: U8 = np.rint(np.clip(np.concatenate([colour, alpha * 255.0], axis=2), 0, 255)).astype(np.uint8)
    return straight


def _png(picture: U8) -> bytes:
    """A grey or RGBA picture as PNG."""
    done, coded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA) if picture.ndim == 3 else picture)
    if not done:
        raise ValueError("the picture cannot be coded")
    return coded.tobytes()


def _listed(values: F32 | F64) -> list[float]:
    return [round(float(value), 6) for value in values.ravel()]
