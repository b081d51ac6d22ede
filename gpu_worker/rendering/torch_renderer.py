"""The torch engine: the skin of many frames at once on an accelerator or on the CPU.

Points come from the CPU engine, so both draw the same motion. The map, the reading of the photo through it, light and
grain are computed by torch for whole batches; the openings of mouth and eyes, which are small and intricate, are drawn
over the result by the CPU engine's own kernels, while the next batch is computed.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.errors import FallbackForbiddenError
from gpu_worker.rendering.arrays import F32, Bool
from gpu_worker.rendering.parallel import FramePool, in_order
from gpu_worker.rendering.portrait import Portrait
from gpu_worker.rendering.renderer import WarpEngine, WarpRenderer, checked, grain_seed
from gpu_worker.rendering.workspace import Workspace
from gpu_worker.schema import FaceRig, FloatArray, Image, MotionTrack, Photo

if TYPE_CHECKING:
    import torch

#: Bytes that the device needs for a pixel of a frame while it is computed, as measured, and what a batch may take.
_BYTES_PER_PIXEL = 160
_BATCH_BYTES = {"cpu": 128 << 20, "cuda": 2 << 30}
_MOST_FRAMES = 32
#: Batches under way at the same time: one is computed while the other is finished.
_BATCHES = 2


def torch_installed() -> bool:
    """Whether torch can be imported; it is not."""
    return importlib.util.find_spec("torch") is not None


class TorchRenderer:
    """Renders one portrait with torch; see :class:`base.PortraitRenderer`."""

    def __init__(
        self, warp: WarpRenderer, portrait: Portrait, device: torch.device, threads: int = 0, alone: bool = False
    ) -> None:
        """``alone``: the CPU engine may not go on when memory does not suffice."""
        import torch

        from gpu_worker.rendering import torch_warp

        self._warp, self._portrait, self._threads, self._alone = warp, portrait, threads, alone
        self._device, self._reason = device, ""
        self._skin: torch_warp.TorchWarp | None = None
        #: Frames computed together.
        self.batch = 1
        try:
            self._skin = torch_warp.TorchWarp(portrait, device)
            budget = _BATCH_BYTES.get(device.type, _BATCH_BYTES["cpu"])
            self.batch = max(1, min(_MOST_FRAMES, budget // (_BYTES_PER_PIXEL * self._skin.pixels)))
        except torch.OutOfMemoryError:
            why = "had no memory for the portrait"
            if alone:
                raise FallbackForbiddenError("torch", "warp", f"{self.engine} {why}") from None
            self._reason = why
            _let_go()
        self._pool = FramePool(portrait.photo, 2 * _BATCHES * self.batch + 4)
        self._local = threading.local()

    @property
    def engine(self) -> str:
        """What draws, and why something else does so than was asked for."""
        if self._reason:
            return f"warp, as torch on {self._device.type} {self._reason}"
        return f"torch on {self._device.type}"

    @property
    def moving_region(self) -> Bool:
        return self._warp.moving_region

    @property
    def face_box(self) -> tuple[float, float, float, float]:
        return self._warp.face_box

    def planned_opening(self, motion: MotionTrack) -> FloatArray:
        return self._warp.planned_opening(motion)

    def frame(self, controls: FloatArray) -> Image:
        return self._drawn([checked(controls)])[0]

    def frames(self, motion: MotionTrack, threads: int = 0) -> Iterator[Image]:
        size = self.batch
        starts = range(0, len(motion.values), size)

        def work(number: int) -> list[Image]:
            return self._drawn([checked(row) for row in motion.values[starts[number] : starts[number] + size]])

        one_core = (threads or self._threads) == 1
        for drawn in in_order(work, len(starts), 1 if one_core else _BATCHES, ahead=_BATCHES):
            # A frame that was handed on is let go, so that it can be used again.
            drawn.reverse()
            while drawn:
                yield drawn.pop()

    def _drawn(self, rows: list[F32]) -> list[Image]:
        """Frames of a batch; in smaller batches, or by the CPU engine, where the device's memory does not suffice."""
        import torch

        while not self._reason:
            try:
                size = self.batch
                return [frame for k in range(0, len(rows), size) for frame in self._batch(rows[k : k + size])]
            except torch.OutOfMemoryError:
                if self.batch == 1:
                    why = "ran out of memory with a single frame"
                    if self._alone:
                        raise FallbackForbiddenError("torch", "warp", f"{self.engine} {why}") from None
                    self._reason = why
                self.batch = max(1, self.batch // 2)
                _let_go()
        return [self._warp.frame(row) for row in rows]

    def _batch(self, rows: list[F32]) -> list[Image]:
        import torch

        skin_of = self._skin
        if skin_of is None:
            raise torch.OutOfMemoryError(self._reason)
        moving = [row for row in rows if row.any()]
        if not moving:
            return [self._portrait.photo.copy() for _ in rows]
        spaces = self._spaces(len(moving))
        heads = [self._warp.place(row, space) for row, space in zip(moving, spaces, strict=True)]
        points = [np.stack([getattr(space, name) for space in spaces]) for name in ("screen", "source", "shade")]
        with torch.inference_mode():
            screen, source, shade = (torch.from_numpy(array) for array in points)
            fields, skins = skin_of(screen, source, shade, [grain_seed(row) for row in moving])
            maps, pixels = fields.cpu().numpy(), skins.cpu().numpy()
        drawn = []
        for row, head, space, field, skin in zip(moving, heads, spaces, maps, pixels, strict=True):
            out = self._pool.take()
            out[skin_of.box] = skin
            space.field[:] = field
            self._warp.draw_openings(row, head, space, out)
            drawn.append(out)
        frames = iter(drawn)
        return [next(frames) if row.any() else self._portrait.photo.copy() for row in rows]

    def _spaces(self, count: int) -> list[Workspace]:
        """Scratch for each frame of a batch, kept for the next batch of the same thread."""
        spaces: list[Workspace] | None = getattr(self._local, "spaces", None)
        if spaces is None:
            spaces = self._local.spaces = []
        while len(spaces) < count:
            spaces.append(Workspace(self._portrait))
        return spaces[:count]


def _let_go() -> None:
    """Give back what torch keeps of the device's memory for later."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class TorchEngine:
    """Makes torch renderers on the first CUDA device, or on the CPU where there is none. torch is imported then."""

    name = "torch"

    def prepare(self, photo: Photo, face: FaceRig, config: EngineConfig) -> TorchRenderer:
        """See :meth:`base.RenderEngine.prepare`."""
        import torch

        warp = WarpEngine().prepare(photo, face, config)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return TorchRenderer(warp, warp.portrait, device, config.threads, "torch" in config.no_fallback)
