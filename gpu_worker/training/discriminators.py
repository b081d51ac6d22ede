"""Two critics of motion: does it move as people do, and does it belong to this sound?

The first sees motion alone, in short overlapping stretches (a temporal PatchGAN), with spectral normalisation (Miyato
et al. 2018) and the hinge loss. The second puts sound and mouth into one space, where what belongs together lies close
(Chung and Zisserman, "Out of time", 2016): it is trained to tell a moment of sound from other moments of the same clip,
and its cosine is the lip-sync score of the evaluation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from gpu_worker.sound_motion.layout import EXPRESSION, FEATURES, MOUTH

#: Shifts between sound and mouth that count as not belonging together, rows of 20 ms.
SHIFTS = (-36, -24, -15, -9, 9, 15, 24, 36)
_TEMPERATURE = 0.1


class MotionCritic(nn.Module):
    """How human each stretch of motion looks: (batch, rows, controls) to (batch, stretches); higher is more so."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        controls = 2 * (len(MOUTH) + len(EXPRESSION))
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv1d(controls, channels, 5, stride=2, padding=2)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv1d(channels, channels, 5, stride=2, padding=2)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv1d(channels, channels, 5, padding=2)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv1d(channels, 1, 3, padding=1)),
        )

    def forward(self, motion: Tensor) -> Tensor:
        velocity = functional.pad(torch.diff(motion, dim=1), (0, 0, 1, 0)) * 5.0
        judged: Tensor = self.layers(torch.cat([motion, velocity], dim=2).transpose(1, 2)).squeeze(1)
        return judged


class SyncCritic(nn.Module):
    """Sound and mouth in one space of unit vectors, one for each row, each seeing about 0.4 s."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.sound = self._encoder(FEATURES, channels)
        self.mouth = self._encoder(2 * len(MOUTH), channels)

    @staticmethod
    def _encoder(inputs: int, channels: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv1d(inputs, channels, 1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, padding=4, dilation=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 3, padding=4, dilation=4),
        )

    def forward(self, features: Tensor, mouth: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors (batch, rows, channels) of features (batch, rows, FEATURES) and of the mouth's controls."""
        moved = functional.pad(torch.diff(mouth, dim=1), (0, 0, 1, 0)) * 5.0
        heard = self.sound(features.transpose(1, 2)).transpose(1, 2)
        seen = self.mouth(torch.cat([mouth, moved], dim=2).transpose(1, 2)).transpose(1, 2)
        return functional.normalize(heard, dim=2), functional.normalize(seen, dim=2)


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The hinge loss of the motion critic."""
    return functional.relu(1.0 - real).mean() + functional.relu(1.0 + fake).mean()


def sync_loss(heard: Tensor, seen: Tensor) -> Tensor:
    """Of each row's mouth, pick the sound it belongs to among the same sound shifted by :data:`SHIFTS`."""
    margin = max(abs(shift) for shift in SHIFTS)
    rows = heard.shape[1]
    if rows <= 2 * margin:
        raise ValueError(f"a stretch of {rows} rows is too short for shifts of {margin}")
    middle = seen[:, margin : rows - margin]
    scores = [
        (middle * heard[:, margin + shift : rows - margin + shift]).sum(dim=2) / _TEMPERATURE for shift in (0, *SHIFTS)
    ]
    chosen: Tensor = functional.log_softmax(torch.stack(scores, dim=2), dim=2)[:, :, 0]
    return -chosen.mean()
