"""Synthetic speech: exact times, the same for the same seed, resumable, and unmoved by what is done to it."""

from __future__ import annotations

import dataclasses
import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.schema import VISEMES
from gpu_worker.training.__main__ import main
from gpu_worker.training.clip import CONTROL_NAMES, MOUTH_CONTROLS, SAMPLE_RATE
from gpu_worker.training.data import batches, building
from gpu_worker.training.data.augmentation import CODECS, all_coded, augment, coded
from gpu_worker.training.data.batches import run_batches
from gpu_worker.training.data.checking import check_dataset
from gpu_worker.training.data.index import read_index, write_index
from gpu_worker.training.data.origins import origins
from gpu_worker.training.data.people import assign, read_people
from gpu_worker.training.data.shards import iterate_clips
from gpu_worker.training.data.synthetic import BATCH, MEAN_SECONDS, SyntheticBatch, Voices, voices_here
from gpu_worker.training.data.texts import sounds_of, spoken_text
from gpu_worker.visemes.parameters import SHAPES, TRANSPARENT

VOICES = Voices(("gmw/de", "roa/fr", "ccs/ka"), ("", "f3"), ())
PARTS = {"espeak-ng plain": "train", "espeak-ng f3": "test"}


def batch(count: int = 6, number: int = 0) -> SyntheticBatch:
    return SyntheticBatch(number, 5, VOICES, PARTS, count)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set of six utterances."""
    made = tmp_path_factory.mktemp("synthetic")
    run_batches(made, [batch()], processes=1)
    write_index(made)
    return made


def test_what_is_labelled_is_what_sounds(folder: Path) -> None:
    """Where nothing was added to the sound, its loudness says where the labelled pauses are."""
    agree = []
    for clip in iterate_clips(folder):
        if any(word in " ".join(clip.manifest["changed"]) for word in ("room", "dB ", "colour", "hum", "babble")):
            continue
        at = (np.arange(clip.frames) * 0.04 * SAMPLE_RATE).astype(int)
        level = np.array([np.sqrt((clip.samples[max(i - 320, 0) : i + 320] ** 2).mean()) for i in at])
        quiet = level < level.max() * 10 ** (-35 / 20)
        agree.append(float((quiet == (clip.visemes == VISEMES.index("sil"))).mean()))
    assert agree
    assert np.mean(agree) > 0.85


def test_clips_are_whole(folder: Path) -> None:
    clips = list(iterate_clips(folder))
    assert len(clips) == 6
    assert {clip.split for clip in clips} == {"train", "test"}
    mouth = [CONTROL_NAMES.index(name) for name in MOUTH_CONTROLS]
    for clip in clips:
        assert PARTS[clip.person] == clip.split
        assert abs(clip.frames / clip.fps - clip.duration) < 0.05
        assert clip.seen[:, mouth].all()
        assert clip.seen.sum() == clip.frames * len(mouth)
        assert clip.phones[0][0] == 0.0
        assert abs(clip.phones[-1][1] - clip.duration) < 1e-3
        assert {phone for _, _, phone in clip.phones} <= set(SHAPES) | TRANSPARENT
        assert (clip.visemes >= 0).all()
        assert clip.controls[:, CONTROL_NAMES.index("jaw")].max() > 0.2
    assert check_dataset(folder).problems == ()
    assert check_dataset(folder).clips == 6


def test_the_same_seed_speaks_the_same(folder: Path, tmp_path: Path) -> None:
    run_batches(tmp_path, [batch()], processes=1)
    assert write_index(tmp_path).fingerprint == read_index(folder).fingerprint


def test_an_interrupted_build_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = [batch(1, number) for number in range(3)]
    whole = batches.make_batch

    def broken(folder: Path, one: SyntheticBatch) -> object:
        if one.number == 1:
            raise KeyboardInterrupt
        return whole(folder, one)

    monkeypatch.setattr(batches, "make_batch", broken)
    with pytest.raises(KeyboardInterrupt):
        run_batches(tmp_path, plan, processes=1)
    monkeypatch.undo()
    stamp = {file: file.stat().st_mtime_ns for file in (tmp_path / "shards").iterdir()}
    (tmp_path / "shards" / f".train-{plan[1].stem}.tar.99.part").write_bytes(b"of somebody who was killed")
    said = io.StringIO()
    done = run_batches(tmp_path, plan, processes=2, stream=said)  # in other processes, too
    assert (done.batches, done.skipped, done.clips) == (2, 1, 2)
    assert "times real time" in said.getvalue()
    assert not list((tmp_path / "shards").glob(".*"))
    assert all(file.stat().st_mtime_ns == before for file, before in stamp.items())
    write_index(tmp_path)
    assert check_dataset(tmp_path).problems == ()
    assert run_batches(tmp_path, plan, processes=2).batches == 0


@pytest.mark.parametrize("name", CODECS)
def test_coders_move_nothing_in_time(folder: Path, name: str) -> None:
    clip = next(clip for clip in iterate_clips(folder) if not clip.manifest["changed"][-1].startswith(CODECS))
    back = coded(clip.samples, name)
    assert back.shape == clip.samples.shape
    assert back.dtype == np.float32
    assert not np.array_equal(back, clip.samples)
    spectrum = np.fft.rfft(back, 2 * len(back)) * np.conj(np.fft.rfft(clip.samples, 2 * len(back)))
    lag = int(np.fft.irfft(spectrum).argmax())
    assert min(lag, 2 * len(back) - lag) <= 0.002 * SAMPLE_RATE
    assert np.corrcoef(back, clip.samples)[0, 1] > 0.6


def test_augmentation_keeps_length_and_range() -> None:
    sound = (0.4 * np.sin(np.arange(16000) * 0.1)).astype(np.float32)
    done = [augment(sound, np.random.SeedSequence(seed), sound) for seed in range(40)]
    again = [augment(sound, np.random.SeedSequence(seed), sound) for seed in range(40)]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(done, again, strict=True))
    assert all(one.samples.shape == sound.shape and np.abs(one.samples).max() <= 1.0 for one in done)
    told = " ".join(step for one in done for step in one.steps)
    assert all(word in told for word in ("eq", "room", "colour", "babble", "peak"))
    line = [dataclasses.replace(one, codec="telephone") for one in done[:2]]
    coded_together = all_coded([line[0], done[3], line[1]])
    assert [len(one.samples) for one in coded_together] == [16000] * 3
    assert coded_together[2].steps[-1] == "telephone"


def test_texts_are_spoken_in_every_language() -> None:
    random = np.random.default_rng(0)
    voices = voices_here()
    assert len(voices.languages) > 120
    assert len(voices.variants) > 60
    for voice in ("gmw/de", "sit/cmn", "ccs/ka", "ine/hyw"):
        vowels, consonants = sounds_of(voice)
        assert len(vowels) > 3 < len(consonants)
        kinds = {spoken_text(voice, random).kind for _ in range(40)}
        assert "invented" in kinds
        assert ("words" in kinds) == (voice == "gmw/de")


def test_voices_of_one_person_are_one_person() -> None:
    voices = Voices((), ("",), ("flite-kal", "flite-awb_time", "flite-kal16", "flite-awb", "flite-slt"))
    assert voices.people == ("espeak-ng plain", "flite-awb", "flite-kal", "flite-slt")


def test_english_is_made_of_the_dictionary_too() -> None:
    random = np.random.default_rng(3)
    text = spoken_text("gmw/en", random, ("dictionary",))
    assert text.kind == "dictionary"
    assert len(text.text.split()) >= 10
    assert text.text != spoken_text("gmw/en", random, ("dictionary",)).text
    assert "dictionary" not in {spoken_text("gmw/de", random).kind for _ in range(30)}


def test_what_a_set_was_made_of_can_be_asked_for_again(folder: Path) -> None:
    made = origins(folder)
    assert made["recordings"] == []
    # One batch for seed 5, and the hours that are told make no more than that.
    hours = made["synthetic"]["5"]
    assert 0 < hours * 3600 <= MEAN_SECONDS * BATCH


def test_people_stay_in_their_part() -> None:
    first = assign(["a", "b", "c"], {})
    assert set(first.values()) == {"train", "validation", "test"}
    later = assign([f"p{number}" for number in range(97)], first)
    assert {person: later[person] for person in first} == first
    counts = {part: sum(other == part for other in later.values()) for part in ("train", "validation", "test")}
    assert counts == {"train": 80, "validation": 10, "test": 10}
    assert assign(["x"], {}, {"x": "test"})["x"] == "test"
    assert assign(["x"], {})["x"] == "train"
    with pytest.raises(InputError, match="belongs to the part"):
        assign(["x"], {"x": "train"}, {"x": "test"})


def test_the_command_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(building, "voices_here", lambda: VOICES)
    monkeypatch.setattr(building, "BATCH", 2)
    monkeypatch.setattr("gpu_worker.training.data.synthetic.BATCH", 2)
    monkeypatch.setattr(building, "SyntheticBatch", partial(SyntheticBatch, count=2))
    folder = tmp_path / "set"
    assert main(["dataset", "synthesise", "-o", str(folder), "--hours", "0.001", "--processes", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["clips"], told["batches"]) == (2, 1)
    assert set(read_people(folder)) == set(VOICES.people)
    (tmp_path / "other.txt").write_text("mine")
    assert main(["dataset", "synthesise", "-o", str(tmp_path)]) == 2
    assert json.loads(capsys.readouterr().err)["error"] == "not_a_dataset"
    assert main(["dataset", "synthesise", "-o", str(folder), "--hours", "-1"]) == 2
    assert json.loads(capsys.readouterr().err)["error"] == "bad_arguments"
