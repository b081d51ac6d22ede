"""Rendering: from a photo, a face and a motion track to frames."""

from __future__ import annotations


def warmup() -> None:
    """Compile everything that frames need, or load it from disk where an earlier process compiled it.

    Draws two small frames of a made-up face. A process that does this first renders its first frame as fast as any
    other; the first process of an installation spends some seconds on it. Touches no photo and no network.
    """
    import numpy as np

    from gpu_worker.media.planes import planes_of
    from gpu_worker.provenance.watermark.laying import lay_over
    from gpu_worker.quality.outside import OutsideWatch
    from gpu_worker.rendering.synthetic import draw_frames

    draw_frames()
    small = np.zeros((4, 4, 3), np.uint8)
    planes_of(small)
    lay_over(small, small, small, np.zeros((2, 2), np.int32), small)
    OutsideWatch(small, np.zeros((4, 4), bool)).see(small)
