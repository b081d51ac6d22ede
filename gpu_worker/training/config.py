"""What a training run is told, from a TOML file; every value has a default, and every name is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from gpu_worker.errors import InputError

Section = TypeVar("Section")


@dataclass(frozen=True)
class NetworkSection:
    """``variant`` is ``causal`` or ``full``; ``dilations`` one residual block each."""

    variant: str = "full"
    channels: int = 160
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 8)
    expression_channels: int = 48
    dropout: float = 0.1


@dataclass(frozen=True)
class DataSection:
    """``hearings``: how many differently changed copies of each training clip are prepared; 0 takes them as they are,
    and of several the first is the clip as it is. ``more_hearings`` gives other numbers for kinds of clips of which
    there are few. ``sources`` are the kinds of clips that are used; ``weights`` how often clips are drawn, by kind or
    by the beginning of the person's name, 1 for the others. Nothing in ``without_languages`` is learnt from, so that
    these can test what the model does with a language it has never heard. ``most_hours`` bounds what is prepared.
    """

    hearings: int = 1
    more_hearings: dict[str, int] = field(default_factory=dict)
    sources: tuple[str, ...] = ("synthetic", "speech", "video")
    weights: dict[str, float] = field(default_factory=dict)
    without_languages: tuple[str, ...] = ()
    most_hours: float = 0.0


@dataclass(frozen=True)
class TrainingSection:
    """``batch`` clips of ``rows`` (20 ms each) a step; ``warm_up`` and ``steps`` are those of the learning rate, which
    rises, then falls along a cosine. ``ema`` is the decay of the weights' mean. ``mixed_precision`` is ``auto`` (on a
    GPU), ``on`` or ``off``. ``patience`` is how many evaluations without gain end the run. ``start_from``: the weights
    of another run's export, of the same shape. Critics join after ``critics_after`` steps."""

    seed: int = 0
    steps: int = 1000
    batch: int = 24
    rows: int = 160
    learning_rate: float = 2e-3
    critic_rate: float = 4e-4
    weight_decay: float = 0.01
    warm_up: int = 50
    clip: float = 1.0
    ema: float = 0.995
    mixed_precision: str = "auto"
    evaluate_every: int = 100
    save_every: int = 100
    patience: int = 6
    critics_after: int = 300
    start_from: str = ""
    device: str = "auto"
    threads: int = 1


@dataclass(frozen=True)
class LossSection:
    visemes: float = 1.0
    phones: float = 0.5
    position: float = 6.0
    velocity: float = 3.0
    closure: float = 2.0
    expression: float = 0.3
    sync: float = 0.1
    adversarial: float = 0.05


@dataclass(frozen=True)
class CriticSection:
    motion_channels: int = 48
    sync_channels: int = 64


@dataclass(frozen=True)
class TrainingConfig:
    """One run. ``name`` and ``version`` go into the exported model."""

    name: str = "sound-motion"
    version: str = "1"
    network: NetworkSection = NetworkSection()
    data: DataSection = field(default_factory=DataSection)
    training: TrainingSection = TrainingSection()
    losses: LossSection = LossSection()
    critics: CriticSection = CriticSection()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def load_config(path: Path) -> TrainingConfig:
    """Read a TOML file. Raises :class:`InputError` ``bad_training_config`` with the name that is wrong."""
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise _bad(f"{path} cannot be read: {problem}") from problem
    return config_from(value)


def presets() -> dict[str, Path]:
    """The configurations that come with the product, by name."""
    return {file.stem: file for file in sorted(Path(__file__).with_name("configs").glob("*.toml"))}


def config_from(value: Mapping[str, Any]) -> TrainingConfig:
    """A configuration from nested mappings, as TOML and JSON give them."""
    config = _section(TrainingConfig, value, "")
    if config.network.variant not in ("causal", "full"):
        raise _bad(f"network.variant must be causal or full, not {config.network.variant!r}")
    if config.training.mixed_precision not in ("auto", "on", "off"):
        raise _bad("training.mixed_precision must be auto, on or off")
    for name in ("steps", "batch", "evaluate_every", "save_every"):
        if getattr(config.training, name) < 1:
            raise _bad(f"training.{name} must be at least 1")
    if config.training.rows < 80:
        raise _bad("training.rows must be at least 80: the sync critic compares moments up to 0.72 s apart")
    if config.network.expression_channels > config.network.channels:
        raise _bad("network.expression_channels must not exceed network.channels")
    return config


def _section(kind: type[Section], value: object, where: str) -> Section:
    if not isinstance(value, Mapping):
        raise _bad(f"{where or 'the file'} must be a table")
    hints = get_type_hints(kind)
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    for name in value:
        if name not in known:
            raise _bad(f"{where}{name} is not a setting")
    return kind(**{name: _value(hints[name], item, f"{where}{name}") for name, item in value.items()})


def _value(hint: Any, value: object, where: str) -> object:
    if is_dataclass(hint) and isinstance(hint, type):
        return _section(hint, value, where + ".")
    if hint in (int, float, str):
        right = isinstance(value, int | float) if hint is float else isinstance(value, hint)
        if not right or isinstance(value, bool):
            raise _bad(f"{where} must be of type {hint.__name__}, not {value!r}")
        return hint(value)
    if hint in (dict[str, float], dict[str, int]):
        kind = float if hint == dict[str, float] else int
        if not isinstance(value, Mapping) or not all(isinstance(item, int | kind) for item in value.values()):
            raise _bad(f"{where} must be a table of numbers")
        return {str(name): kind(item) for name, item in value.items()}
    if not isinstance(value, list | tuple):
        raise _bad(f"{where} must be a list")
    inner = int if hint == tuple[int, ...] else str
    if not all(isinstance(item, inner) for item in value):
        raise _bad(f"{where} must be a list of type {inner.__name__}")
    return tuple(value)


def _bad(message: str) -> InputError:
    return InputError("bad_training_config", message, "docs/training.md lists every setting.")
