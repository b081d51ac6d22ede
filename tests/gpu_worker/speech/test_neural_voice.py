"""Neural voices in the Piper format, by a model of the same form that is built here: every input sounds for as many
samples as it has frames, as a tone whose pitch is its number's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from gpu_worker.errors import EngineError, InputError
from gpu_worker.schema import Waveform
from gpu_worker.speech.ladder import time_speech
from gpu_worker.speech.neural_voice import neural_voice
from gpu_worker.speech.synthesis import synthesise
from gpu_worker.speech.voice_check import check_voice
from gpu_worker.speech.voices import add_voice, installed_voice, list_voices, read_config, remove_voice

RATE, HOP, FRAMES = 16000, 160, 4
LETTERS = " !,.:;?abcdefhijklmnopstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒʔˈˌːθ̩ᵻ"


def configuration(**changes: object) -> dict[str, object]:
    ids = {mark: [number] for number, mark in enumerate("_^$" + LETTERS)}
    base: dict[str, object] = {
        "audio": {"sample_rate": RATE}, "espeak": {"voice": "en-us"}, "num_speakers": 1, "hop_length": HOP,
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8}, "phoneme_type": "espeak",
        "phoneme_id_map": ids,
    }  # fmt: skip
    return {**base, **changes}


def tiny_model(durations: bool, speakers: bool = False) -> onnx.ModelProto:
    """Paddings are short and silent; every other input is a tone. ``scales[1]`` stretches all."""
    constants: dict[str, np.ndarray] = {
        "zero": np.array(0, np.int64), "one": np.array(1, np.int64), "hop": np.array(HOP, np.int64),
        "frames": np.array(FRAMES, np.float32), "axis": np.array([0], np.int64), "flat": np.array([-1], np.int64),
        "shape": np.array([1, 1, 1, -1], np.int64), "step": np.array(2 * np.pi * 37.0 / RATE, np.float32),
        "level": np.array(0.3, np.float32), "last": np.array([-1], np.int64), "square": np.array([0, 1], np.int64),
    }  # fmt: skip
    n = helper.make_node
    nodes = [
        n("Reshape", ["input", "flat"], ["ids"]),
        n("Gather", ["scales", "one"], ["stretch"]),
        n("Mul", ["frames", "stretch"], ["each"]),
        n("Greater", ["ids", "zero"], ["sounding"]),
        n("Cast", ["sounding"], ["weight"], to=TensorProto.FLOAT),
        n("Mul", ["weight", "each"], ["wanted"]),
        n("Ceil", ["wanted"], ["whole"]),
        n("Cast", ["whole"], ["counts"], to=TensorProto.INT64),
        # Which input sounds at each frame: the number of ends that are not after it.
        n("CumSum", ["counts", "zero"], ["ends"]),
        n("ReduceSum", ["counts", "axis"], ["total"], keepdims=0),
        n("Mul", ["total", "hop"], ["samples"]),
        n("Range", ["zero", "samples", "one"], ["time"]),
        n("Div", ["time", "hop"], ["frame"]),
        n("Unsqueeze", ["frame", "last"], ["rows"]),
        n("LessOrEqual", ["ends", "rows"], ["past"]),
        n("Cast", ["past"], ["passed"], to=TensorProto.INT64),
        n("ReduceSum", ["passed", "last"], ["which"], keepdims=0),
        n("Gather", ["ids", "which"], ["playing"]),
        n("Mul", ["playing", "time"], ["phase"]),
        n("Cast", ["phase"], ["angle"], to=TensorProto.FLOAT),
        n("Mul", ["angle", "step"], ["radians"]),
        n("Sin", ["radians"], ["tone"]),
        n("Mul", ["tone", "level"], ["quiet"]),
        n("Reshape", ["quiet", "shape"], ["output"]),
        n("Cast", ["counts"], ["durations"], to=TensorProto.FLOAT),
    ]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "n"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "t"])]
    if durations:
        outputs.append(helper.make_tensor_value_info("durations", TensorProto.FLOAT, ["n"]))
    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "voice", inputs, outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model


def files(folder: Path, name: str, model: onnx.ModelProto, **changes: object) -> Path:
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    (folder / f"{name}.onnx.json").write_text(json.dumps(configuration(**changes)), encoding="utf-8")
    return path


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("PICTURETALK_MODELS", str(folder))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return folder


def install(tmp_path: Path, durations: bool = True, name: str = "tiny", **changes: object) -> None:
    add_voice(files(tmp_path, name, tiny_model(durations), **changes), "CC0", True)


def test_a_voice_is_added_listed_and_checked(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    assert list_voices() == []
    source = files(tmp_path, "en_US-tiny", tiny_model(True))
    added = add_voice(source, "CC-BY-4.0, recordings by nobody", False)
    assert (added.id, added.language, added.commercial_use) == ("en_US-tiny", "en", False)
    assert added.model.is_relative_to(models)
    assert list_voices() == [added]
    assert installed_voice("en_US-tiny") == added
    assert "CC-BY" in added.licence
    assert len(added.sha256) == 64
    assert check_voice(added).state == "present"
    added.model.write_bytes(added.model.read_bytes() + b"x")
    assert check_voice(added).state == "wrong_checksum"
    added.model.unlink()
    assert check_voice(added).state == "missing_file"
    assert source.exists()


def test_what_is_no_voice_is_refused_and_leaves_nothing(models: Path, tmp_path: Path) -> None:
    good = files(tmp_path, "good", tiny_model(False))
    cases: list[tuple[Path, str, str | None]] = [
        (good, "", None), (good, "CC0", "../evil"), (good, "CC0", "woman"), (tmp_path / "none.onnx", "CC0", None),
        (files(tmp_path, "text", tiny_model(False), phoneme_type="text"), "CC0", None),
        (files(tmp_path, "bare", tiny_model(False), phoneme_id_map={"a": [1]}), "CC0", None),
        (files(tmp_path, "fast", tiny_model(False), audio={"sample_rate": 1}), "CC0", None),
        (files(tmp_path, "nil", tiny_model(False), inference={"length_scale": 0}), "CC0", None),
    ]  # fmt: skip
    broken = files(tmp_path, "broken", tiny_model(False))
    broken.with_name("broken.onnx.json").write_text("[1, 2")
    cases.append((broken, "CC0", None))
    for model, licence, name in cases:
        with pytest.raises(InputError) as caught:
            add_voice(model, licence, True, name)
        assert caught.value.code == "bad_voice", model
        assert caught.value.hint
    assert list_voices() == []
    assert not list(models.rglob("*")) or [p.name for p in models.rglob("*")] == ["voices"]
    add_voice(good, "CC0", True)
    with pytest.raises(InputError, match="already"):
        add_voice(good, "CC0", True)


def test_other_models_are_found_unusable(models: Path, tmp_path: Path) -> None:
    nonsense = files(tmp_path, "nonsense", tiny_model(False))
    nonsense.write_bytes(b"not a model")
    assert check_voice(add_voice(nonsense, "CC0", True)).state == "unusable"
    node = helper.make_node("Identity", ["x"], ["y"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    other = helper.make_model(
        helper.make_graph([node], "other", values[:1], values[1:]), opset_imports=[helper.make_opsetid("", 17)]
    )
    other.ir_version = 9
    found = add_voice(files(tmp_path, "other", other), "CC0", True)
    assert "inputs" in check_voice(found).reason
    with pytest.raises(EngineError):
        synthesise("Hello", voice="other")


def test_a_register_that_lies_is_left_out(models: Path, tmp_path: Path) -> None:
    install(tmp_path)
    register = models / "voices" / "tiny" / "voice.json"
    entry = json.loads(register.read_text())
    register.write_text(json.dumps({**entry, "id": "../../etc"}))
    assert list_voices() == []
    register.write_text("{")
    assert list_voices() == []
    with pytest.raises(InputError) as caught:
        synthesise("Hello", voice="tiny")
    assert caught.value.code == "unknown_voice"


def test_the_times_are_the_models_own(models: Path, tmp_path: Path) -> None:
    install(tmp_path)
    waveform, timeline = synthesise("Hello my friend, goodbye.", voice="tiny")
    assert waveform.rate == RATE
    assert timeline.source == "events"
    assert [word.word for word in timeline.words] == ["Hello", "my", "friend", "goodbye"]
    espeak_phones = [p.phone for p in synthesise("Hello my friend, goodbye.")[1].phones if p.phone != "SIL"]
    assert [phone.phone for phone in timeline.phones if phone.phone != "SIL"] == espeak_phones
    assert timeline.phones[0].start == 0.0
    assert timeline.phones[-1].end == pytest.approx(waveform.duration)
    # "h" is one input of four frames after the beginning's four: its tone begins where the timeline says.
    first = next(phone for phone in timeline.phones if phone.phone == "HH")
    assert first.start == pytest.approx(0.15 + FRAMES * HOP / RATE, abs=1e-3)
    assert first.end - first.start == pytest.approx(FRAMES * HOP / RATE, abs=1e-3)
    part = waveform.samples[int(first.start * RATE) + 40 : int(first.end * RATE) - 40]
    number = configuration()["phoneme_id_map"]["h"][0]  # type: ignore[index]
    heard = np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 15))) * RATE / (1 << 15)
    assert heard == pytest.approx(37.0 * number, abs=8)


def test_speed_pauses_and_marks(models: Path, tmp_path: Path) -> None:
    install(tmp_path)
    normal, _ = synthesise("Hello my friend", voice="tiny")
    slow, _ = synthesise("Hello my friend", voice="tiny", speed=0.5)
    assert slow.duration - 0.45 == pytest.approx(2 * (normal.duration - 0.45), rel=0.05)
    paused, timeline = synthesise("Hello [pause 1s] my friend", voice="tiny")
    assert any(p.phone == "SIL" and p.end - p.start > 0.9 for p in timeline.phones[1:-1])
    partly, _ = synthesise("Hello [slow]my[/slow] friend", voice="tiny")
    assert paused.duration > partly.duration > normal.duration
    _, timeline = synthesise("Hello. Goodbye!", voice="tiny")
    assert [word.word for word in timeline.words] == ["Hello", "Goodbye"]
    assert timeline.words[1].start - timeline.words[0].end > 0.25
    _, named = synthesise("My Siobhan", voice="tiny", dictionary={"Siobhan": "/ʃɪvɔːn/"})
    assert [word.word for word in named.words] == ["My", "Siobhan"]
    assert [phone.phone for phone in named.phones if phone.phone != "SIL"][2:4] == ["SH", "IH"]


def test_without_durations_the_words_are_aligned(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, durations=False)
    asked: list[tuple[str | None, str]] = []

    def watched(waveform: Waveform, transcript: str | None, language: str, **rest: object) -> object:
        asked.append((transcript, language))
        return time_speech(waveform, transcript, language, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr("gpu_worker.speech.neural_synthesis.time_speech", watched)
    waveform, timeline = synthesise("Hello my friend", voice="tiny")
    assert asked == [("Hello my friend", "en")]
    assert "does not say when" in timeline.reasons[0]
    assert timeline.phones[-1].end == pytest.approx(waveform.duration)
    assert timeline.source != "events"


def test_several_speakers_and_long_sentences(models: Path, tmp_path: Path) -> None:
    add_voice(files(tmp_path, "many", tiny_model(True, speakers=True), num_speakers=3), "CC0", True)
    _, timeline = synthesise("mama loves the old lemon tree and " * 20, voice="many")
    assert len(timeline.words) == 140
    starts = [word.start for word in timeline.words]
    assert starts == sorted(starts)


def test_refusals(models: Path, tmp_path: Path) -> None:
    from gpu_worker.config import EngineConfig

    install(tmp_path)
    for arguments, code in (
        ({"text": "Guten Tag", "language": "de"}, "voice_speaks_another_language"),
        ({"text": "Hello", "language": "en", "speed": 9.0}, "bad_speed"),
        ({"text": "...", "language": "en"}, "no_speakable_text"),
        ({"text": "a long story " * 30, "config": EngineConfig(max_sound_seconds=2.0)}, "speech_too_long"),
    ):
        with pytest.raises(InputError) as caught:
            synthesise(voice="tiny", **arguments)
        assert caught.value.code == code


def test_the_model_is_loaded_once(models: Path, tmp_path: Path) -> None:
    install(tmp_path)
    voice = installed_voice("tiny")
    assert voice is not None
    assert neural_voice(voice) is neural_voice(voice)
    assert read_config(voice.config).rate == RATE


def test_a_voice_is_removed_with_its_files(models: Path, tmp_path: Path) -> None:
    install(tmp_path)
    assert remove_voice("tiny").id == "tiny"
    assert list_voices() == []
    assert list((models / "voices").iterdir()) == []
    with pytest.raises(InputError, match="no installed voice"):
        remove_voice("tiny")


def test_voices_that_forbid_commercial_use_wait_for_the_operators_word(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_voice(files(tmp_path, "private", tiny_model(True)), "CC BY-NC 4.0", False)
    with pytest.raises(InputError) as refused:
        synthesise("Hello", "en", "private")
    assert refused.value.code == "unknown_voice"
    monkeypatch.setenv("PICTURETALK_NON_COMMERCIAL_MODELS", "1")
    assert synthesise("Hello", "en", "private")[0].rate == RATE
