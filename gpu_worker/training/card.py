"""The model card, written by the run itself: what it learnt from, how, how well it does and what it is not for.

After Mitchell et al., "Model cards for model reporting" (2019).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpu_worker.sound_motion.layout import LOOK_AHEAD_SECONDS
from gpu_worker.training.config import TrainingConfig
from gpu_worker.training.run_log import read_log

NAME = "card.md"
DATA, EVALUATION = "data.json", "evaluation.json"


def write_card(run: Path, config: TrainingConfig, steps: int, seconds: float) -> None:
    """Write ``card.md`` from what lies in the run's folder."""
    (run / NAME).write_text(card(run, config, steps, seconds), encoding="utf-8")


def card(run: Path, config: TrainingConfig, steps: int, seconds: float) -> str:
    """The card as Markdown."""
    data = _read(run / DATA)
    best = min((row for row in read_log(run) if row["part"] == "validation"), key=lambda row: row["loss"], default=None)
    kind = (
        f"causal, {1000 * LOOK_AHEAD_SECONDS:.0f} ms of look-ahead"
        if config.network.variant == "causal"
        else "full context: it hears the whole sound before it answers"
    )
    lines = [
        f"# {config.name} {config.version} ({config.network.variant})",
        "",
        "Sound to face motion: visemes, phones and the rig's controls for mouth, eyes, brows and head, 50 a second.",
        "",
        f"- Kind: temporal convolutional network, {kind}; {config.network.channels} channels, "
        f"{len(config.network.dilations)} blocks.",
        "- Input: log-mel spectra, pitch and level, and the scores of the acoustic and the phone model that come with "
        "pocketsphinx (BSD licence; read from the installed package).",
        f"- Trained: {steps} steps of {config.training.batch} stretches of {config.training.rows / 50:g} s, seed "
        f"{config.training.seed}, {seconds / 60:.0f} minutes; the mean of the weights at the best validation is used.",
        "",
        "## Data",
        "",
    ]
    if data:
        lines += [
            f"- {data['hours']:g} hours ({data['clips']} clips, {len(data['people'])} people or voices, "
            f"{len(data['languages'])} languages), data set fingerprint `{data['fingerprint'][:16]}`.",
            f"- Languages: {', '.join(data['languages'])}.",
            f"- Judged while learning on {len(data['validation_people'])} others.",
            "- The papers of every clip (source, licence, consent) are in the data set's manifest.",
            *_kinds(data),
        ]
    lines += ["", "## Results", ""]
    if best is not None:
        lines.append(
            f"Validation at step {best['step']}: {100 * best['viseme_accuracy']:.1f} % of rows in the right one of 15 "
            f"viseme classes, {100 * best['phone_accuracy']:.1f} % in the right phone."
        )
    lines += [_evaluation(_read(run / EVALUATION)), "", "## Limits", "", *_limits(data), "", "## Reproduce", "", "```"]
    lines += [
        *_data_commands(data),
        f"python -m gpu_worker.training train --data DIR --config {config.name}-{config.network.variant}.toml -o RUN"
        # A run that was ended early is that of the same schedule up to there.
        + (f" --steps {steps}" if steps < config.training.steps else ""),
        "python -m gpu_worker.training evaluate RUN --data DIR",
        f"python -m gpu_worker.training export RUN -o {config.name}-{config.network.variant}.onnx",
        "```",
        "",
        "The configuration is `config.json` of the run and in the exported file's description. SOURCE is a folder of",
        "the recordings named above with their manifest (docs/training_data.md).",
    ]
    return "\n".join(lines) + "\n"


_UNSEEN = "- Eyes, brows and head were never taught: none of the data shows a face. Their outputs are not used."
_LIMITS = (
    "- What the mouth does is learnt from rules where the data are synthetic: as good as those at best, not better.",
    "- Words are better than sound alone: where the transcript is known, aligned phones are used instead.",
    "- Music, several people at once and noise as loud as the voice make it guess.",
    "- It says nothing of who speaks, and must not be used to tell what somebody said.",
)


def _limits(data: dict[str, Any]) -> tuple[str, ...]:
    return _LIMITS if not data or data.get("expression") else (*_LIMITS, _UNSEEN)


def _kinds(data: dict[str, Any]) -> list[str]:
    """What was learnt from, kind by kind, and the files of recordings."""
    lines = []
    for kind, told in data.get("kinds", {}).items():
        people = f": {', '.join(told['people'])}" if kind != "synthetic" else f" ({len(told['people'])} voices)"
        lines.append(
            f"- Of kind {kind}: {told['clips']} clips, {told['hours']:g} hours in {told['hearings']} hearings{people}."
        )
    made = data.get("made_of", {})
    if made.get("recordings"):
        lines.append(f"- Recordings in the set, all parts: {', '.join(made['recordings'])}.")
        lines.append(f"- Their SHA-256 begin with: {', '.join(one[:12] for one in made['checksums'])}.")
    return lines


def _data_commands(data: dict[str, Any]) -> list[str]:
    made = data.get("made_of", {})
    lines = [
        f"python -m gpu_worker.training dataset synthesise -o DIR --hours {hours:g} --seed {seed}"
        for seed, hours in made.get("synthetic", {}).items()
    ]
    if made.get("recordings"):
        lines.append("python -m gpu_worker.training dataset build SOURCE -o DIR")
    return lines


def _evaluation(found: dict[str, Any]) -> str:
    if not found:
        return ""
    return f"\n{found['table']}"


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    value = json.loads(path.read_text(encoding="utf-8"))
    return value if isinstance(value, dict) else {}
