"""Typed text to sound with exact times: espeak-ng's own phoneme and word events, nothing to be recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.errors import EngineError, InputError
from gpu_worker.languages import find_language, find_voice
from gpu_worker.schema import Phone, Timeline, Waveform, Word
from gpu_worker.speech.dictionary import PronunciationDictionary, as_dictionary
from gpu_worker.speech.espeak import Utterance, espeak
from gpu_worker.speech.flite import is_flite
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.passage import Passage, plain_text
from gpu_worker.speech.phone_map import MappedPhone, map_ipa
from gpu_worker.speech.script import Replaced, Script, espeak_script
from gpu_worker.speech.text import check_text, has_speech, no_speakable_text
from gpu_worker.speech.voices import installed_voice
from gpu_worker.visemes.spans import viseme_spans

Item = TypeVar("Item")

#: Speaking rate at ``speed`` 1, words a minute: an unhurried speaker.
WORDS_PER_MINUTE = 155
SPEED_RANGE = (0.5, 2.0)
PITCH_RANGE = (0.5, 2.0)
#: A shorter gap between two phones is no pause, seconds.
SHORTEST_PAUSE = 0.06
#: Silence before the first and after the last sound, seconds, so that the mouth starts and ends at rest.
LEAD_IN, LEAD_OUT = 0.15, 0.30


def synthesise(
    text: str,
    language: str = "en",
    voice: str | None = None,
    speed: float = 1.0,
    pitch: float = 1.0,
    config: EngineConfig | None = None,
    dictionary: Mapping[str, str] | PronunciationDictionary | None = None,
) -> tuple[Waveform, Timeline]:
    """Speak ``text``, in which the mark-up of :mod:`gpu_worker.speech.markup` is obeyed, at the voice's own rate
    (22050 Hz for espeak-ng).

    ``speed`` and ``pitch`` are factors in [0.5, 2]; ``voice`` is a code of :data:`gpu_worker.languages.VOICES`, of one
    of flite's voices, or the name of an installed neural voice, which has no pitch to change; ``dictionary`` says how
    its words are pronounced. The timeline's source is ``events``, except for neural voices that do not give the times
    of their phones.

    Raises :class:`InputError`: ``empty_text``, ``text_too_long``, ``no_speakable_text``, ``unsupported_language``,
    ``unknown_voice``, ``bad_speed``, ``bad_pitch``, ``speech_too_long``, ``markup_not_closed``, ``bad_markup``,
    ``bad_pronunciation``, ``voice_speaks_another_language``.
    """
    config = config or EngineConfig()
    find_language(language)
    _check_voice(voice, speed, pitch)
    passages = as_dictionary(dictionary).applied(parse_markup(check_text(text, config)))
    return synthesise_passages(passages, language, voice, speed, pitch, config)


def synthesise_passages(
    passages: Sequence[Passage],
    language: str,
    voice: str | None = None,
    speed: float = 1.0,
    pitch: float = 1.0,
    config: EngineConfig | None = None,
) -> tuple[Waveform, Timeline]:
    """Speak passages; all else as :func:`synthesise`."""
    config = config or EngineConfig()
    spoken = find_language(language)
    neural = installed_voice(voice)
    _check_voice(voice, speed, pitch)
    if not has_speech(plain_text(passages)):
        raise no_speakable_text()
    if neural is not None:
        from gpu_worker.speech.neural_synthesis import synthesise_neural

        return synthesise_neural(neural, tuple(passages), spoken, speed, config)
    if voice is not None and is_flite(voice):
        from gpu_worker.speech.flite_synthesis import synthesise_flite

        return synthesise_flite(voice.strip(), tuple(passages), spoken, speed, pitch, config)
    variant = find_voice(voice).variant
    name = f"{spoken.voice}+{variant}" if variant else spoken.voice
    # espeak-ng's pitch is 0..99 with 50 as the voice's own; an octave either way is the whole of it.
    scaled_pitch = int(np.clip(round(50 + 49 * np.log2(pitch)), 0, 99))
    script = espeak_script(passages, spoken.voice, scaled_pitch)
    utterance = speak(script, name, round(WORDS_PER_MINUTE * speed), scaled_pitch)
    if len(utterance.samples) / utterance.rate > config.max_sound_seconds:
        raise InputError(
            "speech_too_long",
            f"Spoken, this text lasts longer than {config.max_sound_seconds / 60:g} minutes.",
            "Shorten it, or make several videos.",
        )
    return _padded(utterance, script, spoken.code)


def _check_voice(voice: str | None, speed: float, pitch: float) -> None:
    if installed_voice(voice) is None and not is_flite(voice):
        find_voice(voice)
    _check_factor("speed", speed, SPEED_RANGE)
    _check_factor("pitch", pitch, PITCH_RANGE)


def speak(script: Script, voice: str, rate: int = WORDS_PER_MINUTE, pitch: int = 50) -> Utterance:
    """Have espeak-ng speak a script."""
    return espeak().speak(script.sent, voice, rate, pitch, marked=script.marked)


def event_phones(utterance: Utterance) -> list[Phone]:
    """The phones of an utterance, without gaps from its first event to its last; pauses are ``SIL``."""
    ends = [at for at, _ in utterance.phones[1:]] + [len(utterance.samples)]
    phones: list[Phone] = []
    for (start, ipa), end in zip(utterance.phones, ends, strict=True):
        if end <= start:
            continue
        mapped = map_ipa(ipa)
        short = (end - start) / utterance.rate < SHORTEST_PAUSE
        # A mark alone (palatalisation) or a gap inside a cluster of consonants is part of the phone before it.
        if not mapped and phones and (ipa or short):
            phones[-1] = replace(phones[-1], end=end / utterance.rate)
            continue
        mapped = mapped or (MappedPhone("SIL"),)
        step = (end - start) / len(mapped)
        for index, phone in enumerate(mapped):
            first = (start + index * step) / utterance.rate
            last = (start + (index + 1) * step) / utterance.rate
            _append(phones, Phone(phone.phone, first, last, phone.stress))
    return phones


@dataclass(frozen=True)
class SpokenWord:
    """A word of the text with what was spoken for it: for a number, several groups of phones, one for each spoken
    word."""

    label: str
    groups: tuple[tuple[Phone, ...], ...]


def spoken_words(utterance: Utterance, script: Script) -> list[SpokenWord]:
    """The words of what was sent, each with its phones. What is silent (punctuation) is left out."""
    phones = [(phone.start, phone) for phone in event_phones(utterance) if phone.phone != "SIL"]
    words: list[SpokenWord] = []
    for entry in grouped(utterance, script, phones):
        groups = tuple(entry.groups)
        # What stands for other words is one word, spaces or not.
        parts = _parted(entry.label, groups) if entry.instead is None else [(entry.label, groups)]
        words += [SpokenWord(label, part) for label, part in parts]
    return words


def grouped(utterance: Utterance, script: Script, items: Sequence[tuple[float, Item]]) -> list[FoundWord[Item]]:
    """The words of what was sent with those of ``items`` (seconds, anything) that sound in each; words without any are
    left out."""
    text = script.shown
    starts = [at / utterance.rate for at, _, _ in utterance.words]
    groups: list[list[Item]] = [[] for _ in starts]
    for at, item in items:
        # A word event comes a little before its first phone.
        index = int(np.searchsorted(starts, at + 1e-6, "right")) - 1
        if index >= 0:
            groups[index].append(item)
    found: list[FoundWord[Item]] = []
    for (_, first, count), group in zip(utterance.words, groups, strict=True):
        instead = next((part for part in script.replaced if part.first <= first < part.end), None)
        if _continues(found, first, instead, text):
            if group:
                found[-1].groups.append(tuple(group))
        else:
            found.append(FoundWord(first, first + count, instead, "", [tuple(group)] if group else []))
    starts_at = [min(entry.first, entry.instead.first) if entry.instead else entry.first for entry in found]
    labelled: list[FoundWord[Item]] = []
    for entry, limit in zip(found, [*starts_at[1:], len(text)], strict=True):
        written = text[entry.first : limit] if entry.instead is None else entry.instead.label
        label = label_of(written) or (text[entry.first : entry.end].strip() if entry.instead is None else written)
        if entry.groups:
            labelled.append(replace(entry, label=label, end=limit))
    return labelled


@dataclass(frozen=True)
class FoundWord(Generic[Item]):
    """One word: its first character of what was sent and that of the next word, what it stands for where that is not
    its characters, how it is shown, and its items, a group for each spoken word."""

    first: int
    end: int
    instead: Replaced | None
    label: str
    groups: list[tuple[Item, ...]]


def _continues(found: Sequence[FoundWord[Item]], first: int, instead: Replaced | None, text: str) -> bool:
    """Whether a word event at character ``first`` belongs to the word before it, as those inside a number do."""
    if not found or found[-1].instead is not instead:
        return False
    if instead is not None:
        return True
    return first < found[-1].end and not any(letter.isspace() for letter in text[found[-1].first : first])


def _parted(label: str, groups: tuple[tuple[Phone, ...], ...]) -> list[tuple[str, tuple[tuple[Phone, ...], ...]]]:
    """espeak-ng speaks some pairs ("in the") as one word: share its phones between them by their letters."""
    parts = [part for part in (label_of(part) for part in label.split()) if part]
    phones = [phone for group in groups for phone in group]
    if len(parts) < 2 or len(groups) > 1 or len(phones) < len(parts):
        return [(label, groups)]
    ends = np.cumsum([len(part) for part in parts]) / sum(len(part) for part in parts)
    cuts = [0]
    for place, end in enumerate(ends):
        left = len(parts) - place - 1
        cuts.append(int(np.clip(round(end * len(phones)), cuts[-1] + 1, len(phones) - left)))
    return [(part, (tuple(phones[cuts[place] : cuts[place + 1]]),)) for place, part in enumerate(parts)]


def label_of(text: str) -> str:
    """A word as it is shown: what stands before the next word, without spaces and punctuation around it."""
    return text.strip().strip("\"'“”„«»‘’()[]{}<>.,;:!?…-–—¿¡،؛؟。，、！？：；「」『』*_ \n\t")


def _padded(utterance: Utterance, script: Script, language: str) -> tuple[Waveform, Timeline]:
    phones = event_phones(utterance)
    if not any(phone.phone != "SIL" for phone in phones):
        raise no_speakable_text()
    words = [
        Word(word.label, word.groups[0][0].start, word.groups[-1][-1].end) for word in spoken_words(utterance, script)
    ]
    rate = utterance.rate
    lead = round(LEAD_IN * rate) / rate
    silence = np.zeros(round(LEAD_IN * rate), np.float32), np.zeros(round(LEAD_OUT * rate), np.float32)
    waveform = Waveform(np.concatenate([silence[0], utterance.samples, silence[1]]), rate)
    if not np.isfinite(waveform.samples).all():
        raise EngineError("The speech synthesiser gave samples that are not numbers.")
    timed: list[Phone] = []
    _append(timed, Phone("SIL", 0.0, lead + phones[0].start))
    for phone in phones:
        _append(timed, Phone(phone.phone, phone.start + lead, phone.end + lead, phone.stress))
    _append(timed, Phone("SIL", timed[-1].end, waveform.duration))
    timeline = Timeline(
        language=language,
        source="events",
        duration=waveform.duration,
        words=tuple(Word(word.word, word.start + lead, word.end + lead) for word in words),
        phones=tuple(timed),
        visemes=viseme_spans(timed),
        reasons=("The words were typed: the times are those of the speech synthesiser itself.",),
        score=1.0,
    )
    return waveform, timeline


def _append(phones: list[Phone], phone: Phone) -> None:
    """Add a phone; equal silences in a row are one."""
    if phones and phone.phone == "SIL" == phones[-1].phone:
        phones[-1] = Phone("SIL", phones[-1].start, phone.end)
    elif phone.end > phone.start:
        phones.append(phone)


def _check_factor(name: str, value: float, allowed: tuple[float, float]) -> None:
    low, high = allowed
    if not low <= value <= high:  # false for NaN too
        raise InputError(f"bad_{name}", f"The {name} must lie between {low:g} and {high:g}.", "1 is normal.")
