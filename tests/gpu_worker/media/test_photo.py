"""Photos of every kind a family has, and files that only pretend to be one."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pi_heif
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms, ImageDraw

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.media.photo import clean_suffix, load_photo, sniff, write_clean_copy
from gpu_worker.schema import Image

CONFIG = EngineConfig()
RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 180, 40), (30, 40, 210), (128, 128, 128)
# To write HEIC; it is read as the product reads it, whichever of both came first in this process.
pillow_heif.register_heif_opener()
pi_heif.register_heif_opener(thumbnails=False)


def quarters(size: tuple[int, int] = (160, 120)) -> Pillow.Image:
    """Red, green, blue and grey quarters: shows orientation and colour at a glance."""
    picture = Pillow.new("RGB", size, GREY)
    draw = ImageDraw.Draw(picture)
    middle, centre = size[0] // 2, size[1] // 2
    draw.rectangle((0, 0, middle - 1, centre - 1), fill=RED)
    draw.rectangle((middle, 0, size[0], centre - 1), fill=GREEN)
    draw.rectangle((0, centre, middle - 1, size[1]), fill=BLUE)
    return picture


def saved(folder: Path, name: str, picture: Pillow.Image, **options: Any) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


def corner(pixels: Image, right: bool, lower: bool) -> NDArray[np.float64]:
    """Mean colour of the inner part of one quarter."""
    height, width = pixels.shape[:2]
    y, x = (height * (3 if lower else 1)) // 4, (width * (3 if right else 1)) // 4
    return np.asarray(pixels[y - 8 : y + 8, x - 8 : x + 8].reshape(-1, 3).mean(axis=0), dtype=np.float64)


def assert_upright(pixels: Image, tolerance: float = 12.0) -> None:
    for colour, right, lower in ((RED, 0, 0), (GREEN, 1, 0), (BLUE, 0, 1), (GREY, 1, 1)):
        assert np.abs(corner(pixels, bool(right), bool(lower)) - colour).max() < tolerance


def refusal(path: Path, config: EngineConfig = CONFIG) -> str:
    with pytest.raises(InputError) as caught:
        load_photo(path, config)
    assert caught.value.message
    assert caught.value.hint
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("a.jpg", "JPEG", {"quality": 95}),
        ("a.png", "PNG", {}),
        ("a.webp", "WEBP", {"quality": 95}),
        ("a.heic", "HEIF", {"quality": 95}),
        ("a.avif", "AVIF", {"quality": 95}),
    ],
)
def test_reads_every_supported_format(tmp_path: Path, name: str, kind: str, options: dict[str, Any]) -> None:
    path = saved(tmp_path, name, quarters(), **options)
    photo = load_photo(path, CONFIG)
    assert (photo.source_format, photo.width, photo.height, photo.scale) == (kind, 160, 120, 1.0)
    assert photo.pixels.dtype == np.uint8
    assert photo.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert_upright(photo.pixels)


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    assert load_photo(saved(tmp_path, "a.jpg", quarters(), format="PNG"), CONFIG).source_format == "PNG"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "webp", "png"])
def test_applies_the_exif_orientation(tmp_path: Path, orientation: int, suffix: str) -> None:
    undo = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT, 3: Pillow.Transpose.ROTATE_180, 4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE, 6: Pillow.Transpose.ROTATE_90, 7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_270,
    }  # fmt: skip
    picture = quarters()
    stored = picture.transpose(undo[orientation]) if orientation in undo else picture
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    photo = load_photo(saved(tmp_path, f"a.{suffix}", stored, exif=exif, quality=95), CONFIG)
    assert (photo.width, photo.height) == (160, 120)
    assert_upright(photo.pixels)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_senseless_orientation_counts_as_upright(tmp_path: Path, value: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = value
    assert_upright(load_photo(saved(tmp_path, "a.jpg", quarters(), exif=exif, quality=95), CONFIG).pixels)


def test_composites_transparency_on_white(tmp_path: Path) -> None:
    picture = quarters().convert("RGBA")
    picture.putalpha(Pillow.new("L", picture.size, 0))
    assert (load_photo(saved(tmp_path, "a.png", picture), CONFIG).pixels == 255).all()
    half = quarters().convert("RGBA")
    half.putalpha(Pillow.new("L", half.size, 128))
    blended = corner(load_photo(saved(tmp_path, "b.webp", half, lossless=True), CONFIG).pixels, False, False)
    assert np.abs(blended - (np.array(RED) + 255) / 2).max() < 3


def test_palettes_with_and_without_transparency(tmp_path: Path) -> None:
    picture = quarters().convert("P", palette=Pillow.Palette.ADAPTIVE, colors=8)
    assert_upright(load_photo(saved(tmp_path, "a.png", picture), CONFIG).pixels)
    index = picture.getpixel((10, 10))
    see_through = load_photo(saved(tmp_path, "b.png", picture, transparency=index), CONFIG).pixels
    assert (see_through[10, 10] == 255).all()
    assert np.abs(corner(see_through, True, False) - GREEN).max() < 12


def test_grey_one_bit_and_sixteen_bit(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 255, 256, dtype=np.uint8), (80, 1))
    grey = load_photo(saved(tmp_path, "l.png", Pillow.fromarray(ramp)), CONFIG).pixels
    assert (grey == ramp[..., None]).all()
    deep = Pillow.fromarray((ramp.astype(np.uint16) << 8) | ramp)
    assert (load_photo(saved(tmp_path, "i16.png", deep), CONFIG).pixels == ramp[..., None]).all()
    bits = load_photo(saved(tmp_path, "1.png", Pillow.fromarray(ramp > 127)), CONFIG).pixels
    assert set(np.unique(bits)) == {0, 255}
    alpha = Pillow.merge("LA", [Pillow.fromarray(ramp), Pillow.new("L", (256, 80), 255)])
    assert (load_photo(saved(tmp_path, "la.png", alpha), CONFIG).pixels == ramp[..., None]).all()


def test_cmyk_has_the_right_colours(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.jpg", quarters().convert("CMYK"), quality=95)
    assert_upright(load_photo(path, CONFIG).pixels, tolerance=20)


def test_an_embedded_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    # A profile with the red and green primaries exchanged makes the conversion unmistakable.
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = swapped.index(b"rXYZ"), swapped.index(b"gXYZ")
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    pixels = load_photo(saved(tmp_path, "a.png", quarters(), icc_profile=bytes(swapped)), CONFIG).pixels
    assert np.abs(corner(pixels, False, False) - (RED[1], RED[0], RED[2])).max() < 12


@pytest.mark.parametrize("profile", [b"not a profile", b"\x00" * 128])
def test_a_broken_profile_counts_as_none(tmp_path: Path, profile: bytes) -> None:
    assert_upright(load_photo(saved(tmp_path, "a.png", quarters(), icc_profile=profile), CONFIG).pixels)


def test_only_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    others = [Pillow.new("RGB", (160, 120), (0, 0, 0))] * 2
    for name in ("a.webp", "a.png"):
        path = saved(tmp_path, name, quarters(), save_all=True, append_images=others, lossless=True)
        assert_upright(load_photo(path, CONFIG).pixels)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_reduces_the_long_side_and_says_so(tmp_path: Path, name: str) -> None:
    photo = load_photo(saved(tmp_path, name, quarters((1001, 750)), quality=95), EngineConfig(max_side=401))
    assert (photo.width, photo.height) == (401, 300)
    assert photo.scale == pytest.approx(401 / 1001)
    assert_upright(photo.pixels)


def test_reduction_averages_instead_of_skipping_pixels(tmp_path: Path) -> None:
    checks = (np.indices((900, 900)).sum(axis=0) % 2 * 255).astype(np.uint8)
    photo = load_photo(saved(tmp_path, "a.png", Pillow.fromarray(checks)), EngineConfig(max_side=300))
    assert np.abs(photo.pixels.astype(float) - 127.5).max() < 8


def test_refuses_what_is_no_photo(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert refusal(tmp_path / "empty.jpg") == "empty_photo"
    (tmp_path / "text.jpg").write_text("Dear grandmother, this is not a picture.")
    assert refusal(tmp_path / "text.jpg") == "not_a_photo"
    assert refusal(saved(tmp_path, "a.gif", quarters())) == "not_a_photo"
    (tmp_path / "list.jpg").write_text("#EXTM3U\n#EXTINF:1,\nsecret.jpg\n")
    assert refusal(tmp_path / "list.jpg") == "not_a_photo"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.heic", "a.avif"])
def test_refuses_what_breaks_off(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = saved(tmp_path, name, Pillow.fromarray(noise)).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    assert refusal(tmp_path / name) == "damaged_photo"
    (tmp_path / name).write_bytes(whole[:20])
    assert refusal(tmp_path / name) == "damaged_photo"


def test_refuses_a_bomb_by_its_header(tmp_path: Path) -> None:
    path = saved(tmp_path, "bomb.png", Pillow.new("L", (12000, 12000)))
    assert path.stat().st_size < 500_000
    tracemalloc.start()
    try:
        assert refusal(path) == "photo_too_large"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_refuses_sizes_out_of_bounds(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path, "tiny.png", quarters((40, 300)))) == "photo_too_small"
    assert refusal(saved(tmp_path, "strip.png", quarters((20000, 60)))) == "photo_too_small"
    path = saved(tmp_path, "a.png", quarters())
    assert refusal(path, EngineConfig(max_photo_bytes=path.stat().st_size - 1)) == "photo_file_too_large"
    assert load_photo(path, EngineConfig(max_photo_bytes=path.stat().st_size)).width == 160


def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    """Several hundred files with flipped, cut, repeated and inserted bytes: a photo or an InputError, never more."""
    rng = np.random.default_rng(20)
    small = quarters((64, 64))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("JPEG", {"exif": exif, "icc_profile": icc}), ("PNG", {"exif": exif, "icc_profile": icc}),
        ("WEBP", {"exif": exif}), ("HEIF", {}), ("AVIF", {}),
    ]  # fmt: skip
    codes = set()
    path = tmp_path / "fuzzed"
    for kind, options in kinds:
        stream = io.BytesIO()
        small.save(stream, format=kind, **options)
        original = stream.getvalue()
        for _ in range(100):
            path.write_bytes(mutated(original, rng))
            try:
                assert load_photo(path, CONFIG).pixels.shape[2] == 3
                codes.add("read")
            except InputError as error:
                codes.add(error.code)
    assert {"read", "damaged_photo"} <= codes


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(0, len(changed)))
        match int(rng.integers(0, 4)):
            case 0:
                changed[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                changed[at : at + 4] = rng.bytes(4)
            case 2:
                del changed[at : at + int(rng.integers(1, 40))]
            case _:
                changed[at:at] = changed[max(0, at - 30) : at]
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize(("name", "suffix"), [("a.png", ".png"), ("a.jpg", ".jpg")])
def test_the_clean_copy_shows_the_same_and_tells_nothing(tmp_path: Path, name: str, suffix: str) -> None:
    exif = Pillow.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 1
    exif.get_ifd(0x8825)[1] = "N"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = saved(tmp_path, name, quarters(), exif=exif, icc_profile=icc, quality=95, comment="secret")
    photo = load_photo(source, CONFIG)
    target = tmp_path / f"clean{clean_suffix(photo)}"
    assert target.suffix == suffix
    write_clean_copy(photo, target)
    with Pillow.open(target) as copy:
        assert not copy.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(copy.info)
    assert b"ecret" not in target.read_bytes()
    again = load_photo(target, CONFIG)
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < (0.001 if suffix == ".png" else 1.0)
    assert {entry.name for entry in tmp_path.iterdir()} == {name, target.name}


def test_a_clean_copy_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    photo = load_photo(saved(tmp_path, "a.png", quarters()), CONFIG)
    with pytest.raises(ValueError):
        write_clean_copy(photo, tmp_path / "clean.gif")
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OSError):
        write_clean_copy(photo, tmp_path / "taken.png")
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.png", "taken.png"}


def test_sniff_knows_formats_by_their_first_bytes() -> None:
    assert sniff(b"\xff\xd8\xff\xe0") == "JPEG"
    assert sniff(b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heic") == "HEIF"
    assert sniff(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avif") == "AVIF"
    assert sniff(b"\x00\x00\x00\x1cftypisom\x00\x00\x00\x00isommp42") is None
    assert sniff(b"RIFF\x00\x00\x00\x00WAVE") is None
    assert sniff(b"") is None


def test_heic_is_decoded_without_gpl_libraries(tmp_path: Path) -> None:
    """The tests write HEIC with another build of libheif; what reads it must be the one without x265."""
    codecs = pi_heif.libheif_info()
    assert "libde265" in codecs["decoders"]
    assert not [name for name in codecs["encoders"] if "265" in name or "264" in name]
    path = tmp_path / "a.heic"
    quarters().save(path, "HEIF")
    pillow_heif.register_heif_opener()  # as another library may at any time
    assert load_photo(path, CONFIG).source_format == "HEIF"
    assert Pillow.OPEN["HEIF"][0].__module__.startswith("pi_heif")
