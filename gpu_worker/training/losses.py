"""What the network is told of its mistakes.

Every loss is a sum over what was measured, divided by all there is (not by how much of it was measured): so the mean
over the processes of a group is the loss of the whole batch, whichever clips each of them holds.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from gpu_worker.sound_motion.layout import MOUTH
from gpu_worker.training.batches import Batch

#: The opening and the closing of the mouth are what is seen first.
_WEIGHTS: dict[str, float] = {"jaw": 3.0, "close": 3.0, "press": 1.5, "pucker": 1.5, "lip_in": 1.5}
#: A target from here on is a closure, which may not be missed.
CLOSED = 0.9
_SMOOTHING = 0.05
#: Rows that are judged together when a performance is compared with another, and their step.
_STRETCH = 25


def speech_losses(visemes: Tensor, phones: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropy of viseme and phone of every row that has one."""
    return {"visemes": _cross_entropy(visemes, batch.visemes), "phones": _cross_entropy(phones, batch.phones)}


def mouth_losses(mouth: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Positions, velocities and closures of ``mouth`` (batch, rows, controls)."""
    weights = torch.tensor([_WEIGHTS.get(name, 1.0) for name in MOUTH], device=mouth.device)
    weights = weights / weights.mean()
    seen = batch.mouth_seen
    error = functional.smooth_l1_loss(mouth, batch.mouth, beta=0.05, reduction="none")
    both = seen[:, 1:] * seen[:, :-1]
    moved = torch.abs(torch.diff(mouth, dim=1) - torch.diff(batch.mouth, dim=1))
    close = MOUTH.index("close")
    shut = seen[:, :, close] * (batch.mouth[:, :, close] >= CLOSED)
    missed = (1.0 - mouth[:, :, close]) ** 2
    return {
        "position": (error * weights * seen).mean(),
        "velocity": (moved * weights * both).mean(),
        "closure": (missed * shut).mean() * 10.0,
    }


def energy_score(first: Tensor, second: Tensor, target: Tensor, seen: Tensor) -> Tensor:
    """A proper score of a random performance by two draws of it (Gneiting and Raftery 2007): how far they lie from what
    happened, less half of how far they lie from one another. It is least where the draws are distributed as people
    are; a network that ignores its noise pays for it. Tensors are (batch, rows, controls)."""

    def apart(one: Tensor, other: Tensor) -> Tensor:
        squares = ((one - other) * seen).square()
        # Over stretches of half a second, so that the shape of a movement counts and not single rows.
        stretches = squares.unfold(1, min(_STRETCH, squares.shape[1]), max(_STRETCH // 2, 1))
        return (stretches.sum(dim=(2, 3)) + 1e-6).sqrt().mean()

    score: Tensor = 0.5 * (apart(first, target) + apart(second, target)) - 0.5 * apart(first, second)
    return score


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    flat = functional.cross_entropy(
        logits.flatten(0, 1).float(), target.flatten(), ignore_index=-1, reduction="sum", label_smoothing=_SMOOTHING
    )
    return flat / target.numel()
