"""Every reason of the quality gate, and what must not set it off."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import vision_kit as kit
from numpy.typing import NDArray

from delid.core import Frame
from delid.vision import FrozenWatch, check_quality

SHARP = kit.picture((140, 150, 160), (800, 600))


def glare() -> NDArray[np.uint8]:
    image = SHARP.copy()
    image[:400] = 255
    return image


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (np.zeros((600, 800, 3), np.uint8), "dark"),
        (kit.picture((6, 6, 6), (800, 600)) // 4, "dark"),
        (np.full((600, 800, 3), 255, np.uint8), "over-exposed"),
        (glare(), "over-exposed"),
        (np.asarray(cv2.GaussianBlur(SHARP, (0, 0), 9)), "blurred"),
        (np.full((600, 800, 3), 120, np.uint8), "blurred"),
        (SHARP[:40, :40], "too small"),
    ],
)
def test_a_picture_that_cannot_be_judged_is_refused_in_words(image: NDArray[np.uint8], word: str) -> None:
    quality = check_quality(kit.frame_of(image))
    assert not quality.ok
    assert [r.split(":")[0] for r in quality.reasons] == [word]


def test_a_sharp_picture_passes_at_any_size() -> None:
    for size in ((800, 600), (1600, 1200), (1920, 1080), (320, 240)):
        assert check_quality(kit.frame_of(kit.picture((140, 150, 160), size))).reasons == ()


def test_a_dark_pack_under_a_working_lamp_is_not_called_dark() -> None:
    image = kit.picture((12, 12, 12), (800, 600))
    image[250:350, 350:450] = kit.picture((200, 200, 200), (100, 100))
    assert check_quality(kit.frame_of(image)).ok


def test_the_size_is_compared_with_the_camera() -> None:
    assert check_quality(kit.frame_of(SHARP), size_px=(800, 600)).ok
    quality = check_quality(kit.frame_of(SHARP), size_px=(600, 800))
    assert quality.reasons == ("wrong size: 800 x 600 px, the camera is set to 600 x 800 px",)


def numbered(camera: str, seq: int, seed: int) -> Frame:
    return kit.frame_of(kit.picture(size=(80, 80), seed=seed), f"{camera}#{seq}", seq)


def test_frozen_is_the_same_picture_under_a_new_number_of_the_same_camera() -> None:
    watch = FrozenWatch()
    assert not watch.is_frozen(numbered("a", 1, 1))
    assert not watch.is_frozen(numbered("b", 2, 1)), "another camera"
    assert not watch.is_frozen(numbered("a", 1, 1)), "the same frame again"
    assert watch.is_frozen(numbered("a", 2, 1))
    assert watch.is_frozen(numbered("a", 3, 1))
    assert not watch.is_frozen(numbered("a", 4, 2)), "the picture moves again"
    watch.forget()
    assert not watch.is_frozen(numbered("a", 5, 2))


def test_frozen_and_wrong_size_are_both_said() -> None:
    quality = check_quality(kit.frame_of(SHARP), size_px=(1, 1), frozen=True)
    assert [r.split(":")[0] for r in quality.reasons] == ["wrong size", "frozen"]
