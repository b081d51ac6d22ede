"""How well the network does on people it does not learn from, while it learns: the number that ends a run early."""

from __future__ import annotations

import torch
from torch import Tensor

from gpu_worker.training.batches import whole_clip
from gpu_worker.training.config import TrainingConfig
from gpu_worker.training.losses import mouth_losses, speech_losses
from gpu_worker.training.network import MotionNetwork
from gpu_worker.training.prepared import Prepared
from gpu_worker.training.steps import in_place


@torch.no_grad()
def validate(network: MotionNetwork, prepared: Prepared, config: TrainingConfig) -> dict[str, float]:
    """Losses over whole clips, weighted as in training but without critics: ``loss`` is their sum; ``viseme_accuracy``
    and ``phone_accuracy`` are shares of the rows that have one."""
    network.eval()
    device = next(network.parameters()).device
    sums: dict[str, float] = {}
    right = {"visemes": 0, "phones": 0}
    known = {"visemes": 0, "phones": 0}
    for which, clip in enumerate(prepared.clips):
        whole = whole_clip(prepared, which).to(device)
        answer, batch = in_place(network(whole.features, whole.conditions, whole.noise), whole, config)
        losses = {**speech_losses(answer.visemes, answer.phones, batch), **mouth_losses(answer.mouth, batch)}
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + float(value) * clip.rows
        for name in right:
            truth: Tensor = getattr(batch, name)
            there = truth >= 0
            right[name] += int((getattr(answer, name).argmax(dim=2) == truth)[there].sum())
            known[name] += int(there.sum())
    rows = sum(clip.rows for clip in prepared.clips)
    means = {name: value / rows for name, value in sums.items()}
    means["loss"] = sum(getattr(config.losses, name) * value for name, value in means.items())
    means["viseme_accuracy"] = right["visemes"] / max(known["visemes"], 1)
    means["phone_accuracy"] = right["phones"] / max(known["phones"], 1)
    return means
