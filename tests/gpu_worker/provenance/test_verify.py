"""Manifest, watermark and fingerprint are asked and answered each on its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gpu_worker.errors import InputError
from gpu_worker.provenance.dev_chain import ChainFiles
from gpu_worker.provenance.fingerprint import Fingerprint, same_picture
from gpu_worker.provenance.label import make_label
from gpu_worker.provenance.manifest import ManifestClaim, load_identity, sign_file
from gpu_worker.provenance.metadata import container_tags, write_xmp
from gpu_worker.provenance.verify import verify_file
from gpu_worker.provenance.watermark.embed import make_watermark
from gpu_worker.schema import Image
from tests.gpu_worker.provenance.conftest import JOB, decode, encode, nodding

JobVideo = tuple[Path, str]


@pytest.fixture
def finished(hopper: Image, tmp_path: Path, chain: ChainFiles) -> JobVideo:
    """A video as a job leaves it (marked, labelled, tagged, signed), and the anchor as PEM."""
    mark, label = make_watermark(hopper, JOB), make_label(hopper.shape)
    frames = [label.apply_in_place(mark.apply_in_place(frame)) for frame in nodding(hopper, 8)]
    path = encode(tmp_path / "finished.mp4", frames, crf=17, **container_tags(JOB))
    write_xmp(path, JOB)
    sign_file(path, ManifestClaim(JOB, "ab" * 32, watermark_id=mark.id), load_identity(chain.chain.parent))
    return path, chain.anchor.read_text()


def test_a_finished_video_answers_three_times(finished: JobVideo) -> None:
    path, anchor = finished
    known: list[Fingerprint] = []

    def records(asked: Fingerprint) -> str | None:
        known.append(asked)
        return JOB

    verification = verify_file(path, anchor, records)
    assert verification.manifest.state == "trusted"
    assert verification.manifest.job_id == JOB
    assert (verification.watermark.state, verification.watermark.id) == ("found", "5b1c3a529d6e")
    assert (verification.fingerprint.state, verification.fingerprint.id) == ("match", JOB)
    assert verification.tags.job_id == JOB
    assert len(known) == 1


def test_a_stripped_copy_is_still_known_by_mark_and_fingerprint(finished: JobVideo, tmp_path: Path) -> None:
    path, anchor = finished
    own = verify_file(path).fingerprint.fingerprint
    assert own is not None
    copy = encode(tmp_path / "copy.mp4", decode(path), crf=28)
    verification = verify_file(copy, anchor, lambda asked: JOB if same_picture(own, asked) else None)
    assert verification.manifest.state == "absent"
    assert verification.watermark.id == "5b1c3a529d6e"
    assert verification.fingerprint.state == "match"
    assert verification.tags.job_id is None


def test_a_forged_picture_under_a_true_manifest_is_invalid_but_the_mark_still_speaks(finished: JobVideo) -> None:
    path, anchor = finished
    content = bytearray(path.read_bytes())
    content[len(content) - 3000] ^= 1
    path.write_bytes(content)
    verification = verify_file(path, anchor)
    assert verification.manifest.state == "invalid"
    assert verification.watermark.state == "found"


def test_a_strangers_video_is_nothing_of_ours(video: Path) -> None:
    verification = verify_file(video, None, lambda _: None)
    answers = (verification.manifest.state, verification.watermark.state, verification.fingerprint.state)
    assert answers == ("absent", "absent", "none")
    assert not verification.tags.ai_animated


def test_without_records_the_fingerprint_is_unknown_not_none(video: Path) -> None:
    assert verify_file(video).fingerprint.state == "unknown"


def test_the_answer_is_json_with_the_promised_keys(finished: JobVideo) -> None:
    path, anchor = finished
    answer = json.loads(json.dumps(verify_file(path, anchor).as_dict()))
    assert answer["manifest"]["state"] == "trusted"
    assert answer["watermark"]["state"] == "found"
    assert answer["watermark"]["id"] == "5b1c3a529d6e"
    assert answer["fingerprint"]["state"] == "unknown"
    assert len(answer["fingerprint"]["sha256"]) == 64
    assert all(len(entry) == 16 for entry in answer["fingerprint"]["frames"])


def test_a_file_that_cannot_be_decoded_is_the_users_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(b"\0\0\0\x20ftypisom" + np.random.default_rng(0).bytes(4000))
    with pytest.raises(InputError) as caught:
        verify_file(path)
    assert caught.value.code == "damaged_media"
