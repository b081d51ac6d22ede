"""From an uploaded file to upright sRGB pixels, and back to a file without metadata.

Nothing is decoded before the header has been read and found reasonable: a picture of 12000 x 12000 pixels in a file
of a few hundred kilobytes is turned away within milliseconds. Only the formats named in :data:`FORMATS` are offered
to the decoders, whatever the file is called.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pi_heif
from PIL import Image as Pillow
from PIL import ImageCms

from gpu_worker.config import EngineConfig
from gpu_worker.errors import InputError
from gpu_worker.schema import Image, Photo

#: The decoders an upload may reach, by Pillow's names. MPO is what phones call a JPEG with a second picture inside.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF")

#: What a damaged file makes Pillow and its plug-ins raise: no common ancestor below Exception, found by fuzzing.
DECODING_ERRORS = (
    OSError,  # includes UnidentifiedImageError and "image file is truncated"
    SyntaxError,  # Pillow's own word for a broken header
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RuntimeError,  # libheif
    MemoryError,  # a header that claims more than there is
    struct.error,
    zlib.error,
)

#: Orientation tag of EXIF -> the transposition that makes the picture upright.
_UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
_HINT = "Please use a JPEG, PNG, WebP, HEIC or AVIF picture, as a phone or a scanner saves it."
#: JPEG quality of the clean copy; with full chroma resolution the loss is below one grey level on average.
_CLEAN_QUALITY = 95


def load_photo(path: Path, config: EngineConfig) -> Photo:
    """Decode the photo at ``path``: upright, sRGB, first frame, on white where it is transparent.

    The long side is reduced to ``config.max_side`` (Lanczos); ``Photo.scale`` says by how much. Odd sizes stay odd.

    Raises:
        InputError: ``empty_photo``, ``photo_file_too_large``, ``not_a_photo``, ``photo_too_large``,
            ``photo_too_small`` or ``damaged_photo``.
    """
    data = _read(path, config)
    kind = sniff(data[:64])
    if kind is None:
        raise InputError("not_a_photo", "This file is not a picture that can be read.", _HINT)
    picture = _open_header(data, kind)
    _check_size(picture.size, config)
    try:
        pixels, scale = _decode(picture, config.max_side)
    except DECODING_ERRORS as error:
        raise _damaged() from error
    return Photo(pixels=pixels, sha256=hashlib.sha256(data).hexdigest(), source_format=kind, scale=scale)


def clean_suffix(photo: Photo) -> str:
    """The file suffix a clean copy should have: ``.png`` for a photo that came as PNG, else ``.jpg``."""
    return ".png" if photo.source_format == "PNG" else ".jpg"


def write_clean_copy(photo: Photo, target: Path) -> None:
    """Write ``photo`` without any metadata (no EXIF, no position, no thumbnail, no comment, no colour profile).

    The suffix of ``target`` decides: ``.png`` (lossless) or ``.jpg``/``.jpeg``. The file appears whole or not at all.
    The copy is upright and in sRGB, which is what every browser assumes of a picture without a profile.
    """
    formats = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
    suffix = target.suffix.lower()
    if suffix not in formats:
        raise ValueError(f"a clean copy is .png or .jpg, not {target.suffix!r}")
    options: dict[str, object] = {"compress_level": 4} if suffix == ".png" else {
        "quality": _CLEAN_QUALITY, "subsampling": 0, "optimize": True,
    }  # fmt: skip
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".clean-", suffix=suffix)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            Pillow.fromarray(photo.pixels).save(stream, format=formats[suffix], **options)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def needs_no_change(path: Path, photo: Photo) -> bool:
    """Whether the file at ``path``, from which ``photo`` was read, is itself a clean copy: a JPEG in sRGB, upright, not
    too large, with nothing in it but the picture. Then its bytes can be kept, without another loss."""
    if photo.source_format != "JPEG" or photo.scale != 1.0:
        return False
    with Pillow.open(path, formats=("JPEG",)) as picture:
        extra = set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive",
                                     "progression", "adobe", "adobe_transform"}  # fmt: skip
        plain: bool = picture.mode in ("RGB", "L") and not extra and not picture.getexif()
        return plain


def sniff(head: bytes) -> str | None:
    """The picture format that the first bytes of a file announce: JPEG, PNG, WEBP, HEIF, AVIF, or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = {head[start : start + 4] for start in (8, *range(16, len(head) - 3, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
            return "HEIF"
    return None


def _read(path: Path, config: EngineConfig) -> bytes:
    """The whole file: read once, so that what is hashed is what is decoded."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > config.max_photo_bytes:
            raise InputError(
                "photo_file_too_large",
                f"The file is larger than {config.max_photo_bytes // (1024 * 1024)} MB.",
                "Please save the picture as JPEG, or make it smaller first.",
            )
        data = stream.read(size)
    if not data:
        raise InputError("empty_photo", "The file is empty.", "Please choose the picture again; the upload broke off.")
    return data


def _open_header(data: bytes, kind: str) -> Pillow.Image:
    """Parse the header only; no pixel is decoded here."""
    _register_heif()
    allowed = ("JPEG", "MPO") if kind == "JPEG" else (kind,)
    try:
        return Pillow.open(io.BytesIO(data), formats=allowed)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _too_large() from error
    except DECODING_ERRORS as error:
        raise _damaged() from error


def _register_heif() -> None:
    """Registered anew for every photo: another reader of HEIC, once imported, would otherwise take its place."""
    pi_heif.register_heif_opener(thumbnails=False)


def _check_size(size: tuple[int, int], config: EngineConfig) -> None:
    width, height = size
    if width * height > config.max_megapixels * 1e6:
        raise _too_large(size)
    # A face needs its height in both directions, also after the reduction of a very long strip.
    shorter = min(size) * min(1.0, config.max_side / max(size))
    if shorter < config.min_face_height:
        raise InputError(
            "photo_too_small",
            f"The picture has only {width} x {height} pixels: too few to show a face.",
            "Please use the original picture instead of a thumbnail or a screenshot.",
        )


def _decode(picture: Pillow.Image, max_side: int) -> tuple[Image, float]:
    """Pixels, upright and reduced, and the factor of the reduction."""
    full = picture.size
    factor = min(1.0, max_side / max(full))
    target = (max(1, round(full[0] * factor)), max(1, round(full[1] * factor)))
    orientation = _orientation(picture)
    # JPEG can be decoded at a half, a quarter or an eighth straight away, never below what is asked for.
    picture.draft(None, target)
    picture.load()
    profile = picture.info.get("icc_profile")
    flat = _flatten(picture)
    if flat.size != target:
        flat = flat.resize(target, Pillow.Resampling.LANCZOS, reducing_gap=3.0)
    rgb = _to_srgb(flat, profile)
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    return np.array(rgb, dtype=np.uint8), factor


def _orientation(picture: Pillow.Image) -> int:
    """The orientation tag of EXIF, 1 (upright) when there is none or it cannot be read."""
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except DECODING_ERRORS:
        return 1
    return value if isinstance(value, int) else 1


def _flatten(picture: Pillow.Image) -> Pillow.Image:
    """Without palette, alpha and more than 8 bits: mode L, RGB, CMYK or another that has a colour profile."""
    if picture.mode.startswith("I;16"):
        # Pillow clips instead of scaling when it converts 16-bit grey.
        return Pillow.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        values = np.asarray(picture, dtype=np.float64)
        return Pillow.fromarray(np.clip(values / 257.0, 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        white = Pillow.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Pillow.alpha_composite(white, rgba).convert("RGB")
    if picture.mode in ("P", "1"):
        return picture.convert("RGB")
    return picture


def _to_srgb(picture: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    """Apply the embedded colour profile; a profile that cannot be used counts as none."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, _srgb(), ImageCms.Intent.PERCEPTUAL, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, *DECODING_ERRORS):
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGB")


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _damaged() -> InputError:
    return InputError(
        "damaged_photo",
        "The picture is damaged or cut off and cannot be read to its end.",
        "Please upload it again, or open it in a picture viewer and save it as a new JPEG.",
    )


def _too_large(size: tuple[int, int] | None = None) -> InputError:
    what = f"The picture has {size[0]} x {size[1]} pixels" if size else "The picture has too many pixels"
    return InputError("photo_too_large", f"{what}: more than can be handled.", "Please make the picture smaller first.")
