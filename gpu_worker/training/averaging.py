"""The running mean of the weights (Polyak averaging): steadier than the last step, and what is judged and shipped."""

from __future__ import annotations

import copy

import torch
from torch import nn

from gpu_worker.training.network import MotionNetwork


class WeightMean:
    """Keeps ``model``, a copy of the trained network whose weights are an exponential mean of the trained ones."""

    def __init__(self, network: MotionNetwork, decay: float) -> None:
        self.model = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after step ``step`` (from 0). Early steps are forgotten faster."""
        keep = min(self._decay, (1.0 + step) / (10.0 + step))
        for mean, new in zip(self.model.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(new, 1.0 - keep)
            else:
                mean.copy_(new)
