"""Which language a text is in, by its script and, where languages share one, by frequent words and character trigrams.

The model is small and our own: for each language a list of frequent words (:mod:`gpu_worker.speech.language_words`),
and a distribution of character trigrams learned from those words (W. Cavnar and J. Trenkle, "N-gram-based text
categorization", 1994, in its Bayesian form). It is never certain: a confidence is a probability, damped where there
is little text or few of its words are known. The user confirms it. Light: the site may import it.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gpu_worker.errors import InputError
from gpu_worker.speech import language_words
from gpu_worker.speech.markup import parse_markup
from gpu_worker.speech.passage import plain_text

#: Most characters looked at; more does not change the answer.
MOST_CHARACTERS = 2000
#: Nothing is ever surer than this.
SUREST = 0.99
#: Candidates below this are not named.
LEAST = 0.03

#: Share of the words of running text that are on the list of frequent words, as the model assumes.
_FREQUENT = 0.4
#: Letters and words are no independent witnesses: their evidence counts as much less.
_DAMPING = 0.2
#: Letters of evidence at which doubt that the text is of no listed language has halved.
_HALF_DOUBT = 6.0
#: Weight of the shorter context against what was counted, and of each letter that a language does not have.
_BACK_OFF, _FOREIGN = 1.0, 0.03
#: Languages of the scripts that need no words, or next to none; the name begins the names of the letters.
_SCRIPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("GREEK", ("el",)), ("ARMENIAN", ("hy",)), ("HEBREW", ("he",)), ("GEORGIAN", ("ka",)), ("ETHIOPIC", ("am",)),
    ("BENGALI", ("bn", "as")), ("GURMUKHI", ("pa",)), ("GUJARATI", ("gu",)), ("ORIYA", ("or",)), ("TAMIL", ("ta",)),
    ("TELUGU", ("te",)), ("KANNADA", ("kn",)), ("MALAYALAM", ("ml",)), ("SINHALA", ("si",)), ("THAI", ("th",)),
    ("MYANMAR", ("my",)), ("HANGUL", ("ko",)), ("HIRAGANA", ("ja",)), ("KATAKANA", ("ja",)), ("CJK", ("zh", "yue")),
)  # fmt: skip
_MODELS: dict[str, Mapping[str, str]] = {
    "LATIN": language_words.LATIN, "CYRILLIC": language_words.CYRILLIC, "ARABIC": language_words.ARABIC,
    "DEVANAGARI": language_words.DEVANAGARI,
}  # fmt: skip
#: Letters that Cantonese writes and Mandarin does not; letters that Assamese writes and Bengali does not.
_CANTONESE, _ASSAMESE = frozenset("係嘅唔喺咗嚟佢哋冇啲嗰咁乜嘢噉睇攞瞓"), frozenset("ৰৱ")
_JOINERS = frozenset("'’-\u200c\u200d")


@dataclass(frozen=True)
class Candidate:
    """A language of the list by its code, and how probable it is, from 0 to 1."""

    language: str
    confidence: float


def detect_language(text: str) -> tuple[Candidate, ...]:
    """The languages that ``text`` may be in, the likeliest first; empty where there are no letters to judge by.

    Confidences add up to at most 1; what is missing is the doubt.
    """
    words = _words(_bare(text)[:MOST_CHARACTERS])
    scripts: Counter[str] = Counter()
    by_script: dict[str, list[str]] = {}
    for word in words:
        script = _script(word)
        if script:
            scripts[script] += len(word) * (2 if script in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL") else 1)
            by_script.setdefault(script, []).append(word)
    if "HIRAGANA" in scripts or "KATAKANA" in scripts:  # Japanese mixes them with Chinese characters
        for other in ("KATAKANA", "CJK"):
            scripts["HIRAGANA"] += scripts.pop(other, 0)
            by_script.setdefault("HIRAGANA", []).extend(by_script.pop(other, []))
    total = sum(scripts.values())
    found: Counter[str] = Counter()
    for script, size in scripts.items():
        for candidate in _within(script, by_script[script]):
            found[candidate.language] += candidate.confidence * size / total  # type: ignore[assignment]
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Candidate(code, round(float(sure), 3)) for code, sure in ranked if sure >= LEAST)


def _words(text: str) -> list[str]:
    """Words in lower case: letters with the marks that belong to them, vowels in many scripts, and what joins them."""
    kept = [letter if unicodedata.category(letter)[0] in "LM" or letter in _JOINERS else " " for letter in text]
    words = ("".join(kept)).lower().replace("’", "'").split()
    return [word for word in (word.strip("'-\u200c\u200d") for word in words) if word]


def _bare(text: str) -> str:
    """The words of a text without its mark-up, where that can be read."""
    try:
        return unicodedata.normalize("NFC", plain_text(parse_markup(text)))
    except InputError:
        return unicodedata.normalize("NFC", text)


def _script(word: str) -> str:
    counts: Counter[str] = Counter()
    for letter in word:
        name = unicodedata.name(letter, "")
        for script in (*_MODELS, *(name for name, _ in _SCRIPTS)):
            if name.startswith(script):
                counts[script] += 1
                break
    return counts.most_common(1)[0][0] if counts else ""


def _within(script: str, words: list[str]) -> list[Candidate]:
    """The languages of one script for its words."""
    if script in _MODELS:
        return _judged(_model(script), words)
    languages = dict(_SCRIPTS)[script]
    letters = "".join(words)
    sure = SUREST * len(letters) / (len(letters) + 1.0)
    if script == "CJK":
        spoken = sum(letter in _CANTONESE for letter in letters)
        share = 0.95 if spoken >= 2 else 0.7 if spoken else 0.1
    elif script == "BENGALI":
        share = 0.95 if any(letter in _ASSAMESE for letter in letters) else max(0.05, 0.4 * 0.97 ** len(letters))
    else:
        return [Candidate(languages[0], sure)]
    return [Candidate(languages[0], sure * (1 - share)), Candidate(languages[1], sure * share)]


class _Language:
    """What was learned of one language. ``words``: log chance of each frequent word."""

    def __init__(self, words: list[str], endings: list[str], alphabet: int) -> None:
        weights: dict[str, float] = {}
        self._counts: Counter[str] = Counter()
        self._contexts: Counter[str] = Counter()
        self._alphabet = alphabet
        for place, word in enumerate(words):
            # The lists run from frequent to rare, roughly as Zipf has it.
            weights.setdefault(word, 1.0 / (place + 15))
            self._count(f"  {word} ", 2)
        for ending in endings:
            self._count(f"{ending} ", 1)
        total = sum(weights.values())
        self.words = {word: math.log(_FREQUENT * weight / total) for word, weight in weights.items()}

    def _count(self, framed: str, first: int) -> None:
        for at in range(first, len(framed)):
            for length in range(min(at, 2) + 1):
                self._contexts[framed[at - length : at]] += 1
                self._counts[framed[at - length : at + 1]] += 1

    def spelled(self, word: str) -> float:
        """Log chance of a word letter by letter: each after the two before it, smoothed by the one before it, by the
        letters of the language, and by a letter that it does not have."""
        framed = f"  {word} "
        total = 0.0
        for at in range(2, len(framed)):
            chance = 1.0 / self._alphabet
            for length, weight in ((0, _FOREIGN * self._alphabet), (1, _BACK_OFF), (2, _BACK_OFF)):
                context = framed[at - length : at]
                seen = self._counts[framed[at - length : at + 1]]
                chance = (seen + weight * chance) / (self._contexts[context] + weight)
            total += math.log(chance)
        return total


@lru_cache(maxsize=4)
def _model(script: str) -> dict[str, _Language]:
    alphabet = len({letter for text in _MODELS[script].values() for letter in text}) + 20
    endings = language_words.ENDINGS
    return {
        code: _Language(text.split(), endings.get(code, "").split(), alphabet) for code, text in _MODELS[script].items()
    }


def _judged(model: Mapping[str, _Language], words: list[str]) -> list[Candidate]:
    scores = {code: sum(_chance(language, word) for word in words) for code, language in model.items()}
    best = max(scores.values())
    likely = {code: math.exp(_DAMPING * (score - best)) for code, score in scores.items()}
    total = sum(likely.values())
    # How familiar the words are in the best language decides how far the whole judgement is to be trusted.
    winner = max(scores, key=lambda code: scores[code])
    known = sum(len(word) for word in words if word in model[winner].words)
    letters = sum(map(len, words))
    evidence = known + 0.35 * letters
    trust = SUREST * evidence / (evidence + _HALF_DOUBT) * (0.6 + 0.4 * min(1.0, 4.0 * known / max(letters, 1)))
    return [Candidate(code, trust * value / total) for code, value in likely.items()]


def _chance(language: _Language, word: str) -> float:
    """Log chance of a word: as one of the frequent ones, or letter by letter."""
    spelled = math.log(1.0 - _FREQUENT) + language.spelled(word)
    listed = language.words.get(word)
    return spelled if listed is None else max(listed, spelled) + math.log1p(math.exp(-abs(listed - spelled)))
