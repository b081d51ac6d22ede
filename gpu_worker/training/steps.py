"""One step of training: the network's, then its critics'."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gpu_worker.sound_motion.layout import LOOK_AHEAD_ROWS
from gpu_worker.training.averaging import WeightMean
from gpu_worker.training.batches import Batch
from gpu_worker.training.config import TrainingConfig
from gpu_worker.training.discriminators import MotionCritic, SyncCritic, critic_loss, sync_loss
from gpu_worker.training.distributed import Group
from gpu_worker.training.losses import energy_score, mouth_losses, speech_losses
from gpu_worker.training.network import Answer, MotionNetwork
from gpu_worker.training.schedule import rate_at


@dataclass
class Learners:
    """Everything that learns, and what makes it learn."""

    network: MotionNetwork
    mean: WeightMean
    motion_critic: MotionCritic
    sync_critic: SyncCritic
    optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


def make_learners(config: TrainingConfig, device: torch.device) -> Learners:
    """Fresh ones; the weights depend on the seed alone."""
    torch.manual_seed(config.training.seed)
    network = MotionNetwork(config.network).to(device)
    motion = MotionCritic(config.critics.motion_channels).to(device)
    sync = SyncCritic(config.critics.sync_channels).to(device)
    critics = [*motion.parameters(), *sync.parameters()]
    told = config.training
    return Learners(
        network,
        WeightMean(network, told.ema),
        motion,
        sync,
        torch.optim.AdamW(network.parameters(), told.learning_rate, weight_decay=told.weight_decay),
        torch.optim.AdamW(critics, told.critic_rate, betas=(0.5, 0.99), weight_decay=0.0),
        # Half-precision gradients on a GPU underflow without it; elsewhere it does nothing.
        torch.amp.GradScaler(device.type, enabled=device.type == "cuda" and told.mixed_precision != "off"),
    )


def take_step(learners: Learners, batch: Batch, step: int, config: TrainingConfig, group: Group) -> dict[str, float]:
    """Step number ``step`` (from 0) on this process's part of the batch; returns the losses, means over the group."""
    told = config.training
    device = batch.features.device
    # Dropout draws from this: a function of the step, so that a resumed run draws the same.
    torch.manual_seed((told.seed + 1) * 1_000_003 + step * group.size + group.rank)
    rate = rate_at(step, told)
    for each in learners.optimiser.param_groups:
        each["lr"] = rate
    critics = step >= told.critics_after
    learners.network.train()
    with _precision(device, told.mixed_precision):
        answer = learners.network(batch.features, batch.conditions, batch.noise)
        losses, motion, shown = _network_losses(learners, answer, batch, config, critics)
    weights = config.losses
    total = torch.stack([getattr(weights, name) * value for name, value in losses.items()]).sum()
    learners.optimiser.zero_grad(set_to_none=True)
    learners.scaler.scale(total).backward()  # type: ignore[no-untyped-call]
    learners.scaler.unscale_(learners.optimiser)
    group.average(learners.network.parameters())
    size = nn.utils.clip_grad_norm_(learners.network.parameters(), told.clip)
    learners.scaler.step(learners.optimiser)
    learners.scaler.update()
    learners.mean.update(learners.network, step)
    found = dict(losses)
    if 2 * step >= told.critics_after:  # so that they have an opinion by the time it counts
        found |= _critics_step(learners, motion, shown, config, group)
    means = group.mean(torch.stack([value.detach().float() for value in found.values()]))
    return {**dict(zip(found, means.tolist(), strict=True)), "gradient": float(size), "rate": rate}


def in_place(answer: Answer, batch: Batch, config: TrainingConfig) -> tuple[Answer, Batch]:
    """Answers beside the rows that they are for: the causal variant gives each later, and none for the last rows."""
    if config.network.variant != "causal":
        return answer, batch
    late = {name: getattr(answer, name)[:, LOOK_AHEAD_ROWS:] for name in ("visemes", "phones", "mouth", "expression")}
    early = {name: getattr(batch, name)[:, :-LOOK_AHEAD_ROWS] for name in Batch.__dataclass_fields__}
    return Answer(**late, memory=answer.memory), Batch(**early)


def _network_losses(
    learners: Learners, answer: Answer, whole: Batch, config: TrainingConfig, critics: bool
) -> tuple[dict[str, Tensor], Tensor, Batch]:
    """The losses by name, the motion (batch, rows, controls) that the critics will judge, and the rows it is for."""
    answer, batch = in_place(answer, whole, config)
    weights = config.losses
    losses = {**speech_losses(answer.visemes, answer.phones, batch), **mouth_losses(answer.mouth, batch)}
    if weights.expression and bool((whole.expression_seen > 0).any()):
        again, _ = in_place(learners.network(whole.features, whole.conditions, whole.other_noise), whole, config)
        losses["expression"] = energy_score(
            answer.expression, again.expression, batch.expression, batch.expression_seen
        )
    mouth = answer.mouth * batch.mouth_seen
    motion = torch.cat([mouth, answer.expression * batch.expression_seen], dim=2)
    learners.motion_critic.requires_grad_(False)
    learners.sync_critic.requires_grad_(False)
    if critics and weights.adversarial:
        losses["adversarial"] = -learners.motion_critic(motion).mean()
    if critics and weights.sync:
        losses["sync"] = sync_loss(*learners.sync_critic(batch.features, mouth))
    return losses, motion, batch


def _critics_step(
    learners: Learners, motion: Tensor, batch: Batch, config: TrainingConfig, group: Group
) -> dict[str, Tensor]:
    """Teach the critics: the motion critic on true motion and the network's, the sync critic on true motion alone."""
    mouth = batch.mouth * batch.mouth_seen
    true = torch.cat([mouth, batch.expression * batch.expression_seen], dim=2)
    learners.motion_critic.requires_grad_(True)
    learners.sync_critic.requires_grad_(True)
    with _precision(motion.device, config.training.mixed_precision):
        losses = {
            "critic": critic_loss(learners.motion_critic(true), learners.motion_critic(motion.detach())),
            "sync_critic": sync_loss(*learners.sync_critic(batch.features, mouth)),
        }
    learners.critic_optimiser.zero_grad(set_to_none=True)
    (losses["critic"] + losses["sync_critic"]).backward()  # type: ignore[no-untyped-call]
    parameters = [*learners.motion_critic.parameters(), *learners.sync_critic.parameters()]
    group.average(parameters)
    nn.utils.clip_grad_norm_(parameters, config.training.clip)
    learners.critic_optimiser.step()
    return losses


def _precision(device: torch.device, wanted: str) -> contextlib.AbstractContextManager[object]:
    """Mixed precision: float16 on a GPU, bfloat16 on a CPU that is told to."""
    if wanted == "off" or (wanted == "auto" and device.type != "cuda"):
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.float16 if device.type == "cuda" else torch.bfloat16)
