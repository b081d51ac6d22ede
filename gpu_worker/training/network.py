"""The network: a temporal convolutional network over rows of sound, with one head for each thing it is asked.

Residual blocks of dilated convolutions (Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and
recurrent networks for sequence modeling", 2018). The causal variant pads on the left only and answers for the row
``LOOK_AHEAD_ROWS`` before the newest; what it must remember between two pieces of sound is one tensor. The full-context
variant looks both ways.

The lips are a function of the sound. Eyes, brows and head are not: their head takes noise as well, so that every
performance is another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gpu_worker.schema import VISEMES
from gpu_worker.sound_motion.layout import (
    CONDITIONS,
    EXPRESSION,
    MEL_COLUMNS,
    MOUTH,
    NOISE,
    OPINION,
    PHONES,
    STATE_COLUMNS,
    VOICE,
)
from gpu_worker.training.config import NetworkSection

KERNEL = 3


@dataclass(frozen=True)
class Answer:
    """What the network says of each row: logits ``visemes`` (batch, rows, 15) and ``phones`` (batch, rows, phones),
    ``mouth`` (batch, rows, controls) in [0, 1], ``expression`` (batch, rows, controls) in units of its own, and
    ``memory``, what the causal variant must be given with the rows that follow."""

    visemes: Tensor
    phones: Tensor
    mouth: Tensor
    expression: Tensor
    memory: Tensor


class Block(nn.Module):
    """One dilated convolution and one step across channels, added to what came in."""

    def __init__(self, channels: int, dilation: int, causal: bool, dropout: float) -> None:
        super().__init__()
        self.reach = (KERNEL - 1) * dilation
        self.causal = causal
        self.norm = nn.LayerNorm(channels)
        self.spread = nn.Conv1d(channels, channels, KERNEL, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.drop = nn.Dropout1d(dropout)

    def forward(self, x: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """``x`` (batch, channels, rows); ``past`` (batch, channels, reach) of the rows before, causal only."""
        y = self.norm(x.transpose(1, 2)).transpose(1, 2)
        if past is None:
            y = functional.pad(y, (self.reach, 0) if self.causal else (self.reach // 2, self.reach // 2))
        else:
            y = torch.cat([past, y], dim=2)
        kept = y[:, :, y.shape[2] - self.reach :]
        y = functional.relu(self.spread(y))
        return x + self.drop(self.mix(y)), kept


class MotionNetwork(nn.Module):
    """Sound to motion, for features and conditions ``(batch, rows, ...)`` and noise ``(batch, rows, NOISE)``."""

    def __init__(self, shape: NetworkSection) -> None:
        super().__init__()
        self.shape = shape
        causal = shape.variant == "causal"
        width = shape.channels
        self.mel = nn.Linear(MEL_COLUMNS.stop - MEL_COLUMNS.start, width)
        self.states = nn.Linear(STATE_COLUMNS.stop - STATE_COLUMNS.start, width)
        self.voice = nn.Linear(VOICE.stop - VOICE.start, width)
        self.opinion = nn.Linear(OPINION.stop - OPINION.start, width)
        self.condition = nn.Linear(CONDITIONS, width, bias=False)
        self.enter = nn.Conv1d(width, width, 1)
        self.blocks = nn.ModuleList(Block(width, dilation, causal, shape.dropout) for dilation in shape.dilations)
        self.norm = nn.LayerNorm(width)
        self.visemes = nn.Linear(width, len(VISEMES))
        self.phones = nn.Linear(width, len(PHONES))
        self.mouth_hidden = nn.Linear(width + len(VISEMES), width)
        self.mouth = nn.Linear(width, len(MOUTH))
        small = shape.expression_channels
        self.expression_in = nn.Linear(width + NOISE, small)
        self.expression_blocks = nn.ModuleList(Block(small, dilation, causal, 0.0) for dilation in (1, 4, 16))
        self.expression = nn.Linear(small, len(EXPRESSION))

    @property
    def memory_rows(self) -> int:
        """Rows of the memory tensor, laid end to end over all blocks."""
        return sum(block.reach for block in (*self._speech_blocks(), *self._expression_blocks()))

    def empty_memory(self, batch: int = 1) -> Tensor:
        """What the causal variant remembers before any sound: (batch, channels, memory_rows) of zeros."""
        return torch.zeros(batch, self.shape.channels, self.memory_rows)

    def forward(self, features: Tensor, conditions: Tensor, noise: Tensor, memory: Tensor | None = None) -> Answer:
        x = self.mel(features[..., MEL_COLUMNS]) + self.states(features[..., STATE_COLUMNS])
        x = x + self.voice(features[..., VOICE]) + self.opinion(features[..., OPINION]) + self.condition(conditions)
        x = self.enter(functional.relu(x).transpose(1, 2))
        kept: list[Tensor] = []
        at = 0
        for block in self._speech_blocks():
            x, past = block(x, None if memory is None else memory[:, :, at : at + block.reach])
            at += block.reach
            kept.append(past)
        hidden = self.norm(x.transpose(1, 2))
        visemes = self.visemes(hidden)
        shown = functional.relu(self.mouth_hidden(torch.cat([hidden, visemes.softmax(dim=2)], dim=2)))
        mouth = torch.sigmoid(self.mouth(shown))
        y = functional.relu(self.expression_in(torch.cat([hidden, noise], dim=2))).transpose(1, 2)
        small = self.shape.expression_channels
        for block in self._expression_blocks():
            y, past = block(y, None if memory is None else memory[:, :small, at : at + block.reach])
            at += block.reach
            kept.append(functional.pad(past, (0, 0, 0, self.shape.channels - small)))
        expression = self.expression(y.transpose(1, 2))
        return Answer(visemes, self.phones(hidden), mouth, expression, torch.cat(kept, dim=2))

    def _speech_blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def _expression_blocks(self) -> list[Block]:
        return [block for block in self.expression_blocks if isinstance(block, Block)]
