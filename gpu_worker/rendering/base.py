"""What every rendering engine offers to the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gpu_worker.config import EngineConfig
from gpu_worker.rendering.arrays import Bool
from gpu_worker.schema import FaceRig, FloatArray, Image, MotionTrack, Photo


class PortraitRenderer(Protocol):
    """One analysed portrait, ready to be rendered from motion. Safe to use from several threads."""

    @property
    def engine(self) -> str:
        """What draws; where it is not what was asked for, with the reason. Final once the frames are drawn."""

    @property
    def moving_region(self) -> Bool:
        """Mask ``(height, width)``: pixels that may ever change. All others are those of the photo, bit for bit."""

    @property
    def face_box(self) -> tuple[float, float, float, float]:
        """Box (x, y, width, height) of the face in pixels of the photo."""

    def frame(self, controls: FloatArray) -> Image:
        """Render one frame, ``(height, width, 3)`` RGB uint8, from ``(len(CONTROLS),)`` controls.

        The result depends on nothing but the controls. With all of them zero it equals the photo.
        """

    def frames(self, motion: MotionTrack, threads: int = 0) -> Iterator[Image]:
        """Render all frames of ``motion`` in order on ``threads`` threads (0 = one for each core).

        Memory does not grow with the length of the motion. A frame belongs to the caller.
        """

    def planned_opening(self, motion: MotionTrack) -> FloatArray:
        """Inner-lip gap divided by the distance of the outer eye corners for each frame, ``(frames,)`` float32."""


class RenderEngine(Protocol):
    """Makes renderers. An engine holds no state of a single portrait."""

    name: str

    def prepare(self, photo: Photo, face: FaceRig, config: EngineConfig) -> PortraitRenderer:
        """Analyse one face of a photo.

        Raises:
            InputError: the face cannot be animated (too small, or its landmarks do not form a face).
        """
