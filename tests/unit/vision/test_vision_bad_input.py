"""Odd and hostile image files, from bytes to the gate: a frame or a clear error, and never more memory than allowed.

`DELID_FUZZ_EXAMPLES=20000 pytest tests/unit/vision/test_vision_bad_input.py -k mutated --timeout 3600` looks deeper.
"""

from __future__ import annotations

import base64
import os
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
import vision_kit as kit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delid.core import Frame, FrameError
from delid.vision import Inspector, check_quality, read_frame
from delid.vision._decode import MAX_PIXELS, MAX_SCANS

# 32 x 24 px, left third blue, the rest brick red; drawn for this test
CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUG"
    "BKUVJP/8AAFAgAGAAgBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQEC"
    "AwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dX"
    "Z3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4E"
    "QwBNAFkASwAAPwDz2tSu5r06iiiivbq42vEKKKKKK8Rrsq9vooooor26uNrxCiiiiivEa7Kvb6KKKKK9urja8Qooooor/9k="
)
ARITHMETIC_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYV"
    "pQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//yQARCAAY"
    "ACADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwDxFNZ5doy1yibWPkFD572jwP/Z"
)
ANIMATED_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAYCAIAAAAUMWhjAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAgAAAAGAAAAAAAAAAAAA"
    "AAAQAAqDyI7QAAAC5JREFUeJxjFFlwh4EUsGWDD0nqmUhSTQYYtWDUglELRi0YtWDUglELRi2gDgAAGzoDcLcSeXAAAAAaZmNUTAAAAAEAAAAg"
    "AAAAGAAAAAAAAAAAAAAAAQAAM09iOQAAADFmZEFUAAAAAnicYzwRoMFACvAJ2EKSeiaSVJMBRi0YtWDUglELRi0YtWDUglELqAMA7kkCwHl5N4"
    "wAAAAASUVORK5CYII="
)
SMALL = kit.picture((40, 90, 160), (48, 32))
JPEG = kit.jpeg(SMALL)
PROGRESSIVE = bytes(cv2.imencode(".jpg", SMALL, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1])
PNG = bytes(cv2.imencode(".png", SMALL)[1])
DEEP_PNG = bytes(cv2.imencode(".png", SMALL.astype(np.uint16) * 257)[1])
SEEDS = (JPEG, PROGRESSIVE, CMYK_JPEG, ARITHMETIC_JPEG, PNG, DEEP_PNG)

EXAMPLES = int(os.environ.get("DELID_FUZZ_EXAMPLES", "80"))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def refusal(content: bytes) -> FrameError:
    with pytest.raises(FrameError) as caught:
        read_frame(content)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("content", [CMYK_JPEG, ARITHMETIC_JPEG])
def test_jpegs_of_other_codings_have_their_colours(content: bytes) -> None:
    image = read_frame(content).image.astype(int)
    assert image.shape == (24, 32, 3)
    assert image[12, 4] == pytest.approx((220, 160, 20), abs=12)
    assert image[12, 28] == pytest.approx((40, 80, 200), abs=12)


def test_a_progressive_jpeg_is_the_same_picture() -> None:
    difference = read_frame(PROGRESSIVE).image.astype(int) - read_frame(JPEG).image
    assert abs(difference).mean() < 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GIF89a" + bytes(40), "a GIF"),
        (b"RIFF\x40\0\0\0WEBPVP8 " + bytes(40), "a WebP image"),
        (b"II*\0" + bytes(40), "a TIFF image"),
        (b"BM" + bytes(60), "a BMP image"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"%PDF-1.7" + bytes(40), "a PDF file"),
        (b"<svg>", "neither a JPEG nor a PNG"),
    ],
)
def test_another_format_is_named(content: bytes, words: str) -> None:
    error = refusal(content)
    assert error.code == "frame.not_an_image"
    assert words in error.message


def test_what_no_camera_delivers_is_refused() -> None:
    assert refusal(ANIMATED_PNG).code == "frame.unsupported"
    start = JPEG.index(b"\xff\xc0")
    for changed in (JPEG[: start + 4] + b"\x0c" + JPEG[start + 5 :], JPEG[: start + 1] + b"\xc3" + JPEG[start + 2 :]):
        assert refusal(changed).code == "frame.unsupported"


def test_a_claim_of_a_huge_image_takes_no_memory() -> None:
    start = JPEG.index(b"\xff\xc0")
    huge = JPEG[: start + 5] + struct.pack(">HH", 11_999, 11_999) + JPEG[start + 9 :]
    tracemalloc.start()
    try:
        assert refusal(huge).code == "frame.too_large"
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert 3 * MAX_PIXELS <= 150_000_000


@pytest.mark.parametrize("claim", [0xFFED0559, 0x7FFFFFFF, 10_000])
def test_a_chunk_that_claims_more_than_the_file_has_is_refused_before_decoding(claim: int) -> None:
    changed = PNG[:33] + struct.pack(">I", claim) + PNG[37:]
    assert refusal(changed).code == "frame.truncated"


def test_a_png_begins_with_its_header() -> None:
    note = chunk(b"tEXt", b"note\0first")
    assert refusal(PNG[:8] + note + PNG[8:]).code == "frame.truncated"
    assert (read_frame(PNG[:33] + note + PNG[33:]).image == SMALL).all()


def test_a_png_that_unpacks_to_a_heap_of_text_is_read_without_it() -> None:
    press = zlib.compressobj(9)
    packed = b"".join(press.compress(bytes(1_000_000)) for _ in range(20)) + press.flush()
    bomb = PNG[:33] + chunk(b"zTXt", b"note\0\0" + packed) + PNG[33:]
    assert (read_frame(bomb).image == SMALL).all()


def test_thousands_of_scans_are_refused() -> None:
    start = PROGRESSIVE.index(b"\xff\xda")
    assert refusal(PROGRESSIVE[:-2] + PROGRESSIVE[start:-2] * MAX_SCANS + b"\xff\xd9").code == "frame.damaged"


def test_a_frame_of_twelve_thousand_pixels_is_judged(bare_inspector: Inspector) -> None:
    wide = kit.picture((150, 150, 150), (12_000, 400))
    found = bare_inspector.inspect(read_frame(kit.jpeg(wide), source="overview#1"))
    assert (found.frame.width, found.frame.height) == (12_000, 400)
    assert found.quality.ok
    assert found.pack.model is None, "a strip is no pack"


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (np.zeros((480, 640, 3), np.uint8), "dark"),
        (np.full((480, 640, 3), 255, np.uint8), "over-exposed"),
        (np.full((480, 640, 3), 127, np.uint8), "blurred"),
        (np.full((1, 12_000, 3), 127, np.uint8), "too small"),
        (np.full((64, 12_000, 3), 127, np.uint8), "blurred"),
    ],
)
def test_pictures_of_nothing_are_turned_away_with_a_reason(image: np.ndarray, word: str) -> None:  # type: ignore[type-arg]
    frame = read_frame(bytes(cv2.imencode(".png", image)[1]))
    quality = check_quality(frame)
    assert not quality.ok
    assert quality.reasons[0].startswith(word)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An image file with bytes changed, cut out, doubled or put in; its markers are hit more often than by chance."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(2, max(2, len(data) - 1)) | st.integers(2, 60))
        length = draw(st.integers(1, 40))
        match draw(st.sampled_from(("change", "cut", "double", "insert", "marker"))):
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length]
            case "insert":
                data[at:at] = draw(st.binary(max_size=20))
            case _:
                data[at : at + 2] = bytes((0xFF, draw(st.integers(0xC0, 0xFE))))
    return bytes(data)


@given(mutated(), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_file_gives_a_frame_or_a_frame_error(content: bytes, mend: bool) -> None:
    if mend:  # with an end marker the damage reaches the decoder
        content += b"\xff\xd9" if content[:2] == b"\xff\xd8" else chunk(b"IEND", b"")
    try:
        frame = read_frame(content)
    except FrameError:
        return
    assert isinstance(frame, Frame)
    assert frame.image.dtype == np.uint8
    assert frame.image.ndim == 3
    assert frame.image.size <= 3 * MAX_PIXELS
    check_quality(frame)
