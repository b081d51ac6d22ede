"""Neural voices that an operator has installed as files: a light register in the models folder.

A voice is two files in the Piper format, ``NAME.onnx`` and ``NAME.onnx.json``. :func:`add_voice` copies them to
``voices/ID/`` of the models folder beside ``voice.json``, which holds their checksums and the licence the operator
read.
Nothing is downloaded, and no model is loaded here; the site can use this. :mod:`gpu_worker.speech.neural_voice`
loads voices, and :mod:`gpu_worker.speech.voice_check` checks them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError
from gpu_worker.languages import VOICES, find_language
from gpu_worker.weights import commercial_only, models_folders, sha256_of

_FOLDER, _REGISTER = "voices", "voice.json"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_MOST_CONFIG_BYTES = 4 << 20


@dataclass(frozen=True)
class VoiceConfig:
    """What the JSON of a voice says. ``ids``: the model's numbers of each character of IPA. ``scales``: noise, length,
    noise of the lengths. ``hop``: samples for each frame of the durations that the model may give."""

    rate: int
    espeak_voice: str
    ids: Mapping[str, tuple[int, ...]]
    scales: tuple[float, float, float]
    speakers: int
    hop: int


@dataclass(frozen=True)
class InstalledVoice:
    """One voice of the register. ``language`` is a code of the list of languages; ``sha256`` is that of the model."""

    id: str
    language: str
    licence: str
    commercial_use: bool
    sha256: str
    config_sha256: str
    size: int
    model: Path
    config: Path


def add_voice(
    model: Path, licence: str, commercial_use: bool, voice_id: str | None = None, folder: Path | None = None
) -> InstalledVoice:
    """Install the voice of ``model`` (with its ``.json`` beside it) under ``voice_id``, by default the file's name.

    ``folder`` is the models folder, by default ``PICTURETALK_MODELS``. Raises :class:`InputError` ``bad_voice``.
    """
    name = voice_id if voice_id is not None else model.name.removesuffix(".onnx")
    if not _ID.fullmatch(name) or any(voice.code == name for voice in VOICES):
        raise _bad(f"“{name[:40]}” cannot be the name of a voice.", "Use letters, digits, - and _ that are not taken.")
    if not licence.strip():
        raise _bad("The licence of the voice is missing.", "Read it where the voice comes from, and state it.")
    source = model.with_name(model.name + ".json")
    for file in (model, source):
        if not file.is_file() or not file.stat().st_size:
            raise _bad(f"There is no file {file}.", "A voice is NAME.onnx with NAME.onnx.json beside it.")
    config = read_config(source)
    target = (folder or _own_folder()) / _FOLDER / name
    if target.exists():
        raise _bad(f"There is a voice called {name} already.", f"Remove {target} first, or choose another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as made:
        fresh = Path(made) / name
        fresh.mkdir()
        shutil.copyfile(model, fresh / "voice.onnx")
        shutil.copyfile(source, fresh / "voice.onnx.json")
        entry = {
            "id": name,
            "language": find_language(config.espeak_voice).code,
            "licence": licence.strip(),
            "commercial_use": commercial_use,
            "sha256": sha256_of(fresh / "voice.onnx"),
            "config_sha256": sha256_of(fresh / "voice.onnx.json"),
            "size": (fresh / "voice.onnx").stat().st_size,
        }
        (fresh / _REGISTER).write_text(json.dumps(entry, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.rename(target)
    return _voice(target, entry)


def list_voices(folders: Iterable[Path] | None = None) -> list[InstalledVoice]:
    """Every voice of the register, by name; entries that cannot be read are left out."""
    found: dict[str, InstalledVoice] = {}
    for folder in models_folders() if folders is None else folders:
        for register in sorted((folder / _FOLDER).glob(f"*/{_REGISTER}")):
            try:
                entry = json.loads(register.read_text(encoding="utf-8"))
                voice = _voice(register.parent, entry)
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            if voice.id == register.parent.name:
                found.setdefault(voice.id, voice)
    return [found[name] for name in sorted(found)]


def remove_voice(voice_id: str) -> InstalledVoice:
    """Erase an installed voice's files. Raises :class:`InputError` ``bad_voice`` when there is none of that name."""
    found = next((voice for voice in list_voices() if voice.id == voice_id.strip()), None)
    if found is None:
        raise _bad(f"There is no installed voice called “{voice_id.strip()[:40]}”.", "“voices list” shows their names.")
    shutil.rmtree(found.model.parent)
    return found


def installed_voice(voice_id: str | None, folders: Iterable[Path] | None = None) -> InstalledVoice | None:
    """The installed voice of that name that may be used here, or None. The name is compared, never made into a path."""
    if not voice_id or any(voice.code == voice_id.strip().lower() for voice in VOICES):
        return None
    found = next((voice for voice in list_voices(folders) if voice.id == voice_id.strip()), None)
    return None if found is not None and not found.commercial_use and commercial_only() else found


def read_config(path: Path) -> VoiceConfig:
    """The configuration of a voice. Raises :class:`InputError` ``bad_voice``, naming what is wrong with it."""
    try:
        if path.stat().st_size > _MOST_CONFIG_BYTES:
            raise ValueError("it is too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("phoneme_type", "espeak") != "espeak":
            raise ValueError("its phonemes are not those of espeak")
        config = _config(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _bad(
            f"{path.name} is not the configuration of a Piper voice ({str(problem)[:80]}).",
            "Use the .onnx.json that belongs to the voice.",
        ) from problem
    find_language(config.espeak_voice)
    return config


def _config(data: Any) -> VoiceConfig:
    inference = data.get("inference", {})
    ids = {str(key): tuple(int(number) for number in numbers) for key, numbers in data["phoneme_id_map"].items()}
    config = VoiceConfig(
        rate=int(data["audio"]["sample_rate"]),
        espeak_voice=str(data["espeak"]["voice"]),
        ids=ids,
        scales=(
            float(inference.get("noise_scale", 0.667)),
            float(inference.get("length_scale", 1.0)),
            float(inference.get("noise_w", 0.8)),
        ),
        speakers=int(data.get("num_speakers", 1)),
        hop=int(data.get("hop_length", 256)),
    )
    if not 4000 <= config.rate <= 96000:
        raise ValueError("its sample rate is out of range")
    if not all(0.0 <= scale <= 10.0 for scale in config.scales) or config.scales[1] <= 0.0 or config.hop < 1:
        raise ValueError("its scales are out of range")
    if any(len(ids.get(mark, ())) != 1 for mark in "_^$"):
        raise ValueError("its phoneme_id_map lacks the marks of beginning, end and padding")
    return config


def _voice(folder: Path, entry: Mapping[str, Any]) -> InstalledVoice:
    return InstalledVoice(
        id=str(entry["id"]),
        language=str(entry["language"]),
        licence=str(entry["licence"]),
        commercial_use=bool(entry["commercial_use"]),
        sha256=str(entry["sha256"]),
        config_sha256=str(entry["config_sha256"]),
        size=int(entry["size"]),
        model=folder / "voice.onnx",
        config=folder / "voice.onnx.json",
    )


def _own_folder() -> Path:
    own = os.environ.get("PICTURETALK_MODELS")
    if not own:
        raise _bad("There is no models folder.", "Set PICTURETALK_MODELS to a folder.")
    return Path(own)


def _bad(message: str, hint: str) -> InputError:
    return InputError("bad_voice", message, hint)
