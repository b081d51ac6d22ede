"""Labels of every form are read alike, and the measures measure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.schema import Phone, Waveform
from gpu_worker.speech.evaluation import Tally, match
from gpu_worker.speech.labels import Labelled, label_phone, read_labels

TIMIT = """0 1600 h#
1600 2400 pcl
2400 2800 p
2800 4000 iy
4000 4600 tcl
4600 5000 ch
5000 6000 axr
6000 7000 em
7000 8000 h#
"""
LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"
xmin = 0
xmax = 0.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "say ""pea"" 1"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.1
            text = "sil"
        intervals [2]:
            xmin = 0.1
            xmax = 0.175
            text = "P"
        intervals [3]:
            xmin = 0.175
            xmax = 0.5
            text = "IY1"
"""
SHORT_GRID = """File type = "ooTextFile"
"TextGrid"
0
0.5
<exists>
1
"IntervalTier"
"phones"
0
0.5
2
0
0.2
"p"
0.2
0.5
"iː"
"""
CTM = "utt 1 0.00 0.10 SIL\nutt 1 0.10 0.075 P_B 0.99\nutt 1 0.175 0.3 IY1_E\n"


def test_timit_closures_and_releases_become_one_phone(tmp_path: Path) -> None:
    path = tmp_path / "a.phn"
    path.write_text(TIMIT)
    labelled = read_labels(path)
    assert [phone.phone for phone in labelled.phones] == ["SIL", "P", "IY", "CH", "ER", "M", "SIL"]
    assert (labelled.phones[1].start, labelled.phones[1].end) == (0.1, 0.175)
    assert labelled.closures == ((0.1, 0.15), (0.375, 0.4375))


@pytest.mark.parametrize(("name", "text"), [("a.TextGrid", LONG_GRID), ("a.textgrid", SHORT_GRID), ("a.ctm", CTM)])
def test_textgrid_and_ctm(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    labelled = read_labels(path)
    assert [phone.phone for phone in labelled.phones if phone.phone != "SIL"] == ["P", "IY"]
    assert len(labelled.closures) == 1


@pytest.mark.parametrize(
    ("label", "phone"), [("AH0", "AH"), ("ax-h", "AX"), ("sp", "SIL"), ("ʃ", "SH"), ("nx", "N"), ("", "SIL")]
)
def test_label_spellings(label: str, phone: str) -> None:
    assert label_phone(label) == phone


@pytest.mark.parametrize("text", ["", "nonsense", "1 2\n", "a b c\n"])
@pytest.mark.parametrize("suffix", [".phn", ".TextGrid", ".ctm", ".doc"])
def test_what_is_no_label_file(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(text)
    with pytest.raises(InputError, match="no phone labels"):
        read_labels(path)


def sequence(*names: str, shift: float = 0.0) -> tuple[Phone, ...]:
    return tuple(Phone(name, index * 0.1 + shift, (index + 1) * 0.1 + shift) for index, name in enumerate(names))


def test_the_measures_tell_right_from_wrong() -> None:
    truth = Labelled(sequence("SIL", "M", "AA", "P", "IY", "SIL"), ((0.1, 0.2), (0.3, 0.4)))
    quiet = Waveform(np.zeros(9600, np.float32), 16000)
    perfect, late, wrong = Tally(), Tally(), Tally()
    perfect.add(truth, truth.phones, quiet)
    late.add(truth, sequence("SIL", "M", "AA", "P", "IY", "SIL", shift=0.03), quiet)
    wrong.add(truth, sequence("SIL", "S", "UW", "K", "M", "SIL"), quiet)
    best = perfect.summary()
    assert best["f25"] == best["closure_hit"] == best["closure_precision"] == best["matched"] == 1.0
    assert best["boundary_mean_ms"] == 0.0
    assert late.summary()["boundary_median_ms"] == pytest.approx(30.0)
    assert late.summary()["boundary_bias_ms"] == pytest.approx(30.0)
    assert wrong.summary()["f25"] < 0.6
    assert wrong.summary()["jaw_correlation"] < 0.9


def test_matching_skips_what_is_missing() -> None:
    pairs = match(sequence("M", "AA", "P", "IY"), sequence("M", "AA", "IY"))
    assert [(one.phone, other.phone) for one, other in pairs][:2] == [("M", "M"), ("AA", "AA")]
    assert all(one.phone != "P" for one, _ in pairs)
