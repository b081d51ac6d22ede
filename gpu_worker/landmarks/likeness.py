"""Is it a human face? The mesh lays itself on cats, clocks and coffee cups as readily as on people.

Four independent witnesses are heard, all from models already loaded:

* the mesh model's own face score, on the crop and on its mirror image;
* agreement of the landmarks of the crop with those of its mirror image, which are two independent readings of one
  face, but two different guesses about anything else;
* both face detectors, each at two magnifications of the upright crop: a human face is recognised at every size,
  a chance resemblance at one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.landmarks.crop import Region
from gpu_worker.landmarks.mediapipe_models import DetectorModels
from gpu_worker.schema import Image

#: (detector, magnification of the region) of the four looks.
_LOOKS = (
    (DetectorModels.NEAR, 1.0),
    (DetectorModels.NEAR, 1.5),
    (DetectorModels.FAR, 1.0),
    (DetectorModels.FAR, 2.0),
)
_LOOK_SIDE = 256
#: A detection counts when it lies on the face: centre within this fraction of the look's side.
_NEAR_CENTRE = 0.2

#: How much a disagreement of one face height takes off the confirmation.
_DISAGREEMENT_WEIGHT = 3.0
#: The verdict's bounds. Portraits, paintings, faces of 24 pixels and faces blurred by 3 % of their height had a face
#: score of 0.99 and a likeness of 0.45 and more; of 230 animals, coins, fruits and toys none had both.
MIN_PRESENCE, HUMAN_LIKENESS = 0.9, 0.4


@dataclass(frozen=True)
class Witnesses:
    """``presence`` and ``confirmation`` in [0, 1]; ``disagreement`` in units of the face height."""

    presence: float
    disagreement: float
    confirmation: float

    @property
    def likeness(self) -> float:
        """One number in [0, 1]: how surely this is a human face."""
        weighed = self.confirmation - _DISAGREEMENT_WEIGHT * self.disagreement
        return max(0.0, min(self.presence, weighed))

    @property
    def human(self) -> bool:
        return self.presence >= MIN_PRESENCE and self.likeness >= HUMAN_LIKENESS


def confirmation(pixels: Image, region: Region, detectors: DetectorModels) -> float:
    """Mean score in [0, 1] that the detectors give the face in ``region``, over all looks; unseen counts 0."""
    scores = []
    for which, factor in _LOOKS:
        crop = region.scaled(factor).cut(pixels, _LOOK_SIDE)
        here = [
            seen.score
            for seen in detectors(crop, which)
            if abs(seen.x - 0.5) < _NEAR_CENTRE and abs(seen.y - 0.5) < _NEAR_CENTRE
        ]
        scores.append(max(here, default=0.0))
    return float(np.mean(scores))
