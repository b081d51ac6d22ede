"""Sound files of every kind, the hostile ones included."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.media import sound_decoding
from gpu_worker.media.sound import extract_soundtrack, load_waveform, pcm16, resample, write_wav
from gpu_worker.schema import Waveform

RATE = 16000


def tone(seconds: float = 1.0, rate: int = RATE, level: float = 0.4) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * time)
    made: np.ndarray = (level * np.sin(2 * np.pi * 220 * time) * beat).astype(np.float32)
    return made


def wav(path: Path, channels: np.ndarray, rate: int = RATE, float32: bool = False) -> Path:
    """``channels`` is (n,) or (n, c)."""
    table = channels if channels.ndim == 2 else channels[:, None]
    if float32:
        data = table.astype("<f4").tobytes()
        head = b"WAVEfmt " + np.array([16], "<u4").tobytes() + np.array([3, table.shape[1]], "<u2").tobytes()
        head += np.array([rate, rate * 4 * table.shape[1]], "<u4").tobytes()
        head += np.array([4 * table.shape[1], 32], "<u2").tobytes() + b"data" + np.array([len(data)], "<u4").tobytes()
        path.write_bytes(b"RIFF" + np.array([len(head) + len(data)], "<u4").tobytes() + head + data)
        return path
    with wave.open(str(path), "wb") as file:
        file.setnchannels(table.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(table, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=60)


def code_of(path: Path, config: EngineConfig | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_waveform(path, config=config)
    assert caught.value.message
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "opus", "flac", "webm", "aiff", "mp4", "mka", "wma"])
def test_every_common_format_gives_the_same_sound(tmp_path: Path, suffix: str) -> None:
    source = wav(tmp_path / "source.wav", tone(1.5, 44100), 44100)
    target = tmp_path / f"sound.{suffix}"
    codec = ["-c:a", "libopus"] if suffix in ("webm", "opus") else []
    ffmpeg("-i", str(source), *codec, str(target))
    loaded = load_waveform(target)
    assert loaded.rate == RATE
    assert loaded.samples.dtype == np.float32
    assert loaded.duration == pytest.approx(1.5, abs=0.08)
    truth = load_waveform(source)
    length = min(len(truth.samples), len(loaded.samples)) - 2000
    middle = loaded.samples[1000:length]
    lags = [np.corrcoef(middle, truth.samples[1000 + lag : length + lag])[0, 1] for lag in range(-900, 900, 10)]
    assert max(lags) > 0.95


def test_webm_without_a_duration_in_its_header(tmp_path: Path) -> None:
    source = wav(tmp_path / "source.wav", tone(2.0))
    target = tmp_path / "recorded.webm"
    with target.open("wb") as sink:  # a pipe cannot be rewound to fill in the duration, as with MediaRecorder
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-c:a", "libopus"]
        subprocess.run([*command, "-f", "webm", "pipe:1"], stdout=sink, check=True, timeout=60)
    assert sound_decoding.probe(target).duration is None
    assert load_waveform(target).duration == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("rate", [8000, 11025, 48000, 96000])
def test_any_rate(tmp_path: Path, rate: int) -> None:
    loaded = load_waveform(wav(tmp_path / "a.wav", tone(1.0, rate), rate))
    assert loaded.duration == pytest.approx(1.0, abs=0.002)
    spectrum = np.abs(np.fft.rfft(loaded.samples[:RATE]))
    assert abs(int(spectrum.argmax()) - 220) <= 3


def test_inverted_stereo_does_not_cancel(tmp_path: Path) -> None:
    left = tone()
    loaded = load_waveform(wav(tmp_path / "a.wav", np.stack([left, -left], axis=1)))
    assert np.abs(loaded.samples).max() == pytest.approx(0.4, abs=0.02)


def test_a_side_that_is_silent_does_not_halve_the_other(tmp_path: Path) -> None:
    left = tone()
    loaded = load_waveform(wav(tmp_path / "a.wav", np.stack([left, np.zeros_like(left)], axis=1)))
    assert np.abs(loaded.samples).max() == pytest.approx(0.4, abs=0.02)


def test_a_video_gives_its_sound_and_a_silent_one_is_refused(tmp_path: Path) -> None:
    source = wav(tmp_path / "source.wav", tone())
    picture = ["-f", "lavfi", "-i", "color=c=red:s=64x64:d=1"]
    ffmpeg(*picture, "-i", str(source), "-shortest", str(tmp_path / "with.mp4"))
    ffmpeg(*picture, str(tmp_path / "without.mp4"))
    assert load_waveform(tmp_path / "with.mp4").duration == pytest.approx(1.0, abs=0.1)
    assert code_of(tmp_path / "without.mp4") == "no_audio_track"


@pytest.mark.parametrize("name", ["song.mp3", "song.mp4", "song.m3u8", "song.txt"])
@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_a_playlist_in_disguise_opens_nothing(tmp_path: Path, name: str, kind: str) -> None:
    secret = wav(tmp_path / "secret.wav", tone())
    ffmpeg("-i", str(secret), "-f", "mpegts", "-c:a", "aac", str(tmp_path / "secret.ts"))
    lists = {
        "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\nsecret.ts\n#EXT-X-ENDLIST\n",
        "concat": "ffconcat version 1.0\nfile secret.wav\n",
    }
    disguised = tmp_path / name
    disguised.write_text(lists[kind])
    assert code_of(disguised) == "unreadable_sound"


def test_a_name_is_never_an_option_or_a_protocol(tmp_path: Path) -> None:
    for name in ("-i.wav", "concat:a|b.wav", "$(touch x).wav", "a b'c\".wav"):
        loaded = load_waveform(wav(tmp_path / name, tone(0.5)))
        assert loaded.duration == pytest.approx(0.5, abs=0.01)
    assert not (tmp_path / "x").exists()


def test_what_is_no_sound(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    assert code_of(tmp_path / "empty.wav") == "empty_sound"
    (tmp_path / "text.mp3").write_text("hello, I am a text\n" * 100)
    assert code_of(tmp_path / "text.mp3") == "unreadable_sound"
    (tmp_path / "noise.wav").write_bytes(np.random.default_rng(1).integers(0, 256, 5000, np.uint8).tobytes())
    assert code_of(tmp_path / "noise.wav") == "unreadable_sound"
    assert code_of(tmp_path / "missing.wav") == "unreadable_sound"
    wav(tmp_path / "header_only.wav", np.zeros(0, np.float32))
    assert code_of(tmp_path / "header_only.wav") == "unreadable_sound"


def test_silence_is_refused_and_a_whisper_is_not(tmp_path: Path) -> None:
    assert code_of(wav(tmp_path / "zero.wav", np.zeros(RATE, np.float32))) == "silent_sound"
    offset = np.full(RATE, 0.2, np.float32)
    assert code_of(wav(tmp_path / "offset.wav", offset)) == "silent_sound"
    hiss = np.random.default_rng(0).normal(0, 1e-4, RATE)
    assert code_of(wav(tmp_path / "hiss.wav", hiss, float32=True)) == "silent_sound"
    assert load_waveform(wav(tmp_path / "soft.wav", tone(level=0.01))).duration == pytest.approx(1.0)
    assert code_of(wav(tmp_path / "short.wav", tone(0.05))) == "sound_too_short"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    samples = tone()
    samples[500] = value
    assert code_of(wav(tmp_path / "bad.wav", samples, float32=True)) == "bad_samples"


def test_beyond_full_scale_is_scaled_not_cut(tmp_path: Path) -> None:
    loaded = load_waveform(wav(tmp_path / "loud.wav", tone(level=3.0), float32=True))
    assert np.abs(loaded.samples).max() == pytest.approx(1.0)
    assert np.corrcoef(loaded.samples, tone())[0, 1] > 0.999


def test_two_hundred_channels(tmp_path: Path) -> None:
    many = wav(tmp_path / "many.wav", np.repeat(tone(0.3)[:, None], 200, axis=1))
    assert code_of(many) == "too_many_channels"
    six = wav(tmp_path / "six.wav", np.repeat(tone(0.5)[:, None], 6, axis=1))
    assert load_waveform(six).duration == pytest.approx(0.5, abs=0.01)


def test_a_truncated_file_gives_what_is_left_or_a_code(tmp_path: Path) -> None:
    source = wav(tmp_path / "source.wav", tone(8.0))
    for suffix in ("mp3", "ogg", "flac", "m4a"):
        whole = tmp_path / f"whole.{suffix}"
        ffmpeg("-i", str(source), str(whole))
        data = whole.read_bytes()
        cut = tmp_path / f"cut.{suffix}"
        cut.write_bytes(data[: len(data) // 2])
        if suffix == "m4a":  # its index is at the end
            assert code_of(cut) == "unreadable_sound"
        else:
            assert 0.9 < load_waveform(cut).duration < 7.0


def test_too_long_is_refused_by_header_and_by_decoding(tmp_path: Path) -> None:
    by_header, by_decoding = tmp_path / "long.wav", tmp_path / "long.mp3"
    wav(by_header, np.tile(tone(60.0, 1000), 180), 1000)
    minute = wav(tmp_path / "minute.wav", tone(60.0, 8000), 8000)
    ffmpeg("-i", str(minute), "-b:a", "8k", "-write_xing", "0", "-id3v2_version", "0", str(tmp_path / "minute.mp3"))
    by_decoding.write_bytes((tmp_path / "minute.mp3").read_bytes() * 180)
    assert sound_decoding.probe(by_header).duration == pytest.approx(10800, abs=1)
    assert sound_decoding.probe(by_decoding).duration is None
    assert code_of(by_header) == "speech_too_long"
    assert code_of(by_decoding) == "speech_too_long"
    assert code_of(by_header, EngineConfig(max_sound_bytes=1000)) == "sound_file_too_large"


def test_the_limit_itself_is_allowed(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", tone(3.0))
    assert load_waveform(path, config=EngineConfig(max_sound_seconds=3.0)).duration == pytest.approx(3.0)
    assert code_of(path, EngineConfig(max_sound_seconds=2.0)) == "speech_too_long"


def test_a_header_that_lies_about_its_length_is_not_believed(tmp_path: Path) -> None:
    path = wav(tmp_path / "lying.wav", tone(1.0))
    data = bytearray(path.read_bytes())
    data[40:44] = np.array([0x7FFFFF00], "<u4").tobytes()
    path.write_bytes(bytes(data))
    assert load_waveform(path).duration == pytest.approx(1.0, abs=0.01)


def test_soundtrack_keeps_both_sides_and_starts_with_the_analysis(tmp_path: Path) -> None:
    left, right = tone(1.0, 44100), 0.5 * tone(1.0, 44100)[::-1]
    source = wav(tmp_path / "a.wav", np.stack([left, right], axis=1), 44100)
    target = extract_soundtrack(source, tmp_path / "out.wav")
    with wave.open(str(target)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 48000, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768
    assert len(samples) == pytest.approx(48000, abs=50)
    assert np.abs(samples).max(axis=0) == pytest.approx([0.4, 0.2], abs=0.02)
    (tmp_path / "b.wav").write_text("no")
    with pytest.raises(InputError, match="cannot be read"):
        extract_soundtrack(tmp_path / "b.wav", tmp_path / "c.wav")


def test_write_read_and_resample_keep_the_samples(tmp_path: Path) -> None:
    waveform = Waveform(tone(1.0, 22050), 22050)
    again = load_waveform(write_wav(waveform, tmp_path / "a.wav"), rate=22050)
    assert np.abs(again.samples - waveform.samples).max() < 2e-4
    half = resample(waveform, 16000)
    assert half.duration == pytest.approx(waveform.duration, abs=1e-3)
    assert np.corrcoef(half.samples, tone(1.0, 16000))[0, 1] > 0.999
    assert resample(half, 16000) is half
    assert pcm16(Waveform(np.array([2.0, -2.0], np.float32), RATE)).tolist() == [32767, -32768]
