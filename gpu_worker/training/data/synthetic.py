"""Synthetic speech with exact phone times: every language and every voice that can speak here.

The times are those of the synthesiser's own events; speed, pitch, room, noise and line vary by seed. Utterance ``n`` of
a seed is the same wherever and whenever it is made. A voice counts as a person, so that a voice that is tested was
never trained on, in no language.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from gpu_worker.errors import EngineError
from gpu_worker.schema import FloatArray, Phone, Timeline, Waveform
from gpu_worker.speech.espeak import espeak
from gpu_worker.speech.flite import flite_voices, speak_flite
from gpu_worker.speech.ladder import covering
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.synthesis import event_phones
from gpu_worker.training.clip import FRAME_RATE, SAMPLE_RATE, Clip, Split, frame_visemes, phone_rows
from gpu_worker.training.data.augmentation import Augmented, all_coded, augment
from gpu_worker.training.data.index import Part
from gpu_worker.training.data.rule_motion import rule_controls
from gpu_worker.training.data.shards import ShardWriter
from gpu_worker.training.data.texts import has_words, language_of, spoken_text
from gpu_worker.visemes.spans import viseme_spans

#: Utterances in one batch, which is one shard of each part of the split: about a quarter of an hour.
BATCH = 128
#: Seconds that an utterance lasts on average, to know how many make an hour.
MEAN_SECONDS = 6.7
#: Kalaallisut stops espeak-ng on many texts.
_UNUSABLE = frozenset({"esx/kl"})
#: Voices that no one would take for a person.
_NO_PEOPLE = ("robosoft", "UniRobot", "Demonic", "croak", "klatt", "anikaRobot", "Tweaky")
#: Its voices were made from recordings of people, which espeak-ng's were not.
_FLITE_SHARE = 0.2
#: How much oftener a language is drawn of which we have words, and the one of which we have a dictionary.
_WITH_WORDS, _WITH_DICTIONARY = 2.0, 5.0
_WORDS_A_MINUTE, _PITCH, _RANGE = (110.0, 250.0), (15, 90), (20, 90)
#: Playing faster or slower moves tempo, pitch and the length of the vocal tract together.
_PLAYED = (0.88, 1.14)
_LEAD_IN, _LEAD_OUT = (0.1, 0.7), (0.2, 0.8)


@dataclass(frozen=True)
class Voices:
    """What can speak here: files of espeak-ng, its variants ("" for the voice as it is), voices of flite."""

    languages: tuple[str, ...]
    variants: tuple[str, ...]
    flite: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        return (
            *(f"espeak-ng {variant or 'plain'}" for variant in self.variants),
            *sorted({flite_person(voice) for voice in self.flite}),
        )


@dataclass(frozen=True)
class Spoken:
    """One utterance before the room and the line are added."""

    samples: FloatArray
    phones: tuple[Phone, ...]
    person: str
    language: str
    told: dict[str, Any]


@dataclass(frozen=True)
class SyntheticBatch:
    """Utterances ``number * BATCH`` and on; ``parts`` says where each voice belongs."""

    number: int
    seed: int
    voices: Voices
    parts: Mapping[str, Split]
    count: int = BATCH

    @property
    def stem(self) -> str:
        return f"synthetic-{self.seed}-{self.number:06d}"

    def make(self, folder: Path) -> Part:
        """Speak, write the shards, and say what they hold."""
        began = time.perf_counter()
        seeds = [np.random.SeedSequence([self.seed, self.number * BATCH + place]) for place in range(self.count)]
        spoken: list[Spoken] = []
        sounds: list[Augmented] = []
        rejects: list[dict[str, Any]] = []
        for place, seed in enumerate(seeds):
            child, room = seed.spawn(2)
            try:
                one = speak(self.voices, np.random.default_rng(child))
            except EngineError as problem:
                told = {"input": f"{self.stem}-{place:04d}", "reason": "not_spoken", "detail": str(problem)}
                rejects.append(told)
                continue
            babble = spoken[-1].samples if spoken else None
            spoken.append(one)
            sounds.append(augment(one.samples, room, babble))
        rows: list[dict[str, Any]] = []
        with ShardWriter(folder, self.stem) as writer:
            for clip in self._clips(spoken, all_coded(sounds)):
                writer.add(clip)
                rows.append(clip_row(clip))
            shards = writer.close()
        measured: dict[str, float] = {
            "seconds": float(sum(len(one.samples) for one in spoken)) / SAMPLE_RATE,
            "wall_s": time.perf_counter() - began,
        }
        return Part(self.stem, (self.stem,), (), shards, tuple(rows), tuple(rejects), measured)

    def _clips(self, spoken: list[Spoken], sounds: list[Augmented]) -> Iterator[Clip]:
        for place, (one, sound) in enumerate(zip(spoken, sounds, strict=True)):
            clean = Waveform(one.samples, SAMPLE_RATE)
            phones = tuple(covering(one.phones, clean.duration))
            timeline = Timeline(one.language, "events", clean.duration, (), phones, viseme_spans(phones))
            controls, seen = rule_controls(timeline, clean)
            yield Clip(
                key=f"{self.stem}-{place:04d}",
                person=one.person,
                split=self.parts[one.person],
                language=one.language,
                source="synthetic",
                samples=sound.samples,
                controls=controls,
                seen=seen,
                phones=phone_rows(phones),
                visemes=frame_visemes(timeline.visemes, len(controls), FRAME_RATE),
                manifest={**one.told, "changed": list(sound.steps)},
            )


def clip_row(clip: Clip) -> dict[str, Any]:
    """What the index and the card know of a clip."""
    row: dict[str, Any] = {"key": clip.key, "person": clip.person, "split": clip.split, "language": clip.language}
    row |= {"source": clip.source, "seconds": round(clip.duration, 3)}
    kept = ("licence", "commercial_use", "sex", "age_group", "skin_tone", "timing")
    return row | {name: clip.manifest[name] for name in kept if clip.manifest.get(name) is not None}


@lru_cache(maxsize=1)
def voices_here() -> Voices:
    """Every voice of espeak-ng and, where it is installed, of flite."""
    import espeakng_loader

    languages = {entry["file"] for entry in espeak().voices()} - _UNUSABLE
    variants = {file.name for file in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir()}
    people = {name for name in variants if not name.startswith(_NO_PEOPLE)}
    return Voices(tuple(sorted(languages)), ("", *sorted(people)), flite_voices())


def speak(voices: Voices, random: np.random.Generator) -> Spoken:
    """One utterance: who speaks what how is drawn from ``random``. Raises :class:`EngineError`."""
    if voices.flite and random.random() < _FLITE_SHARE:
        said, rate, phones, person, language, told = _by_flite(voices, random)
    else:
        said, rate, phones, person, language, told = _by_espeak(voices, random)
    if not any(phone.phone != "SIL" for phone in phones):
        raise EngineError("nothing was spoken")
    # 320/441 takes 22050 Hz to 16 kHz; another denominator plays faster or slower on the way.
    down = round(441 * rate / 22050 * float(random.uniform(*_PLAYED)))
    stretch = rate / SAMPLE_RATE * 320 / down
    lead, out = (int(float(random.uniform(*span)) * SAMPLE_RATE) for span in (_LEAD_IN, _LEAD_OUT))
    sound = resample_poly(said.astype(np.float64), 320, down).astype(np.float32)
    samples = np.concatenate([np.zeros(lead, np.float32), sound, np.zeros(out, np.float32)])
    at = lead / SAMPLE_RATE
    moved = tuple(replace(phone, start=phone.start * stretch + at, end=phone.end * stretch + at) for phone in phones)
    told |= {"played": round(1.0 / stretch, 4), "consent": "not needed: no person speaks", "commercial_use": True}
    told |= {"timing": "events"}
    return Spoken(np.clip(samples, -1.0, 1.0), moved, person, language, told)


_Said = tuple[FloatArray, int, list[Phone], str, str, dict[str, Any]]


def _by_espeak(voices: Voices, random: np.random.Generator) -> _Said:
    weights = np.array([_share_of(file) for file in voices.languages])
    file = voices.languages[int(random.choice(len(weights), p=weights / weights.sum()))]
    variant = voices.variants[int(random.integers(len(voices.variants)))]
    name = f"{file}+{variant}" if variant else file
    speed = round(float(random.uniform(*_WORDS_A_MINUTE)))
    pitch, melody = int(random.integers(*_PITCH)), int(random.integers(*_RANGE))
    text = spoken_text(file, random)
    utterance = espeak().speak(text.text, name, speed, pitch, melody, marked=text.marked)
    told: dict[str, Any] = {"licence": "no rights of a person; made by espeak-ng", "origin": f"espeak-ng {name}"}
    told |= {"text": text.kind, "words_a_minute": speed, "pitch": pitch, "pitch_range": melody}
    person = f"espeak-ng {variant or 'plain'}"
    return utterance.samples, utterance.rate, event_phones(utterance), person, language_of(file), told


def _share_of(file: str) -> float:
    """How often a voice file is drawn."""
    if language_of(file) == "en":
        return _WITH_DICTIONARY
    return _WITH_WORDS if has_words(file) else 1.0


def flite_person(voice: str) -> str:
    """Who was recorded for a voice of flite: ``flite-kal`` and ``flite-kal16`` are one man, and so are ``flite-awb``
    and ``flite-awb_time``."""
    return voice.split("_")[0].rstrip("0123456789")


def _by_flite(voices: Voices, random: np.random.Generator) -> _Said:
    voice = voices.flite[int(random.integers(len(voices.flite)))]
    text = spoken_text("gmw/en", random, ("sentence", "words", "numbers", "dictionary"))
    speed, pitch = (float(random.uniform(*span)) for span in ((0.75, 1.4), (0.8, 1.3)))
    said = speak_flite(voice, (Passage(text.text),), speed, pitch)
    told: dict[str, Any] = {"licence": "no rights of a person; made by flite", "origin": voice, "text": text.kind}
    return said.samples, said.rate, list(said.phones), flite_person(voice), "en", told
