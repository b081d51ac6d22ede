"""No phone of any language may fall to silence."""

from __future__ import annotations

import struct
import unicodedata
from pathlib import Path

import espeakng_loader
import pytest

from gpu_worker.speech.decoder import aligner
from gpu_worker.speech.espeak import espeak
from gpu_worker.speech.phone_map import PHONES, acoustic, map_ipa, map_pronunciation
from gpu_worker.visemes.parameters import SHAPES, TRANSPARENT

DATA = Path(espeakng_loader.get_data_path())
#: Kinds of espeak-ng's phonemes that sound: vowel, liquid, stop, voiced stop, fricative, voiced fricative, nasal.
SOUNDING = range(2, 9)


def phoneme_tables() -> dict[str, tuple[str | None, list[str]]]:
    """Name of each table of espeak-ng's ``phontab``: the table it extends, and its own sounding mnemonics."""
    data = (DATA / "phontab").read_bytes()
    place, tables = 4, []
    for _ in range(data[0]):
        count, extends = data[place], data[place + 1]
        name = data[place + 4 : place + 36].split(b"\0")[0].decode()
        place += 36
        entries = [struct.unpack_from("4sII BBBB", data, place + 16 * index) for index in range(count)]
        place += 16 * count
        kinds = [data[place - 16 * count + 16 * index + 11] for index in range(count)]
        own = [
            entry[0].split(b"\0")[0].decode("latin-1")
            for entry, kind in zip(entries, kinds, strict=True)
            if kind in SOUNDING
        ]
        tables.append((name, extends, own))
    names = [name for name, _, _ in tables]
    return {name: (names[extends - 1] if extends else None, own) for name, extends, own in tables}


def table_of(voice_file: str, tables: dict[str, tuple[str | None, list[str]]]) -> str | None:
    lines = (DATA / "lang" / voice_file).read_text("utf-8", errors="replace").splitlines()
    named = [line.split()[1] for line in lines if line.startswith("phonemes ")]
    candidates = [*named, voice_file.rpartition("/")[2], voice_file.rpartition("/")[2].split("-")[0].lower()]
    return next((name for name in candidates if name in tables), None)


def test_every_phone_of_every_language_is_mapped() -> None:
    tables = phoneme_tables()
    covered: set[str] = set()
    sounding = 0
    lost: list[tuple[str, str, str]] = []
    for voice in espeak().voices():
        name = table_of(voice["file"], tables)
        while name is not None and name not in covered:
            covered.add(name)
            extends, own = tables[name]
            ipas = espeak().phonemes([f"[[{mnemonic}]]" for mnemonic in own], voice["file"].rpartition("/")[2], True)
            for mnemonic, ipa in zip(own, ipas, strict=True):
                letters = [c for c in ipa if unicodedata.category(c) in ("Ll", "Lu", "Lo")]
                if not letters:
                    continue
                sounding += 1
                mapped = map_ipa(ipa.replace("_", "").replace(" ", ""))
                if not mapped or any(phone.phone not in PHONES - {"SIL"} for phone in mapped):
                    lost.append((voice["file"], mnemonic, ipa))
            name = extends
    assert len(covered) > 110
    assert sounding > 3000
    assert lost == []


def test_faroese_vowels_written_as_digits_are_vowels() -> None:
    for ipa in ("2", "ˈ2ː", "4", "5ː", "9"):
        assert len(map_ipa(ipa)) == 1
    assert [phone.phone for phone in map_ipa("i5")] == ["IY"]  # a tone


def test_every_phone_has_a_shape_and_a_sound_for_the_aligner() -> None:
    for phone in PHONES:
        assert phone in TRANSPARENT or phone in SHAPES
    engine = aligner()
    for index, phone in enumerate(sorted(PHONES - {"SIL"})):
        engine.add_word(f"test{index}", acoustic(phone), False)  # raises for a phone it does not know


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("tʃ", "CH"), ("ˈeɪ", "EY"), ("ts", "T S"), ("ʁ", "R"), ("ɲ", "N"), ("yː", "Y2"), ("œ̃", "OE"), ("ã", "AA"),
        ("ç", "SH"), ("tʲ", "T"), ("pʰ", "P"), ("ɯ", "UU"), ("ɡ", "G"), ("t̪", "T"), ("", ""), ("ˈ", ""), ("ʲ", ""),
    ],
)  # fmt: skip
def test_single_sounds(ipa: str, phones: str) -> None:
    assert " ".join(phone.phone for phone in map_ipa(ipa)) == phones


def test_pronunciations_keep_stress_and_drop_language_switches() -> None:
    words = map_pronunciation("h_ə_l_ˈoʊ (de)v_ˈɛ_l_t(en)")
    assert [[phone.phone for phone in word] for word in words] == [["HH", "AX", "L", "OW"], ["V", "EH", "L", "T"]]
    assert [phone.stress for phone in words[0]] == [0, 0, 0, 1]
