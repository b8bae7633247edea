"""Encoded bytes to a Frame. A file that is cut, foreign or too large is refused before its pixels are trusted.

JPEG and PNG are read. Sixteen-bit images are reduced to eight bits, grey images become colour, an alpha channel is
dropped. An EXIF orientation is ignored: the cameras of a cell are fixed, and their calibration speaks of the pixels
as the sensor delivers them.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np

from delid.core import Frame, FrameError

MAX_SIDE_PX = 12_000
MAX_PIXELS = 100_000_000
MAX_BYTES = 400_000_000
"""More than an uncompressed image of the largest size allowed can hold."""

_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers (ITU-T T.81, table B.1); C4, C8 and CC in that range mean something else."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_JPEG_SCAN = 0xDA
_CUT_HINT = "Copy the file again, or take a new frame."


def read_frame(
    image: Path | str | bytes, *, source: str = "", captured_s: float = 0.0, seq: int = 0, look: str = "ambient"
) -> Frame:
    """Decode a JPEG or PNG, from a path or from its bytes.

    Raises FrameError: ``frame.missing``, ``frame.unreadable``, ``frame.empty``, ``frame.not_an_image``,
    ``frame.truncated``, ``frame.too_large`` or ``frame.damaged``.
    """
    encoded = image if isinstance(image, bytes) else _read_bytes(Path(image))
    name = source or ("image" if isinstance(image, bytes) else str(image))
    _check_container(encoded, name)
    return Frame(
        image=_pixels(encoded, name),
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


def _check_container(encoded: bytes, name: str) -> None:
    """Refuse by header and end marker what OpenCV would decode to grey pixels or not at all."""
    if not encoded:
        raise FrameError(f"{name} is empty (0 bytes).", code="frame.empty", hint=_CUT_HINT)
    if encoded.startswith(_JPEG_START):
        width, height = _jpeg_size(encoded, name)
    elif encoded.startswith(_PNG_START):
        width, height = _png_size(encoded, name)
    else:
        raise FrameError(
            f"{name} is neither a JPEG nor a PNG; it begins with {encoded[:8]!r}.",
            code="frame.not_an_image",
            hint="Give a JPEG or PNG image.",
        )
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise FrameError(
            f"{name} is {width} x {height} px; at most {MAX_SIDE_PX} px a side and {MAX_PIXELS // 10**6} Mpx are read.",
            code="frame.too_large",
            hint="Give the camera's own frame, not a panorama or a scan.",
        )


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
            height, width = struct.unpack_from(">HH", data, position + 5)
            size = (width, height)
        if marker == _JPEG_SCAN:
            # inside the scans FF is always followed by 00 or a restart marker, so that FF D9 can only be the end
            if data.rfind(_JPEG_END, position + 2 + length) < 0:
                break
            return _real_size(size, name)
        position += 2 + length
    raise FrameError(f"{name} is cut short: the JPEG has no end.", code="frame.truncated", hint=_CUT_HINT)


def _png_size(data: bytes, name: str) -> tuple[int, int]:
    if len(data) < 24 or data.rfind(_PNG_END, 24) < 0:
        raise FrameError(f"{name} is cut short: the PNG has no end.", code="frame.truncated", hint=_CUT_HINT)
    width, height = struct.unpack_from(">II", data, 16)
    return _real_size((width, height), name)


def _real_size(size: tuple[int, int], name: str) -> tuple[int, int]:
    if min(size) < 1:
        raise FrameError(f"{name} gives no size for its image.", code="frame.damaged", hint=_CUT_HINT)
    return size


def _pixels(encoded: bytes, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    try:
        decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise FrameError(f"{name} cannot be decoded.", code="frame.damaged", hint=_CUT_HINT) from error
    if decoded is None:
        raise FrameError(f"{name} cannot be decoded.", code="frame.damaged", hint=_CUT_HINT)
    return np.asarray(decoded, np.uint8)
