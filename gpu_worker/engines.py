"""What stays loaded between jobs: the face models and the renderer's class, made once per process.

Not in charge of which engines a machine could run (capabilities) nor of their order in a job (pipeline).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gpu_worker.capabilities import cuda_present
from gpu_worker.cores import usable_cores
from gpu_worker.errors import InputError

if TYPE_CHECKING:
    from gpu_worker.landmarks.base import LandmarkEngine
    from gpu_worker.quality.redetection import FaceReader
    from gpu_worker.rendering.base import RenderEngine

#: Most models that read the finished video at the same time.
_MOST_READERS = 4


@dataclass(frozen=True)
class Engines:
    """``landmarks`` finds faces in photos, ``readers`` re-detect them in the finished video (one per thread)."""

    landmarks: LandmarkEngine
    readers: tuple[FaceReader, ...]
    renderers: dict[str, RenderEngine]

    def renderer(self, name: str) -> RenderEngine:
        """The render engine asked for; ``auto`` is the best there is. Raises InputError ``engine_unavailable``."""
        chosen = self._best() if name == "auto" else name
        if chosen not in self.renderers:
            raise InputError(
                "engine_unavailable",
                f"The engine {name!r} is not available on this machine.",
                "Choose auto, or one of: " + ", ".join(self.renderers) + ".",
            )
        return self.renderers[chosen]

    def _best(self) -> str:
        """torch pays on an accelerator alone: on the CPU the embedded engine is several times as fast."""
        return "torch" if "torch" in self.renderers and cuda_present() else "warp"


@functools.cache
def shared_engines() -> Engines:
    """The process's own engines: loaded at the first call (a second or two), then kept."""
    from gpu_worker.landmarks.mediapipe_models import MeshModel
    from gpu_worker.landmarks.mesh import shared_mesh
    from gpu_worker.rendering.renderer import WarpEngine
    from gpu_worker.rendering.torch_renderer import TorchEngine, torch_installed

    count = min(_MOST_READERS, usable_cores())
    # torch itself is loaded by the first job that asks for it
    renderers: list[RenderEngine] = [WarpEngine(), *([TorchEngine()] if torch_installed() else [])]
    readers = tuple(MeshModel() for _ in range(count))
    return Engines(shared_mesh(), readers, {engine.name: engine for engine in renderers})
