"""Manifests are signed last, hold, and show every change."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from PIL import Image as PillowImage

from gpu_worker.errors import EngineError
from gpu_worker.provenance import dev_chain
from gpu_worker.provenance.dev_chain import ChainFiles, make_chain
from gpu_worker.provenance.manifest import ManifestClaim, load_identity, read_manifest, sign_file
from gpu_worker.provenance.metadata import DIGITAL_SOURCE_TYPE
from gpu_worker.schema import Image
from tests.gpu_worker.provenance.conftest import JOB, decode, encode

CLAIM = ManifestClaim(JOB, "ab" * 32, version="1.2", engines={"render": "warp"}, watermark_id="5b1c3a529d6e")


@pytest.fixture
def signed(video: Path, tmp_path: Path, chain: ChainFiles) -> Path:
    path = Path(shutil.copy(video, tmp_path / "signed.mp4"))
    sign_file(path, CLAIM, load_identity(chain.chain.parent))
    return path


def test_a_signed_video_is_trusted_below_its_anchor_and_only_valid_without(signed: Path, chain: ChainFiles) -> None:
    trusted = read_manifest(signed, "mp4", chain.anchor.read_text())
    assert trusted.state == "trusted"
    assert trusted.job_id == JOB
    assert trusted.generator == "PictureTalk"
    assert trusted.digital_source_type == DIGITAL_SOURCE_TYPE
    assert trusted.findings == ()
    unknown = read_manifest(signed, "mp4")
    assert unknown.state == "valid"
    assert unknown.findings == ("signingCredential.untrusted",)


def test_after_a_change_of_certificates_older_videos_are_still_trusted(
    signed: Path, video: Path, chain: ChainFiles, tmp_path: Path
) -> None:
    """``anchor.pem`` of the new folder holds the new root and the old one."""
    renewed = make_chain(tmp_path / "renewed")
    later = Path(shutil.copy(video, tmp_path / "later.mp4"))
    sign_file(later, CLAIM, load_identity(renewed.chain.parent))
    both = renewed.anchor.read_text() + chain.anchor.read_text()
    assert [read_manifest(path, "mp4", both).state for path in (signed, later)] == ["trusted", "trusted"]
    assert read_manifest(signed, "mp4", renewed.anchor.read_text()).state == "valid"


def test_another_operators_anchor_does_not_make_it_trusted(signed: Path, tmp_path: Path) -> None:
    other = make_chain(tmp_path / "other")
    assert read_manifest(signed, "mp4", other.anchor.read_text()).state == "valid"


def test_the_manifest_says_what_was_done_and_shows_neither_photo_nor_path(signed: Path) -> None:
    with signed.open("rb") as stream, c2pa.Reader("video/mp4", stream) as reader:
        store = json.loads(reader.json())
    manifest = store["manifests"][store["active_manifest"]]
    assertions = {assertion["label"]: assertion["data"] for assertion in manifest["assertions"]}
    actions = [action["action"] for action in assertions["c2pa.actions.v2"]["actions"]]
    assert actions == ["c2pa.created", "c2pa.placed", "c2pa.edited", "c2pa.watermarked.bound"]
    assert assertions["org.picturetalk.job"]["photo_sha256"] == "ab" * 32
    assert assertions["c2pa.soft-binding"]["blocks"][0]["value"] == CLAIM.watermark_id
    assert manifest["ingredients"][0]["relationship"] == "componentOf"
    assert "thumbnail" not in json.dumps(store)
    assert str(signed.parent) not in json.dumps(store)


def test_signing_leaves_the_picture_and_no_other_file(signed: Path, video: Path) -> None:
    assert len(decode(signed)) == len(decode(video))
    assert [path.name for path in signed.parent.iterdir() if path.is_file()] == ["signed.mp4"]


@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_one_changed_byte_makes_it_invalid_and_its_claims_are_not_repeated(
    signed: Path, chain: ChainFiles, part: float
) -> None:
    content = bytearray(signed.read_bytes())
    position = content.index(b"mdat") + 8 + int(part * 500)
    content[position] ^= 0x55
    signed.write_bytes(content)
    report = read_manifest(signed, "mp4", chain.anchor.read_text())
    assert report.state == "invalid"
    assert report.job_id is None
    assert report.signer is None


def test_a_remux_strips_the_manifest(signed: Path, tmp_path: Path) -> None:
    assert read_manifest(encode(tmp_path / "again.mp4", decode(signed)), "mp4").state == "absent"


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_posters_can_be_signed_too(astronaut: Image, tmp_path: Path, chain: ChainFiles, kind: str) -> None:
    path = tmp_path / f"poster.{kind}"
    PillowImage.fromarray(astronaut[:64, :64]).save(path)
    sign_file(path, replace(CLAIM, watermark_id=None), load_identity(chain.chain.parent))
    assert read_manifest(path, kind, chain.anchor.read_text()).state == "trusted"  # type: ignore[arg-type]


def test_a_refused_certificate_leaves_the_file_as_it_was(video: Path, tmp_path: Path, chain: ChainFiles) -> None:
    path = Path(shutil.copy(video, tmp_path / "out.mp4"))
    stranger = load_identity(make_chain(tmp_path / "other").chain.parent)
    mismatched = replace(load_identity(chain.chain.parent), key=stranger.key)
    with pytest.raises(EngineError):
        sign_file(path, CLAIM, mismatched)
    assert path.read_bytes() == video.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["out.mp4"]


def test_webm_cannot_be_signed(astronaut: Image, tmp_path: Path, chain: ChainFiles) -> None:
    path = encode(tmp_path / "out.webm", [astronaut[:64, :64]] * 2, codec="libvpx")
    with pytest.raises(EngineError, match="WebM"):
        sign_file(path, CLAIM, load_identity(chain.chain.parent))


@pytest.mark.parametrize("broken", ["missing", "not a key"])
def test_an_unusable_identity_is_ours_to_mend(tmp_path: Path, chain: ChainFiles, broken: str) -> None:
    if broken == "missing":
        chain.key.unlink()
    else:
        chain.key.write_text("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n")
    with pytest.raises(EngineError) as caught:
        load_identity(chain.chain.parent)
    assert caught.value.permanent


def test_the_development_chain_guards_its_key_and_says_what_it_is(chain: ChainFiles) -> None:
    assert chain.key.stat().st_mode & 0o777 == 0o600
    assert chain.key.parent.stat().st_mode & 0o777 == 0o700
    signer, root = x509.load_pem_x509_certificates(chain.chain.read_bytes())
    assert "DEVELOPMENT" in signer.subject.rfc4514_string()
    assert "DEVELOPMENT" in root.subject.rfc4514_string()
    signer.verify_directly_issued_by(root)
    assert chain.key.read_bytes() not in chain.chain.read_bytes()


def test_keys_are_never_overwritten(chain: ChainFiles, capsys: pytest.CaptureFixture[str]) -> None:
    key = chain.key.read_bytes()
    assert dev_chain.main([str(chain.key.parent)]) == 2
    assert chain.key.read_bytes() == key
    assert "never overwritten" in capsys.readouterr().err


def test_the_command_names_the_files_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev_chain.main([str(tmp_path / "new")]) == 0
    names = [Path(line).name for line in capsys.readouterr().out.split()]
    assert names == ["anchor.pem", "chain.pem", "key.pem"]
    assert all((tmp_path / "new" / name).is_file() for name in names)
    assert dev_chain.main([]) == 2
