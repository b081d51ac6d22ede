"""Typed text spoken by a neural voice in the Piper format: a VITS model that takes phonemes and gives sound.

espeak-ng, in its own process, says how the words are pronounced; onnxruntime runs the model, one sentence at a time.
Inputs are ``input`` (1, n), ``input_lengths`` (1), ``scales`` (3: noise, length, noise of the lengths) and, for several
speakers, ``sid`` (1); the first output is the sound. A second one, where the model has it, holds the frames of each
input, and then the phones' times are the model's own; else they are found by forced alignment.
(J. Kim et al., "Conditional variational autoencoder with adversarial learning for end-to-end text-to-speech", 2021.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_worker.errors import EngineError, InputError
from gpu_worker.schema import FloatArray, Phone, Word
from gpu_worker.speech.espeak import espeak
from gpu_worker.speech.passage import Passage
from gpu_worker.speech.phone_map import map_ipa
from gpu_worker.speech.script import espeak_script
from gpu_worker.speech.synthesis import SHORTEST_PAUSE, WORDS_PER_MINUTE, FoundWord, grouped
from gpu_worker.speech.voices import InstalledVoice, VoiceConfig, read_config

#: Silence after a sentence, seconds.
SENTENCE_PAUSE = 0.25
#: Most inputs to the model at once: a longer sentence is cut at a word, since memory grows with its square.
MOST_INPUTS = 600
_PEAK = 0.9
_SENTENCE = frozenset(".!?")
_MARKS = {"。": ".", "！": "!", "？": "?", "，": ",", "、": ",", "；": ";", "：": ":", "؟": "?", "،": ",", "؛": ";",
          "।": ".", "…": "."}  # fmt: skip


@dataclass(frozen=True)
class NeuralSpeech:
    """What a voice said. ``phones`` and ``words`` are None where the model does not say when they sound."""

    samples: FloatArray
    rate: int
    phones: tuple[Phone, ...] | None
    words: tuple[Word, ...] | None


@dataclass(frozen=True)
class _Token:
    """One phone, space or mark of a sentence with its inputs; ``word`` is its word's number in the sentence."""

    ids: tuple[int, ...]
    ipa: str = ""
    word: int | None = None


@dataclass(frozen=True)
class _Sentence:
    """What the model is given at once. ``rate`` and ``volume`` are factors; with ``pause`` (seconds) only silence."""

    tokens: tuple[_Token, ...] = ()
    words: tuple[str, ...] = ()
    rate: float = 1.0
    volume: float = 1.0
    pause: float = 0.0


class NeuralVoice:
    """A loaded voice. Safe to share between threads. Raises :class:`EngineError` when the model cannot be loaded."""

    def __init__(self, voice: InstalledVoice) -> None:
        self.config = read_config(voice.config)
        self._session = _session(voice)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        if not {"input", "input_lengths", "scales"} <= self._inputs or self._inputs - {
            "input", "input_lengths", "scales", "sid",
        }:  # fmt: skip
            raise EngineError(f"{voice.model} has other inputs than a Piper voice.", permanent=True)
        self.gives_durations = len(self._session.get_outputs()) > 1

    def speak(self, passages: Sequence[Passage], speed: float = 1.0, longest: float = 3600.0) -> NeuralSpeech:
        """Speak ``passages``; ``speed`` is a factor. Pitch and emphasis are not in the gift of such a model.

        Raises :class:`InputError` ``speech_too_long`` as soon as there are more than ``longest`` seconds.
        """
        rate = self.config.rate
        sounds: list[FloatArray] = []
        phones: list[Phone] = []
        words: list[Word] = []
        at = 0.0
        for sentence in self._sentences(passages):
            if sentence.pause:
                sound, frames = np.zeros(round(sentence.pause * rate), np.float32), None
            else:
                sound, frames = self._run(sentence, speed)
            if frames is not None:
                said, heard = _timed(sentence, frames, len(sound), rate, at)
                phones += said
                words += heard
            sounds.append(sound)
            at += len(sound) / rate
            if at > longest:
                raise InputError(
                    "speech_too_long",
                    f"Spoken, this text lasts longer than {longest / 60:g} minutes.",
                    "Shorten it, or make several videos.",
                )
        samples = np.concatenate(sounds) if sounds else np.zeros(0, np.float32)
        peak = float(np.abs(samples).max(initial=0.0))
        scaled: FloatArray = (samples * (_PEAK / peak if peak > 1e-6 else 1.0)).astype(np.float32)
        timed = self.gives_durations
        return NeuralSpeech(scaled, rate, tuple(phones) if timed else None, tuple(words) if timed else None)

    def _run(self, sentence: _Sentence, speed: float) -> tuple[FloatArray, NDArray[np.float64] | None]:
        """The sound of a sentence and, where the model says so, the samples of each of its inputs."""
        ids = np.array([_inputs(sentence.tokens, self.config)], np.int64)
        noise, length, noise_of_lengths = self.config.scales
        given: dict[str, Any] = {
            "input": ids,
            "input_lengths": np.array([ids.shape[1]], np.int64),
            "scales": np.array([noise, length / (speed * sentence.rate), noise_of_lengths], np.float32),
        }
        if "sid" in self._inputs:
            given["sid"] = np.zeros(1, np.int64)
        try:
            answers = self._session.run(None, given)
        except _failures() as problem:
            raise EngineError(f"The neural voice failed: {problem}", permanent=True) from problem
        sound = np.asarray(answers[0], np.float32).reshape(-1) * np.float32(sentence.volume)
        if not len(sound) or not np.isfinite(sound).all():
            raise EngineError("The neural voice gave no sound.", permanent=True)
        if not self.gives_durations:
            return sound, None
        frames = np.asarray(answers[1], np.float64).reshape(-1)
        if len(frames) != ids.shape[1] or not np.isfinite(frames).all() or (frames < 0).any() or not frames.sum():
            raise EngineError("The neural voice gave durations that do not belong to its input.", permanent=True)
        return sound, frames * self.config.hop

    def _sentences(self, passages: Sequence[Passage]) -> Iterable[_Sentence]:
        """The passages cut into what the model is given at once, with the silences between."""
        waiting: list[Passage] = []
        for passage in [*passages, Passage("")]:
            same = not waiting or (waiting[-1].rate, waiting[-1].volume) == (passage.rate, passage.volume)
            if waiting and (passage.pause or not same or passage == Passage("")):
                yield from self._spoken(waiting)
                waiting = []
            if passage.pause:
                yield _Sentence(pause=passage.pause)
            elif passage.text or passage.ipa:
                waiting.append(passage)

    def _spoken(self, passages: Sequence[Passage]) -> Iterable[_Sentence]:
        bare = [replace(passage, rate=1.0, pitch=1.0, volume=1.0, emphasis=None) for passage in passages]
        voice = self.config.espeak_voice
        script = espeak_script(bare, voice)
        utterance = espeak().speak(script.sent, voice, WORDS_PER_MINUTE, marked=script.marked)
        sounds = [(at / utterance.rate, ipa) for at, ipa in utterance.phones if ipa]
        found = grouped(utterance, script, sounds)
        tokens: list[_Token] = []
        labels: list[str] = []
        for place, word in enumerate(found):
            mark = _mark(script.shown, word, self.config)
            tokens += self._tokens(word, len(labels))
            labels.append(word.label)
            size = sum(len(token.ids) for token in tokens) * 2
            last = place + 1 == len(found)
            if mark:
                tokens.append(_Token(self.config.ids[mark]))
            if last or mark in _SENTENCE or size > MOST_INPUTS:
                yield _Sentence(tuple(tokens), tuple(labels), passages[0].rate, passages[0].volume)
                tokens, labels = [], []
                if mark in _SENTENCE and not last:
                    yield _Sentence(pause=SENTENCE_PAUSE / passages[0].rate)
            elif " " in self.config.ids:
                tokens.append(_Token(self.config.ids[" "]))

    def _tokens(self, word: FoundWord[str], number: int) -> Iterable[_Token]:
        for place, group in enumerate(word.groups):
            if place and " " in self.config.ids:
                yield _Token(self.config.ids[" "])
            for ipa in group:
                letters = unicodedata.normalize("NFD", ipa)
                # Letters that the model has never met are left out, as those who train such models do.
                ids = tuple(number for letter in letters for number in self.config.ids.get(letter, ()))
                yield _Token(ids, ipa, number)


@lru_cache(maxsize=3)
def neural_voice(voice: InstalledVoice) -> NeuralVoice:
    """The loaded voice, kept for the next text."""
    return NeuralVoice(voice)


def why_unusable(voice: InstalledVoice) -> str:
    """Why a voice cannot speak, found out by a word; empty when it can."""
    try:
        spoken = NeuralVoice(voice).speak((Passage("a"),))
    except (EngineError, InputError) as problem:
        return str(problem)
    return "" if float(np.abs(spoken.samples).max(initial=0.0)) > 0 else "it is silent"


def _inputs(tokens: Sequence[_Token], config: VoiceConfig) -> list[int]:
    """The model's inputs: beginning, every number followed by a padding, end."""
    pad, numbers = config.ids["_"], [*config.ids["^"], *config.ids["_"]]
    for token in tokens:
        for number in token.ids:
            numbers += [number, *pad]
    return [*numbers, *config.ids["$"]]


def _timed(
    sentence: _Sentence, lengths: NDArray[np.float64], count: int, rate: int, offset: float
) -> tuple[list[Phone], list[Word]]:
    """Phones and words of a sentence from the samples of each input, stretched to the sound that came of them."""
    # A beginning and its padding come first; then every number has a padding behind it.
    edges = np.concatenate([[0.0], np.cumsum(lengths)]) * (count / lengths.sum()) / rate + offset
    place = 2
    phones: list[Phone] = []
    spans: dict[int, tuple[float, float]] = {}
    for token in sentence.tokens:
        start, end = float(edges[place]), float(edges[place + 2 * len(token.ids)])
        place += 2 * len(token.ids)
        mapped = map_ipa(token.ipa)
        if token.word is None:
            if phones and end - start < SHORTEST_PAUSE:
                phones[-1] = replace(phones[-1], end=end)  # between two words without a pause
            continue
        spans[token.word] = (spans.get(token.word, (start, end))[0], end)
        step = (end - start) / max(len(mapped), 1)
        phones += [
            Phone(phone.phone, start + index * step, start + (index + 1) * step, phone.stress)
            for index, phone in enumerate(mapped)
            if step > 0
        ]
    return phones, [Word(sentence.words[number], start, end) for number, (start, end) in sorted(spans.items())]


def _mark(text: str, word: FoundWord[str], config: VoiceConfig) -> str:
    """The punctuation after a word, if the model knows it; a sentence's end counts more than the rest."""
    after = [_MARKS.get(letter, letter) for letter in text[word.first : word.end].rstrip()[-4:]]
    if word.instead is not None:
        after = [_MARKS.get(letter, letter) for letter in text[word.instead.end : word.end]]
    marks = [letter for letter in after if letter in ".!?,;:" and letter in config.ids]
    return next((mark for mark in marks if mark in _SENTENCE), marks[0] if marks else "")


def _session(voice: InstalledVoice) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(voice.model), options, providers=["CPUExecutionProvider"])
    except _failures() as problem:
        raise EngineError(f"{voice.model} cannot be loaded: {str(problem)[:200]}", permanent=True) from problem


def _failures() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its errors have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented",
             "RuntimeException", "EPFail", "NoModel", "ModelLoaded")  # fmt: skip
    own = tuple(getattr(state, name) for name in names if hasattr(state, name))
    return (*own, RuntimeError, ValueError, OSError)
