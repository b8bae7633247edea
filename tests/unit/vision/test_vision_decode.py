"""Bytes to frames: what is read, and what is refused with which code."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import vision_kit as kit
from hypothesis import given, settings
from hypothesis import strategies as st

from delid.core import FrameError
from delid.vision import read_frame

IMAGE = kit.picture((40, 90, 160), (320, 240))
JPEG = kit.jpeg(IMAGE)
PNG = bytes(cv2.imencode(".png", IMAGE)[1])


def png_header(width: int, height: int) -> bytes:
    """A PNG that only claims a size: signature, header chunk, end chunk."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IEND\xaeB`\x82"


def test_a_jpeg_is_read_with_its_digest_and_kept_for_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "overview.jpg"
    path.write_bytes(JPEG)
    frame = read_frame(path, captured_s=2.5, seq=7, look="raking_left")
    assert frame.image.shape == (240, 320, 3)
    assert frame.image.dtype == np.uint8
    assert abs(frame.image.astype(int) - IMAGE).mean() < 6
    assert (frame.source, frame.sha256, frame.encoded) == (str(path), hashlib.sha256(JPEG).hexdigest(), JPEG)
    assert (frame.captured_s, frame.seq, frame.look) == (2.5, 7, "raking_left")


def test_a_png_is_read_exactly_and_may_be_named() -> None:
    frame = read_frame(PNG, source="overview#3")
    assert frame.source == "overview#3"
    assert (frame.image == IMAGE).all()


def test_sixteen_bits_grey_and_alpha_become_eight_bit_colour() -> None:
    deep = read_frame(bytes(cv2.imencode(".png", IMAGE.astype(np.uint16) * 257)[1]))
    assert abs(deep.image.astype(int) - IMAGE).max() <= 1
    grey = IMAGE[:, :, 1]
    for encoded in (bytes(cv2.imencode(".png", grey)[1]), kit.jpeg(grey)):
        found = read_frame(encoded).image
        assert found.shape == (240, 320, 3)
        assert (found[:, :, 0] == found[:, :, 2]).all()
    with_alpha = np.dstack([IMAGE, np.full(IMAGE.shape[:2], 10, np.uint8)])
    assert (read_frame(bytes(cv2.imencode(".png", with_alpha)[1])).image == IMAGE).all()


def test_exif_orientation_is_ignored_because_calibration_speaks_of_sensor_pixels() -> None:
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIHH", 1, 0x0112, 3, 1, 6, 0) + b"\x00\x00\x00\x00"
    payload = b"Exif\x00\x00" + tiff
    turned = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + JPEG[2:]
    raw = np.frombuffer(turned, np.uint8)
    assert cv2.imdecode(raw, cv2.IMREAD_COLOR).shape == (320, 240, 3), "the tag must be one that OpenCV obeys"
    assert read_frame(turned).image.shape == (240, 320, 3)


def test_an_end_marker_inside_a_thumbnail_does_not_hide_a_cut() -> None:
    payload = b"Exif\x00\x00" + JPEG[:40] + b"\xff\xd9"
    whole = JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + JPEG[2:]
    assert read_frame(whole).image.shape == (240, 320, 3)
    with pytest.raises(FrameError) as caught:
        read_frame(whole[: len(whole) // 2])
    assert caught.value.code == "frame.truncated"


def test_bytes_after_the_end_are_forgiven() -> None:
    assert read_frame(JPEG + b"\x00" * 100).image.shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "frame.empty"),
        (b"this is a text that somebody named .jpg", "frame.not_an_image"),
        (b"GIF89a" + bytes(40), "frame.not_an_image"),
        (JPEG[: len(JPEG) // 2], "frame.truncated"),
        (JPEG[:-2], "frame.truncated"),
        (JPEG[:30], "frame.truncated"),
        (JPEG[:4], "frame.truncated"),
        (PNG[: len(PNG) // 2], "frame.truncated"),
        (PNG[:20], "frame.truncated"),
        (png_header(12_001, 10), "frame.too_large"),
        (png_header(11_000, 11_000), "frame.too_large"),
        (png_header(0, 10), "frame.damaged"),
        (png_header(10, 10), "frame.damaged"),
    ],
)
def test_what_is_no_whole_image_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(FrameError) as caught:
        read_frame(path)
    assert caught.value.code == code
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.jpg", "frame.missing"), (tmp_path, "frame.unreadable")):
        with pytest.raises(FrameError) as caught:
            read_frame(path)
        assert caught.value.code == code


@given(st.integers(min_value=2, max_value=len(JPEG) - 1))
@settings(max_examples=60, deadline=None)
def test_a_jpeg_cut_anywhere_is_never_taken_for_a_picture(length: int) -> None:
    with pytest.raises(FrameError) as caught:
        read_frame(JPEG[:length])
    assert caught.value.code in ("frame.truncated", "frame.not_an_image")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_frame_or_a_frame_error(content: bytes, start: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(start + content)
