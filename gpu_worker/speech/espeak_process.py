"""The process that loads espeak-ng and speaks over pipes: ``python -m gpu_worker.speech.espeak_process``.

espeak-ng is under the GPL, so nothing but this program loads it, and everybody else talks to this program. A request
is one line of JSON on standard input; an answer is one line of JSON on standard output, followed by as many bytes of
16-bit little-endian mono sound as its ``bytes`` says. Requests:

    {"op": "speak", "text", "voice", "rate", "pitch", "range"}   rate in words a minute, pitch and range 0..99
    {"op": "phonemes", "texts": [...], "voice"}                  IPA, "_" between phones, " " between words
    {"op": "inventory", "voice"}                                 (mnemonic, IPA) of every sound of the voice
    {"op": "voices"}                                             what the library offers

Only the standard library is imported, so the process starts in a few tens of milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import espeakng_loader

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS
_PHONEME_EVENTS, _PHONEME_IPA = 1, 2
_WORD, _END, _PHONEME = 1, 5, 7  # espeak_EVENT_TYPE
_RATE, _PITCH, _RANGE, _CAPITALS = 1, 3, 4, 6  # espeak_PARAMETER
_UTF8 = 1  # espeakCHARS_UTF8; without the bits for SSML and [[phonemes]] text is only ever text
_SSML = 0x10  # espeakSSML: for requests with "marked", whose mark-up gpu_worker.speech.script has written
_AS_PHONEMES = 0x100  # espeakPHONEMES: for the inventory and for "marked", never for text as typed
_IPA_SEPARATED = 2 | (ord("_") << 8)


class _Identity(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    ]


class _Voice(ctypes.Structure):
    """``espeak_VOICE``; ``languages`` is a priority byte followed by a string."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Speaker:
    """The loaded library and what its callback has collected so far."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        data = espeakng_loader.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS | _PHONEME_IPA)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng did not start")
        self._sound: list[bytes] = []
        self._phones: list[tuple[int, str]] = []
        self._words: list[tuple[int, int, int]] = []
        self._callback = _Callback(self._collect)  # kept: the library holds only the pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._sound.append(ctypes.string_at(samples, count * 2))
        index = 0
        while events[index].type:
            event = events[index]
            if event.type == _PHONEME:
                # The eight bytes may end in the middle of a character.
                self._phones.append((event.sample, bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")))
            elif event.type == _WORD:
                self._words.append((event.sample, event.text_position - 1, event.length))
            elif event.type == _END:
                self._phones.append((event.sample, ""))
            index += 1
        return 0

    def _select(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise LookupError(f"no voice {voice}")

    def speak(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self._select(request["voice"])
        for parameter, value in ((_RATE, request["rate"]), (_PITCH, request["pitch"]), (_RANGE, request["range"])):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        flags = _UTF8 | _SSML | _AS_PHONEMES if request.get("marked", False) else _UTF8
        self._synthesise(request["text"].encode("utf-8"), flags)
        sound = b"".join(self._sound)
        answer = {"rate": self.rate, "bytes": len(sound), "phones": self._phones, "words": self._words}
        return answer, sound

    def phonemes(self, texts: list[str], voice: str, spelled: bool = False) -> list[str]:
        self._select(voice)
        # espeak_TextToPhonemes takes over whether [[ ]] is read as phonemes from the last synthesis.
        self._synthesise(b" ", _UTF8 | (_AS_PHONEMES if spelled else 0))
        return [self._phonemes_of(text) for text in texts]

    def inventory(self, voice: str) -> list[tuple[str, str]]:
        names = _mnemonics(Path(espeakng_loader.get_data_path()) / "phontab")
        return list(zip(names, self.phonemes([f"[[{name}]]" for name in names], voice, spelled=True), strict=True))

    def _synthesise(self, text: bytes, flags: int) -> None:
        self._sound, self._phones, self._words = [], [], []
        status = self._library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 0, 0, flags, None, None)
        if status != 0:
            raise RuntimeError(f"espeak-ng answered {status}")

    def _phonemes_of(self, text: str) -> str:
        rest = ctypes.c_char_p(text.encode("utf-8"))
        clauses: list[str] = []
        while rest.value:  # the library moves the pointer past one clause at a time, and to NULL at the end
            found = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA_SEPARATED)
            if found:
                clauses.append(found.decode("utf-8", "ignore"))
        return " ".join(clauses)

    def voices(self) -> list[dict[str, str]]:
        listed = self._library.espeak_ListVoices(None)
        found = []
        index = 0
        while listed[index]:
            voice = listed[index].contents
            language = ctypes.string_at(voice.languages + 1).decode()
            found.append({"language": language, "name": voice.name.decode(), "file": voice.identifier.decode()})
            index += 1
        return found


def _mnemonics(table: Path) -> list[str]:
    """The distinct mnemonics of the library's phoneme tables: a byte with their number, then for each table its size,
    32 bytes of name and entries of 16 bytes that begin with the mnemonic."""
    data = table.read_bytes()
    found: set[str] = set()
    place = 4
    for _ in range(data[0]):
        count = data[place]
        place += 36
        for entry in range(place, place + 16 * count, 16):
            name = data[entry : entry + 4].split(b"\0")[0].decode("latin-1")
            if name.isascii() and name.isprintable() and not set(name) & set("[]_|'%,= "):
                found.add(name)
        place += 16 * count
    return sorted(found - {""})


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until the input ends. A request that fails is answered with ``{"error": sentence}``."""
    speaker = Speaker()
    for line in source:
        sink.write(_in_a_fork(speaker, line))
        sink.flush()


def _answer(speaker: Speaker, line: bytes) -> bytes:
    sound = b""
    try:
        request = json.loads(line)
        if request["op"] == "speak":
            answer, sound = speaker.speak(request)
        elif request["op"] == "phonemes":
            spelled = bool(request.get("spelled", False))
            answer = {"phonemes": speaker.phonemes(request["texts"], request["voice"], spelled), "bytes": 0}
        elif request["op"] == "inventory":
            answer = {"inventory": speaker.inventory(request["voice"]), "bytes": 0}
        else:
            answer = {"voices": speaker.voices(), "bytes": 0}
    except (LookupError, RuntimeError, ValueError, TypeError) as problem:
        answer = {"error": str(problem), "bytes": 0}
    return json.dumps(answer).encode() + b"\n" + sound


def _in_a_fork(speaker: Speaker, line: bytes) -> bytes:
    """Answer in a copy of this process. The library keeps the state of its noise and flutter from one call to the
    next; in a fresh copy the same text gives the same samples every time, and a crash costs one answer."""
    outlet, inlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(outlet)
        with os.fdopen(inlet, "wb") as pipe:
            pipe.write(_answer(speaker, line))
        os._exit(0)
    os.close(inlet)
    with os.fdopen(outlet, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        return json.dumps({"error": "the synthesiser stopped on this text", "bytes": 0}).encode() + b"\n"
    return answer


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
