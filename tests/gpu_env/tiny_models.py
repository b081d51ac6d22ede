"""Models of the right form and next to no size, trained in seconds to know two sentences by heart.

Whatever loads them is the true code of the packages; only the weights are small. The Whisper model is converted with
CTranslate2's own converter, as an operator's would be.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gpu_worker.media.sound import resample
from gpu_worker.schema import FloatArray, Timeline
from gpu_worker.speech.synthesis import synthesise

RATE = 16000
#: Where the tokens of Whisper's multilingual vocabulary stand.
_VOCABULARY, _END, _START, _FIRST_LANGUAGE = 51865, 50257, 50258, 50259
_TRANSCRIBE, _NO_TIMES, _FIRST_TIME = 50359, 50363, 50364


@dataclass(frozen=True)
class Spoken:
    """A sentence, its language, its sound (16 kHz) and the exact times that the synthesiser gave."""

    text: str
    language: str
    samples: FloatArray
    timeline: Timeline


def spoken(text: str, language: str, voice: str = "man") -> Spoken:
    sound, timeline = synthesise(text, language, voice)
    return Spoken(text, language, resample(sound, RATE).samples, timeline)


def write_whisper(folder: Path, sentences: Sequence[Spoken], work: Path, steps: int = 300) -> None:
    """A Whisper that says each sentence's words, and its language, when it hears it; in CTranslate2's form.

    Its encoder stays random, which tells sentences apart well enough; the decoder learns.
    """
    import ctranslate2
    from transformers import WhisperConfig, WhisperForConditionalGeneration
    from whisperx.audio import log_mel_spectrogram
    from whisperx.utils import LANGUAGES
    from whisperx.vads import Pyannote

    languages = list(LANGUAGES)[:99]
    words = sorted({word for one in sentences for word in one.text.split()})
    tokens = _whisper_tokens(words, languages)
    ids = {token: number for number, token in enumerate(tokens)}
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=_VOCABULARY, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, num_mel_bins=80, dropout=0.0,
            pad_token_id=_END, bos_token_id=_END, eos_token_id=_END, decoder_start_token_id=_START, init_std=0.2,
        )
    )  # fmt: skip
    detector = Pyannote(torch.device("cpu"), vad_onset=0.5)
    inputs, rows = [], []
    longest = max(len(one.text.split()) for one in sentences) + 5
    for one in sentences:
        for samples in _cuts(one, detector):
            inputs.append(log_mel_spectrogram(samples.astype(np.float32), 80, padding=30 * RATE - len(samples)))
            said = [ids["Ġ" + word] for word in one.text.split()]
            row = [_START, ids[f"<|{one.language}|>"], _TRANSCRIBE, _NO_TIMES, *said]
            rows.append(row + [_END] * (longest - len(row)))
    with torch.no_grad():
        heard = model.get_encoder()(torch.stack(inputs)).last_hidden_state
    _learn_by_heart(model, heard, torch.tensor(rows), steps)
    settings = model.generation_config
    settings._from_model_config = False  # else it is made anew when it is loaded
    settings.lang_to_id = {f"<|{code}|>": _FIRST_LANGUAGE + place for place, code in enumerate(languages)}
    settings.alignment_heads, settings.suppress_tokens = [[0, 0]], []
    settings.begin_suppress_tokens, settings.no_timestamps_token_id = [220, _END], _NO_TIMES
    model.save_pretrained(work)
    _write_whisper_tokenizer(work, tokens)
    ctranslate2.converters.TransformersConverter(str(work), copy_files=["tokenizer.json"]).convert(str(folder))


def _cuts(one: Spoken, detector: Any) -> list[FloatArray]:
    """The sentence whole, as voice activity detection cuts it, and a little otherwise."""
    found = detector({"waveform": detector.preprocess_audio(one.samples), "sample_rate": RATE})
    pieces = detector.merge_chunks(found, 30, onset=0.5, offset=0.363)
    start, end = int(pieces[0]["start"] * RATE), int(pieces[-1]["end"] * RATE)
    step = RATE // 50
    edges = [(0, len(one.samples)), (start, end), (start - step, end), (start + step, end + step)]
    return [one.samples[max(0, first) : last] for first, last in edges]


def _learn_by_heart(model: Any, heard: torch.Tensor, rows: torch.Tensor, steps: int) -> None:
    """Teach the decoder to say ``rows`` (n, length) when it is given ``heard``; tokens that never occur get embedding
    0, and so no part in the work but their number."""
    used, places = torch.unique(rows, return_inverse=True)
    embeddings = torch.nn.Parameter(0.3 * torch.randn(len(used), model.config.d_model))
    decoder = model.get_decoder()
    learning = [value for name, value in decoder.named_parameters() if "embed_tokens" not in name]
    optimiser = torch.optim.AdamW([embeddings, *learning], lr=0.01)
    others = torch.full((*places[:, 1:].shape, 1), float(np.log(model.config.vocab_size)))
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        # The converted model reckons in eight bits: what it hears and says is a little off.
        hidden = decoder(
            inputs_embeds=embeddings[places[:, :-1]],
            encoder_hidden_states=heard + 0.05 * torch.randn_like(heard),
            use_cache=False,
        ).last_hidden_state
        hidden = hidden + 0.1 * torch.randn_like(hidden)
        logits = torch.cat([hidden @ embeddings.T, others], dim=-1)
        wrong = torch.nn.functional.cross_entropy(logits.transpose(1, 2), places[:, 1:], reduction="none")
        # The language, told by the first token, matters most.
        torch.autograd.backward(wrong.mean() + wrong[:, 0].mean())
        optimiser.step()
    model.eval()
    with torch.no_grad():
        table = decoder.embed_tokens.weight
        table.zero_()
        table[used] = embeddings


def write_aligner(folder: Path, sentences: Sequence[Spoken], steps: int = 150) -> None:
    """A Wav2Vec2 with CTC that hears each letter of the sentences begin when it does."""
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir(parents=True)
    letters = sorted({letter for one in sentences for letter in one.text.lower() if letter != " "})
    vocabulary = {token: number for number, token in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|", *letters])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), do_lower_case=True)
    extractor = Wav2Vec2FeatureExtractor(feature_size=1, sampling_rate=RATE, do_normalize=False)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    model = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=64, conv_dim=(48,) * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
            layerdrop=0.0, hidden_dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, feat_proj_dropout=0.0,
            final_dropout=0.0, mask_time_prob=0.0, mask_feature_prob=0.0, pad_token_id=0,
        )
    )  # fmt: skip
    # The convolutions stay random: what they make of the sound is enough to know a sentence by heart.
    heard, wanted = [], []
    for one in sentences:
        for cut in (0.0, 0.015, 0.03, 0.045):  # as voice activity detection may cut it
            with torch.no_grad():
                samples = torch.from_numpy(one.samples[round(cut * RATE) :])[None]
                heard.append(model.wav2vec2.feature_extractor(samples))
            wanted.append(_letters_in_time(one, vocabulary, cut))
    weights = torch.ones(len(vocabulary))
    weights[0] = 0.3  # most frames are blank
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.004)
    for _ in range(steps):
        optimiser.zero_grad()
        for features, letters_of in zip(heard, wanted, strict=True):
            hidden, _ = model.wav2vec2.feature_projection(features.transpose(1, 2))
            logits = model.lm_head(model.wav2vec2.encoder(hidden).last_hidden_state)[0]
            count = min(len(logits), len(letters_of))
            torch.nn.functional.cross_entropy(logits[:count], letters_of[:count], weight=weights).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    model.save_pretrained(folder)


def _letters_in_time(one: Spoken, vocabulary: dict[str, int], cut: float) -> torch.Tensor:
    """For each frame of 20 ms from ``cut`` on the letter that begins in it, else blank: letters share the length of
    their word."""
    wanted = torch.zeros(len(one.samples) // 320 + 1, dtype=torch.long)
    for word, timed in zip(one.text.lower().split(), one.timeline.words, strict=True):
        length = (timed.end - timed.start) / len(word)
        for place, letter in enumerate(word):
            wanted[max(0, int((timed.start + place * length - cut) / 0.02))] = vocabulary[letter]
        last = int((timed.end - cut) / 0.02)
        if last < len(wanted) and wanted[last] == 0:
            wanted[last] = vocabulary["|"]
    return wanted


def _whisper_tokens(words: Sequence[str], languages: Sequence[str]) -> list[str]:
    """All tokens in the order of their numbers, laid out as in Whisper's multilingual vocabulary."""
    from tokenizers.pre_tokenizers import ByteLevel

    text = [*sorted(ByteLevel.alphabet()), *("Ġ" + word for word in words)]
    text += [f"Ġfiller{number}" for number in range(_END - 1 - len(text))]
    text.append("")  # the last one of the multilingual vocabulary, by which CTranslate2 knows it
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in languages), "<|translate|>"]
    special += ["<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    special += [f"<|{0.02 * number:.2f}|>" for number in range(_VOCABULARY - _FIRST_TIME)]
    assert len(text) + len(special) == _VOCABULARY
    return text + special


def _write_whisper_tokenizer(folder: Path, tokens: Sequence[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    text = tokens[:_END]
    tokenizer = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(text)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in tokens[_END:]])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=tokens[_END], bos_token=tokens[_END]).save_pretrained(
        folder
    )
