"""Encoded bytes to a Frame. A file that is cut, foreign or too large is refused before its pixels are trusted.

JPEG (baseline, progressive, arithmetic, also CMYK) and PNG are read. Sixteen-bit images are reduced to eight bits,
grey images become colour, an alpha channel is dropped. What a file claims decides how much memory it may take, so
that its claim is looked at first. An EXIF orientation is ignored: the cameras of a cell are fixed, and their
calibration speaks of the pixels as the sensor delivers them.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np

from delid.core import Frame, FrameError, ImageBgr

MAX_SIDE_PX = 12_000
MAX_PIXELS = 50_000_000
"""150 MB as pixels; a progressive JPEG of this size takes twice that besides while it is decoded."""
MAX_SCANS = 100
"""A progressive JPEG has about ten. Each scan goes over the whole image, so that thousands would take minutes."""
MAX_BYTES = 400_000_000
"""More than an uncompressed image of the largest size allowed can hold."""

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers (ITU-T T.81, table B.1); C4, C8 and CC in that range mean something else."""
_JPEG_LOSSLESS = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})
"""Lossless and hierarchical coding, which no camera of a cell delivers."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_JPEG_SCAN = 0xDA
_OTHERS = (
    (0, b"GIF8", "a GIF"),
    (8, b"WEBP", "a WebP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"BM", "a BMP image"),
    (4, b"ftyp", "a HEIC, AVIF or MP4 file"),
    (4, b"jP  ", "a JPEG 2000 image"),
    (0, b"%PDF", "a PDF file"),
)
"""Position, bytes and words of formats that people take for a photograph."""
_CUT_HINT = "Copy the file again, or take a new frame."


def read_frame(
    image: Path | str | bytes, *, source: str = "", captured_s: float = 0.0, seq: int = 0, look: str = "ambient"
) -> Frame:
    """Decode a JPEG or PNG, from a path or from its bytes.

    Raises FrameError: ``frame.missing``, ``frame.unreadable``, ``frame.empty``, ``frame.not_an_image``,
    ``frame.unsupported``, ``frame.truncated``, ``frame.too_large`` or ``frame.damaged``.
    """
    encoded = image if isinstance(image, bytes) else _read_bytes(Path(image))
    name = source or ("image" if isinstance(image, bytes) else str(image))
    size = _check_container(encoded, name)
    return Frame(
        image=_pixels(encoded, size, name),
        source=name,
        sha256=hashlib.sha256(encoded).hexdigest(),
        captured_s=captured_s,
        seq=seq,
        look=look,
        encoded=encoded,
    )


def _read_bytes(path: Path) -> bytes:
    if not path.exists():
        raise FrameError(f"{path}: no such file.", code="frame.missing", hint="Check the path.")
    if not path.is_file():
        raise FrameError(f"{path} is not a file.", code="frame.unreadable", hint="Name an image file, not a folder.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FrameError(f"{path} is larger than any image delid reads.", code="frame.too_large")
        return path.read_bytes()
    except OSError as error:
        raise FrameError(
            f"{path} cannot be read: {error.strerror}.", code="frame.unreadable", hint="Check its permissions."
        ) from error


def _check_container(encoded: bytes, name: str) -> tuple[int, int]:
    """Width and height; refuses by header and end marker what OpenCV would decode to grey pixels or not at all."""
    if not encoded:
        raise FrameError(f"{name} is empty (0 bytes).", code="frame.empty", hint=_CUT_HINT)
    if encoded.startswith(_JPEG_START):
        width, height = _jpeg_size(encoded, name)
    elif encoded.startswith(_PNG_START):
        width, height = _png_size(encoded, name)
    else:
        known = (words for at, mark, words in _OTHERS if encoded.startswith(mark, at))
        what = next(known, "neither a JPEG nor a PNG")
        raise FrameError(
            f"{name} is {what}; it begins with {encoded[:8]!r}.",
            code="frame.not_an_image",
            hint="Give a JPEG or PNG image.",
        )
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise FrameError(
            f"{name} is {width} x {height} px; at most {MAX_SIDE_PX} px a side and {MAX_PIXELS // 10**6} Mpx are read.",
            code="frame.too_large",
            hint="Give the camera's own frame, not a panorama or a scan.",
        )
    return width, height


def _jpeg_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height from the start-of-frame segment; the image must run on to its end marker."""
    size = (0, 0)
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            break
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _JPEG_BARE:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _JPEG_SIZES and position + 9 <= len(data):
            bits, height, width = struct.unpack_from(">BHH", data, position + 4)
            if bits != 8 or marker in _JPEG_LOSSLESS:
                raise _unsupported(name, f"a JPEG of {bits} bits" if bits != 8 else "a lossless JPEG")
            size = (width, height)
        if marker == _JPEG_SCAN:
            # inside the scans FF is always followed by 00 or a restart marker, so that FF D9 can only be the end
            if data.rfind(_JPEG_END, position + 2 + length) < 0:
                break
            if data.count(bytes((0xFF, _JPEG_SCAN)), position) > MAX_SCANS:
                raise FrameError(f"{name} has over {MAX_SCANS} scans.", code="frame.damaged", hint=_CUT_HINT)
            return _real_size(size, name)
        position += 2 + length
    raise FrameError(f"{name} is cut short: the JPEG has no end.", code="frame.truncated", hint=_CUT_HINT)


def _png_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height from the header; every chunk must lie in the file, up to the end chunk.

    OpenCV takes memory for the length that a chunk claims, up to 4 GB, before it finds that there are no such bytes.
    """
    position, first = len(_PNG_START), True
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if position + 12 + length > len(data) or first != (kind == b"IHDR"):
            break
        if kind in (b"acTL", b"fcTL", b"fdAT"):
            raise _unsupported(name, "an animated PNG")
        if kind == b"IEND":
            width, height = struct.unpack_from(">II", data, 16)
            return _real_size((width, height), name)
        position, first = position + 12 + length, False
    raise FrameError(f"{name} is cut short: the PNG has no end.", code="frame.truncated", hint=_CUT_HINT)


def _unsupported(name: str, what: str) -> FrameError:
    return FrameError(
        f"{name} is {what}.",
        code="frame.unsupported",
        hint="Give a still JPEG or PNG of 8 bits, as cameras deliver it.",
    )


def _real_size(size: tuple[int, int], name: str) -> tuple[int, int]:
    if min(size) < 1:
        raise FrameError(f"{name} gives no size for its image.", code="frame.damaged", hint=_CUT_HINT)
    return size


def _pixels(encoded: bytes, size: tuple[int, int], name: str) -> ImageBgr:
    """The decoded pixels; they must have the size that was checked."""
    try:
        decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise FrameError(f"{name} cannot be decoded.", code="frame.damaged", hint=_CUT_HINT) from error
    if decoded is None or decoded.shape != (size[1], size[0], 3):
        raise FrameError(f"{name} cannot be decoded.", code="frame.damaged", hint=_CUT_HINT)
    return np.asarray(decoded, np.uint8)
