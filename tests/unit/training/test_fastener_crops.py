"""Crops of fasteners: centred, of the model's size, and judged by kind and by presence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import training_kit as kit

from delid.training._augment import coarser
from delid.training._crops import crops_at, jittered, photo_crops, places_of, turned
from delid.training._evaluate import fastener_figures
from delid.training._noise import stream
from delid.training._samples import Sample, of_split, read_samples
from delid.training._specs import FASTENER_INPUT
from delid.training._thresholds import min_confidence
from delid.vision import FASTENER_KINDS


@pytest.fixture
def close_ups(tmp_path: Path) -> list[Sample]:
    kit.write(tmp_path, "train-close-00", kind="closeup", burnt=False)
    return of_split(read_samples(tmp_path), "train", close_ups=True)


def test_hidden_fasteners_are_left_out_and_crops_are_centred(close_ups: list[Sample]) -> None:
    places = places_of(close_ups)
    assert [FASTENER_KINDS[p.kind] for p in places] == ["bolt", "nut", "empty"]
    crops, kinds = crops_at([s.picture() for s in close_ups], places)
    assert crops.shape == (3, 3, FASTENER_INPUT.height_px, FASTENER_INPUT.width_px)
    assert list(kinds) == [0, 1, 2]
    assert (crops[:, :, 22:26, 22:26] > 0.7).all()
    assert (crops[:, :, :4, :4] < 0.3).all()


def test_jittered_crops_keep_the_fastener_near_the_middle_at_every_resolution(close_ups: list[Sample]) -> None:
    pictures, places = [s.picture() for s in close_ups], places_of(close_ups)
    for seed in range(8):
        for crop, kind in jittered(stream(seed, "crops"), pictures, places):
            assert kind in (0, 1, 2)
            bright = np.argwhere(crop.mean(axis=0) > np.percentile(crop.mean(axis=0), 96))
            assert np.abs(np.median(bright, axis=0) - 23.5).max() < 3.0 / 40 * 48 + 2


def test_a_coarser_picture_tells_by_how_much() -> None:
    picture = np.zeros((kit.HEIGHT, kit.WIDTH, 3), np.uint8)
    for seed in range(12):
        smaller, factor = coarser(stream(seed, "coarser"), picture, 0.8)
        assert smaller.shape[1] == round(kit.WIDTH * factor)
        assert factor == 1.0 or 1.15 < 0.8 / factor < 1.55
    assert coarser(stream(1, "coarser"), picture, 1.6)[1] == 1.0


def test_turning_keeps_every_pixel() -> None:
    crop = np.arange(3 * 4 * 4, dtype=np.float32).reshape(3, 4, 4)
    for seed in range(8):
        assert np.array_equal(np.sort(turned(stream(seed, "turned"), crop), axis=None), np.sort(crop, axis=None))


def test_photographs_become_crops_of_the_models_size() -> None:
    crops = photo_crops([np.full((64, 64, 3), 255, np.uint8), np.zeros((50, 80, 3), np.uint8)])
    assert crops.shape == (2, 3, FASTENER_INPUT.height_px, FASTENER_INPUT.width_px)


def test_fasteners_are_counted_by_kind_and_by_presence() -> None:
    said = np.array([[0.9, 0, 0.1, 0], [0.4, 0, 0.6, 0], [0, 0.2, 0.8, 0], [0, 0.9, 0.1, 0]], np.float32)
    figures = fastener_figures(said, np.array([0, 0, 2, 0]), 0.7)
    assert figures["right"] == 0.5
    assert figures["confusion_true_by_said"]["bolt"] == {"bolt": 1, "nut": 1, "empty": 1, "stripped": 0}
    assert figures["present_called_empty"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["present_surely_called_empty"] == 0.0
    assert figures["empty_surely_seen_empty"] == 1.0


def test_min_confidence_is_the_lowest_with_which_no_present_fastener_counts_as_gone() -> None:
    probabilities = np.array([[0.55, 0, 0.45, 0], [0.3, 0.1, 0.6, 0], [0.05, 0, 0.95, 0], [0.9, 0, 0.1, 0]])
    assert min_confidence(probabilities, np.array([0, 0, 2, 0]), empty=2) == pytest.approx(0.65)
    assert min_confidence(probabilities, np.array([0, 2, 2, 0]), empty=2) == pytest.approx(0.4)
    assert min_confidence(probabilities, np.array([0, 2, 0, 0]), empty=2) == 0.95
