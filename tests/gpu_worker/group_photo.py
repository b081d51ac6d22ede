"""A photo of two people, made of two public-domain portraits that come in wheels, small enough for quick tests."""

from __future__ import annotations

from functools import cache

import matplotlib.cbook
import numpy as np
import skimage.data
from PIL import Image

from gpu_worker.schema import Image as Pixels
from gpu_worker.schema import Photo


@cache
def two_people() -> Photo:
    """The astronaut on the left, Admiral Hopper on the right: 424 x 240 pixels, faces about 85 and 95 pixels high."""
    astronaut = Image.fromarray(skimage.data.astronaut()[:256, 100:356]).resize((224, 224))
    file = str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    hopper = Image.open(file).convert("RGB")
    hopper = hopper.crop((80, 0, 430, 420)).resize((200, 240))
    group = Image.new("RGB", (424, 240), (90, 90, 100))
    group.paste(astronaut, (0, 0))
    group.paste(hopper, (224, 0))
    pixels: Pixels = np.asarray(group)
    return Photo(np.ascontiguousarray(pixels), "1" * 64, "array")
