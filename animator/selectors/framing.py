"""What a video shows of its photo, before it is made: the very cuts that the engine makes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from animator.models import Photo
from animator.selectors.motion import FRAMING_NAMES
from gpu_worker.media.framing import cut_around, shows_all


def framing_payloads(photo: Photo, faces: Collection[int] | None, max_side: int) -> list[dict[str, Any]]:
    """Every framing of a photo around the ``faces`` that move (None: all), as the API says it.

    ``box`` is (left, top, width, height) in fractions of the picture, ``width`` and ``height`` the pixels of a video
    whose photo has no longer side than ``max_side``; ``possible`` is false where the faces do not fit
    together. None but the whole photo where no such face is known.
    """
    scale = min(1.0, max_side / max(photo.width, photo.height, 1))
    width, height = round(photo.width * scale), round(photo.height * scale)
    whole = {"framing": "whole", "title": FRAMING_NAMES["whole"], "box": [0.0, 0.0, 1.0, 1.0],
             "width": width, "height": height, "possible": True}  # fmt: skip
    boxes = [
        [face["box"][0] * width, face["box"][1] * height, face["box"][2] * width, face["box"][3] * height]
        for face in photo.faces
        if faces is None or face["index"] in faces
    ]
    if not boxes or not width or not height:
        return [whole]
    cuts = {name: cut_around(width, height, boxes, name) for name in FRAMING_NAMES if name != "whole"}
    return [
        whole,
        *({**_payload(name, cut, width, height), "possible": shows_all(cut, boxes)} for name, cut in cuts.items()),
    ]


def _payload(name: str, cut: tuple[int, int, int, int], width: int, height: int) -> dict[str, Any]:
    left, top, wide, high = cut
    box = (left / width, top / height, wide / width, high / height)
    return {
        "framing": name,
        "title": FRAMING_NAMES[name],
        "box": [round(one, 5) for one in box],
        "width": wide,
        "height": high,
    }
