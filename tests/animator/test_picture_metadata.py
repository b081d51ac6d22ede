"""What cameras hide in a file is gone before anything of it is stored: looked for in the stored bytes themselves."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pillow_heif
import pytest
from django.test import Client
from PIL import Image, PngImagePlugin

from animator.models import Photo
from animator.picture_metadata import without_metadata
from tests.animator.conftest import photo_file

SECRETS = (b"HIDDENCAMERA", b"HIDDENPLACE", b"HIDDENCOMMENT", b"HIDDENTHUMB")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>HIDDENPLACE</rdf></x:xmpmeta>'


def scene() -> Image.Image:
    values = np.random.default_rng(3).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((128, 96), Image.Resampling.BICUBIC)


def exif(orientation: int = 1) -> Image.Exif:
    block = Image.Exif()
    block[0x0110] = "HIDDENCAMERA"
    block[0x0112] = orientation
    block[0x9286] = b"ASCII\x00\x00\x00HIDDENCOMMENT"
    block.get_ifd(0x8825)[29] = "HIDDENPLACE"
    return block


def saved(kind: str, orientation: int = 1, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = scene()
    if kind == "HEIF":
        heif = pillow_heif.from_pillow(picture)
        heif.info.update(exif=exif().tobytes(), xmp=XMP)
        heif.save(stream, quality=80)
        return stream.getvalue()
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "HIDDENCOMMENT")
        text.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=False)
        options["pnginfo"] = text
    elif kind != "JPEG":
        options["xmp"] = XMP
    else:
        options.update(comment=b"HIDDENCOMMENT", quality=90)
    picture.save(stream, kind, exif=exif(orientation), **options)
    data = stream.getvalue()
    if kind != "JPEG":
        return data
    block = b"http://ns.adobe.com/xap/1.0/\x00" + XMP
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    # A second picture after the first, as phones write it.
    return data[:2] + segment + data[2:] + b"\xff\xd8\xff\xe1HIDDENTHUMB\xff\xd9"


KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")


def pixels(data: bytes) -> Any:
    pillow_heif.register_heif_opener()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_hidden_is_left_and_the_picture_is_the_same(kind: str) -> None:
    data = saved(kind)
    assert any(secret in data for secret in SECRETS), "the file has something to hide"
    clean = without_metadata(data)
    assert clean is not None
    assert [secret for secret in SECRETS if secret in clean] == []
    assert np.array_equal(pixels(clean), pixels(data)), "not a pixel changed"
    assert without_metadata(clean) == clean


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"progressive": True}), ("WEBP", {"lossless": True})])
def test_other_ways_to_write_the_same(kind: str, options: dict[str, Any]) -> None:
    data = saved(kind, **options)
    clean = without_metadata(data)
    assert clean is not None
    assert not any(secret in clean for secret in SECRETS)
    assert np.array_equal(pixels(clean), pixels(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_the_orientation_alone_is_kept(kind: str, orientation: int) -> None:
    clean = without_metadata(saved(kind, orientation))
    assert clean is not None
    assert not any(secret in clean for secret in SECRETS)
    assert dict(Image.open(io.BytesIO(clean)).getexif()) == {0x0112: orientation}


def test_the_colour_profile_is_kept() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP"):
        clean = without_metadata(saved(kind, icc_profile=profile))
        assert clean is not None
        assert Image.open(io.BytesIO(clean)).info["icc_profile"] == profile


@pytest.mark.parametrize("kind", KINDS)
def test_broken_files_raise_nothing(kind: str) -> None:
    data = saved(kind)
    random = np.random.default_rng(5)
    for _ in range(60):
        broken = bytearray(data[: random.integers(16, len(data))])
        for place in random.integers(4, len(broken), 4):
            broken[place] = random.integers(0, 256)
        cleaned = without_metadata(bytes(broken))
        assert cleaned is None or len(cleaned) <= len(broken) + 200


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stored_never_has_it(kind: str, signed_in: Client, media_folder: Path) -> None:
    response = signed_in.post("/api/photos/", {"file": photo_file(saved(kind), f"aunt.{kind.lower()}")})
    assert response.status_code == 201
    photo = Photo.objects.get(id=UUID(response.json()["id"]))
    stored = [path.read_bytes() for path in media_folder.rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert photo.bytes == len(stored[0])
    assert not any(secret in stored[0] for secret in SECRETS)
    import hashlib

    assert photo.sha256 == hashlib.sha256(saved(kind)).hexdigest(), "the file itself is still recognised"


def test_what_cannot_be_followed_is_refused(signed_in: Client, media_folder: Path) -> None:
    response = signed_in.post("/api/photos/", {"file": photo_file(b"\xff\xd8\xff\xe1\x00\x40short")})
    assert (response.status_code, response.json()["error"]) == (400, "damaged_photo")
    assert not any(path.is_file() for path in media_folder.rglob("*"))


def test_an_upright_jpeg_is_kept_bit_for_bit(tmp_path: Path) -> None:
    from gpu_worker.config import EngineConfig
    from gpu_worker.media.photo import load_photo, needs_no_change

    config = EngineConfig(min_face_height=10)
    for orientation, expected in ((1, True), (6, False)):
        clean = without_metadata(saved("JPEG", orientation))
        assert clean is not None
        file = tmp_path / f"{orientation}.jpg"
        file.write_bytes(clean)
        assert needs_no_change(file, load_photo(file, config)) is expected
    file.write_bytes(saved("JPEG"))
    assert not needs_no_change(file, load_photo(file, config)), "metadata is a change that it needs"
