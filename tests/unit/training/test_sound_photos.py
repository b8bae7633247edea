"""Photographs of undamaged things among the training pictures of the pack model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from delid.training._sound_photos import photo_paths, seen_again, sound_photos
from delid.training._specs import PACK_INPUT
from delid.vision import DAMAGE_KINDS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    cv2.imwrite(str(tmp_path / "b.jpg"), np.full((300, 600, 3), (30, 60, 90), np.uint8))
    cv2.imwrite(str(tmp_path / "more/a.png"), np.full((600, 300, 3), 200, np.uint8))
    (tmp_path / "note.txt").write_text("no picture")
    return tmp_path


def test_every_picture_below_the_folder_becomes_an_example_without_damage(folder: Path) -> None:
    assert [p.name for p in photo_paths([folder])] == ["b.jpg", "a.png"]
    wide, tall = sound_photos([folder])
    assert wide.values.shape == (PACK_INPUT.width_px // 2, PACK_INPUT.width_px, 6)
    assert tall.values.shape[0] == PACK_INPUT.height_px
    for example in (wide, tall):
        assert example.photo
        assert example.sound
        assert example.family is None
        assert not example.values[..., 3:].any(), "a photograph has no raking lamps"
    assert wide.values[0, 0, :3].tolist() == pytest.approx([90, 60, 30], abs=3)


def test_what_is_laid_over_moves_with_the_photograph(folder: Path) -> None:
    example = sound_photos([folder])[0]
    height, width = example.values.shape[:2]
    lights, coverage = example.lights(), np.zeros((height, width, len(DAMAGE_KINDS)), np.float32)
    middle = (slice(height // 2 - 15, height // 2 + 15), slice(width // 2 - 15, width // 2 + 15))
    lights[middle] = 1.0
    coverage[middle][..., 1] = 1.0
    picture, moved = seen_again(np.random.default_rng(7), lights, coverage)
    assert picture.shape == (height, width, 3)
    bright = picture.mean(axis=2) > 150
    covered = moved[..., 1] > 0.5
    assert (bright & covered).sum() > 0.85 * covered.sum() > 100
    assert not moved[..., (0, 2, 3, 4)].any()


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"broken\.jpg cannot be read as an image"):
        sound_photos([tmp_path])
