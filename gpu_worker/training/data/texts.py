"""What synthetic voices say: our own sentences, frequent words, numbers and dates, and words that do not exist.

Invented words are built from a voice's own inventory of sounds, so that every sound of every language is met beside
every other, also in languages of which we have no words. Nothing here was taken from anybody's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gpu_worker.speech.espeak import espeak
from gpu_worker.speech.language_words import ARABIC, CYRILLIC, DEVANAGARI, LATIN
from gpu_worker.speech.phone_map import VOWELS, map_ipa
from gpu_worker.speech.pronunciation import dictionary_path

#: What people make portraits say.
SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "Hello, this is my grandmother, and today she would have been ninety years old.",
        "Choose a photo, type a few words, and listen before you make the video.",
        "Please move both lips together in the middle of maybe, problem and humble.",
        "We five very brave friends left the village before the storm.",
        "She showed us which of the cheap shoes she should choose.",
        "What a long, cold and beautiful evening it was!",
    ),
    "de": (
        "Guten Tag, ich heiße Emma und wohne seit vierzig Jahren in diesem Haus.",
        "Wähle ein Foto, schreibe ein paar Worte und höre sie dir vorher an.",
        "Möchtest du übermorgen mit uns zum Frühstück kommen?",
        "Viele Grüße an alle, die heute nicht hier sein können.",
    ),
    "fr": (
        "Bonjour à tous, je suis très heureux de vous revoir aujourd'hui.",
        "Choisis une photo, écris quelques mots et écoute-les d'abord.",
        "Un bon vin blanc, du pain et un peu de beurre, voilà ce qu'il nous faut.",
    ),
    "es": (
        "Hola a todos, hoy celebramos el cumpleaños de mi abuela.",
        "Elige una foto, escribe unas palabras y escúchalas antes.",
        "¿Quién viene mañana a comer con nosotros en el jardín?",
    ),
    "it": (
        "Buongiorno a tutti, oggi festeggiamo il compleanno della nonna.",
        "Scegli una foto, scrivi qualche parola e ascoltala prima.",
    ),
    "pt": (
        "Bom dia, hoje é o aniversário da minha avó e estamos todos felizes.",
        "Escolhe uma fotografia, escreve algumas palavras e ouve primeiro.",
    ),
    "nl": (
        "Goedemorgen, vandaag is oma jarig en we zijn allemaal blij.",
        "Kies een foto, typ een paar woorden en luister eerst even.",
    ),
    "pl": (
        "Dzień dobry, dzisiaj są urodziny mojej babci.",
        "Wybierz zdjęcie, napisz kilka słów i najpierw posłuchaj.",
    ),
    "ru": ("Здравствуйте, сегодня день рождения моей бабушки.", "Выберите фотографию, напишите несколько слов."),
    "tr": ("Merhaba, bugün büyükannemin doğum günü.", "Bir fotoğraf seç, birkaç kelime yaz ve önce dinle."),
    "el": ("Καλημέρα, σήμερα είναι τα γενέθλια της γιαγιάς μου.", "Διάλεξε μια φωτογραφία και γράψε λίγα λόγια."),
    "cmn": ("你好,今天是我奶奶的生日。", "请选一张照片,写几句话,先听一听。"),
    "ja": ("こんにちは、きょうは おばあさんの たんじょうびです。", "しゃしんを えらんで ことばを かいてください。"),
    "ko": ("안녕하세요, 오늘은 할머니의 생신입니다.", "사진을 고르고 몇 마디 써 보세요."),
    "hi": ("नमस्ते, आज मेरी दादी का जन्मदिन है।",),
    "ar": ("مرحبا، اليوم عيد ميلاد جدتي.",),
    "ka": ("გამარჯობა, დღეს ბებიაჩემის დაბადების დღეა.",),
    "hy": ("Բարեւ, այսօր տատիկիս ծննդյան օրն է։",),
    "he": ("שלום, היום יום ההולדת של סבתא שלי.",),
    "th": ("สวัสดี วันนี้เป็นวันเกิดของคุณยาย",),
    "ta": ("வணக்கம், இன்று என் பாட்டியின் பிறந்தநாள்.",),
    "te": ("నమస్కారం, ఈ రోజు మా అమ్మమ్మ పుట్టినరోజు.",),
    "bn": ("নমস্কার, আজ আমার দিদিমার জন্মদিন।",),
    "am": ("ሰላም፣ ዛሬ የአያቴ ልደት ነው።",),
}
#: How a text is made, and how often.
_KINDS: tuple[tuple[str, float], ...] = (
    ("sentence", 0.18), ("words", 0.4), ("numbers", 0.12), ("invented", 0.3), ("dictionary", 1.0),
)  # fmt: skip
#: The language of the pronouncing dictionary, and how many of a text's words are of it; the others are frequent ones.
_DICTIONARY, _RARE = "en", 0.55
_WORDS = {**LATIN, **CYRILLIC, **ARABIC, **DEVANAGARI}
#: Marks between words and at the end, and how often: they make pauses and melodies.
_COMMA, _ENDS = 0.12, (".", "?", "!", "...")
_SYLLABLES = (1, 2, 2, 3, 3, 4)


@dataclass(frozen=True)
class SpokenText:
    """``marked``: the text holds phoneme mnemonics in double brackets and is sent as mark-up."""

    text: str
    kind: str
    marked: bool = False


def spoken_text(voice: str, random: np.random.Generator, kinds: Sequence[str] | None = None) -> SpokenText:
    """Something for the espeak-ng voice file ``voice`` (such as ``gmw/de``) to say, of one of ``kinds``: five to ten
    seconds of speech."""
    language = language_of(voice)
    offered = [(kind, share) for kind, share in _KINDS if kind in (kinds or dict(_KINDS)) and _possible(kind, language)]
    shares = np.array([share for _, share in offered])
    kind = offered[int(random.choice(len(offered), p=shares / shares.sum()))][0]
    if kind == "sentence":
        texts = SENTENCES[language]
        count = min(len(texts), int(random.integers(1, 3)))
        return SpokenText(" ".join(texts[int(i)] for i in random.permutation(len(texts))[:count]), kind)
    if kind == "words":
        words = _WORDS[language].split()
        chosen = [words[int(i)] for i in random.integers(0, len(words), int(random.integers(10, 24)))]
        return SpokenText(_punctuated(chosen, random), kind)
    if kind == "dictionary":
        return SpokenText(_from_dictionary(random), kind)
    if kind == "numbers":
        return SpokenText(_numbers(random), kind)
    return SpokenText(_invented(voice, random), kind, marked=True)


def has_words(voice: str) -> bool:
    """Whether we have words of the language that an espeak-ng voice file speaks."""
    return language_of(voice) in _WORDS or language_of(voice) in SENTENCES


def language_of(voice: str) -> str:
    """The language of an espeak-ng voice file, without its region: ``roa/fr-BE`` speaks ``fr``."""
    return voice.rpartition("/")[2].split("-")[0].lower()


def _possible(kind: str, language: str) -> bool:
    table: dict[str, dict[str, object]] = {
        "sentence": dict(SENTENCES),
        "words": dict(_WORDS),
        "dictionary": {_DICTIONARY: None},
    }
    return kind not in table or language in table[kind]


def _punctuated(words: list[str], random: np.random.Generator) -> str:
    pieces = [word + ("," if random.random() < _COMMA else "") for word in words[:-1]]
    return " ".join([*pieces, words[-1] + _ENDS[int(random.integers(len(_ENDS)))]])


def _from_dictionary(random: np.random.Generator) -> str:
    """Words of the dictionary between frequent words: reduced vowels beside full ones, as in sentences."""
    frequent, rare = _WORDS[_DICTIONARY].split(), _dictionary_words()
    words = []
    for _ in range(int(random.integers(10, 24))):
        source = rare if random.random() < _RARE else frequent
        words.append(source[int(random.integers(len(source)))])
    return _punctuated(words, random)


@lru_cache(maxsize=1)
def _dictionary_words() -> tuple[str, ...]:
    """The words of the aligner's dictionary that are letters alone and no shorter than three."""
    lines = dictionary_path().read_text(encoding="utf-8").splitlines()
    words = (line.split(" ", 1)[0] for line in lines)
    return tuple(word for word in words if len(word) > 2 and word.isascii() and word.isalpha())


def _numbers(random: np.random.Generator) -> str:
    """Years, prices, dates and telephone numbers: read out in every language that counts."""
    told = []
    for _ in range(int(random.integers(3, 6))):
        form = int(random.integers(4))
        if form == 0:
            told.append(str(int(random.integers(1700, 2100))))
        elif form == 1:
            told.append(f"{int(random.integers(1, 29))}.{int(random.integers(1, 13))}.")
        elif form == 2:
            told.append(" ".join(str(int(digit)) for digit in random.integers(0, 10, 5)))
        else:
            told.append(str(int(10 ** random.uniform(1, 5))))
    return ", ".join(told) + "."


def _invented(voice: str, random: np.random.Generator) -> str:
    vowels, consonants = sounds_of(voice)
    words = []
    for _ in range(int(random.integers(7, 16))):
        count = _SYLLABLES[int(random.integers(len(_SYLLABLES)))]
        stressed = int(random.integers(count))
        word = ""
        for syllable in range(count):
            onset = consonants[int(random.integers(len(consonants)))] if random.random() < 0.85 else ""
            coda = consonants[int(random.integers(len(consonants)))] if random.random() < 0.2 else ""
            mark = "'" if syllable == stressed else ""
            # The separator keeps two mnemonics from being read as a longer one.
            word += "|".join(part for part in (onset, mark + vowels[int(random.integers(len(vowels)))], coda) if part)
            word += "|" if syllable < count - 1 else ""
        words.append(f"[[{word}]]" + (", " if random.random() < _COMMA else " "))
    return "".join(words).strip() + "."


@lru_cache(maxsize=256)
def sounds_of(voice: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Mnemonics of the vowels and of the consonants of a voice that are single sounds of ours."""
    vowels: dict[str, str] = {}
    consonants: dict[str, str] = {}
    # The shortest name of a sound is that of the sound itself; longer ones are its shapes beside others.
    for mnemonic, ipa in sorted(espeak().inventory(voice), key=lambda pair: (len(pair[0]), pair[0])):
        mapped = map_ipa(ipa)
        if len(mapped) == 1 and all(letter.isalpha() or letter in "@:~;" for letter in mnemonic):
            (vowels if mapped[0].phone in VOWELS else consonants).setdefault(ipa, mnemonic)
    return tuple(vowels.values()), tuple(consonants.values())
