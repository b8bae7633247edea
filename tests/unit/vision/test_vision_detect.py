"""Finding fasteners: tiles, peaks, one detection a fastener, manifests that are refused, and the shipped model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from delid.core import FastenerKind, ModelError
from delid.vision import FASTENER_KINDS, Detection, DetectionSpec, InputSpec, Manifest, detect_fasteners
from delid.vision._detect import OVERLAP_PX, STRIDE, peaks_of, suppressed, tensor_of, tiles_of

COLOURS = {"bolt": (255, 255, 255), "nut": (0, 0, 255), "empty": (0, 255, 0), "stripped": (255, 0, 0)}
"""Blue, green, red of a dot that the model below takes for each kind; a white one is the brightest in every channel."""
INPUT = InputSpec(
    name="image", shape=(1, 3, "height", "width"), layout="NCHW", color="RGB", resize="stretch", pad=0,
    mean=(0.0, 0.0, 0.0), scale=(255.0, 255.0, 255.0), dtype="float32",
)  # fmt: skip
SPEC: dict[str, Any] = {
    "stride": 4,
    "radius_px": 7.0,
    "thresholds": dict.fromkeys(FASTENER_KINDS, 0.3),
    "from": "validation",
    "chosen": "here",
}


def test_the_model_is_given_each_channel_less_its_mean_over_its_scale_to_the_last_bit() -> None:
    spec = INPUT.model_copy(update={"mean": (123.675, 116.28, 103.53), "scale": (58.395, 57.12, 57.375), "pad": 7})
    picture = np.random.default_rng(3).integers(0, 256, (70, 200, 3), np.uint8)
    part = picture[3:61, 9:79]
    tensor = tensor_of(part, spec)
    padded = np.full((64, 96, 3), 7, np.uint8)
    padded[:58, :70] = part
    rgb = padded[..., ::-1].astype(np.float32)
    expected = (rgb - np.array(spec.mean, np.float32)) / np.array(spec.scale, np.float32)
    assert tensor.dtype == np.float32
    np.testing.assert_array_equal(tensor, expected.transpose(2, 0, 1)[None])


class Dots:
    """A model that sees coloured dots: heat is the brightness around a cell, the offset its centroid."""

    def __init__(self) -> None:
        detection = DetectionSpec.model_validate(SPEC)
        self.manifest: Any = SimpleNamespace(task="fastener_detect", detection=detection, input=INPUT)
        self.shapes: list[tuple[int, ...]] = []

    def run(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        self.shapes.append(tensor.shape)
        red, green, blue = (np.ascontiguousarray(c) for c in tensor[0])
        white = np.minimum(np.minimum(red, green), blue)
        layers = [white, red - white, green - white, blue - white]
        heat = np.stack([np.clip(_around(layer) * 3, 0, 1) for layer in layers])
        light = tensor[0].max(axis=0)
        y, x = np.mgrid[: light.shape[0], : light.shape[1]].astype(np.float32)
        mass = _around(light) + 1e-6
        rows, columns = np.mgrid[: heat.shape[1], : heat.shape[2]].astype(np.float32)
        half = (STRIDE - 1) / 2
        offset = np.stack(
            [
                ((_around(light * x) / mass - half) / STRIDE - columns),
                ((_around(light * y) / mass - half) / STRIDE - rows),
            ]
        )
        return {"heat": heat[None], "offset": offset[None].astype(np.float32)}


def _around(layer: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of 12 x 12 pixels around each cell of 4 x 4."""
    cells = layer.reshape(layer.shape[0] // 4, 4, layer.shape[1] // 4, 4).mean(axis=(1, 3))
    return np.asarray(cv2.blur(cells, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32)


def dotted(size: tuple[int, int], dots: list[tuple[float, float, str]]) -> NDArray[np.uint8]:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for x, y, kind in dots:
        centre = (round(x * 16), round(y * 16))
        cv2.circle(image, centre, round(3.5 * 16), COLOURS[kind], -1, cv2.LINE_AA, 4)
    return image


def scattered(size: tuple[int, int], count: int) -> list[tuple[float, float, str]]:
    rng = np.random.default_rng(4)
    columns = size[0] // 40
    cells = rng.permutation(columns * (size[1] // 40))[:count]
    jitter = rng.uniform(-9, 9, (count, 2))
    kinds = [FASTENER_KINDS[k] for k in rng.integers(0, 4, count)]
    return [
        (40 * (c % columns) + 20 + dx, 40 * (c // columns) + 20 + dy, kind)
        for c, (dx, dy), kind in zip(cells.tolist(), jitter.tolist(), kinds, strict=True)
    ]


def places(found: list[Detection]) -> list[tuple[float, float, FastenerKind]]:
    return sorted((*d.center_px, d.kind) for d in found)


def test_every_dot_is_found_to_a_part_of_a_pixel_with_its_kind() -> None:
    dots = scattered((400, 320), 40)
    found = detect_fasteners(dotted((400, 320), dots), Dots())
    assert len(found) == 40
    for x, y, kind in dots:
        nearest = min(found, key=lambda d: np.hypot(d.center_px[0] - x, d.center_px[1] - y))
        assert np.hypot(nearest.center_px[0] - x, nearest.center_px[1] - y) < 0.45
        assert nearest.kind == kind
        assert nearest.confidence == nearest.kind_scores[nearest.kind] == max(nearest.kind_scores.values())
    assert [d.confidence for d in found] == sorted((d.confidence for d in found), reverse=True)


@pytest.mark.parametrize("tile_px", [256, 320])
def test_tiles_find_what_the_whole_picture_shows(tile_px: int) -> None:
    size = (600, 500)
    image = dotted(size, scattered(size, 130))
    whole, tiled = Dots(), Dots()
    some = places(detect_fasteners(image, tiled, tile_px=tile_px))
    every = places(detect_fasteners(image, whole, tile_px=2048))
    assert [kind for _, _, kind in some] == [kind for _, _, kind in every]
    assert np.array([f[:2] for f in some]) == pytest.approx(np.array([f[:2] for f in every]), abs=0.02)
    assert len(whole.shapes) == 1
    assert len(tiled.shapes) > 4
    assert {s[2] % 32 for s in tiled.shapes} == {s[3] % 32 for s in tiled.shapes} == {0}
    assert max(max(s[2:]) for s in tiled.shapes) <= tile_px


@pytest.mark.parametrize("size", [(31, 47), (640, 480), (1024, 1024), (1025, 300), (1920, 1080), (5000, 1100)])
def test_tiles_answer_for_every_pixel_once_and_overlap(size: tuple[int, int]) -> None:
    answered = np.zeros((size[1], size[0]), np.uint8)
    tiles = list(tiles_of((0, 0, *size)))
    for tile in tiles:
        x0, y0, x1, y1 = tile.own
        answered[y0:y1, x0:x1] += 1
        assert (tile.seen[0] <= x0, tile.seen[1] <= y0, tile.seen[2] >= x1, tile.seen[3] >= y1) == (True,) * 4
        margins = np.array([x0 - tile.seen[0], y0 - tile.seen[1], tile.seen[2] - x1, tile.seen[3] - y1])
        assert ((margins >= OVERLAP_PX // 2 - STRIDE) | (margins == 0)).all()
    assert (answered == 1).all()


def test_only_the_regions_asked_for_are_looked_at() -> None:
    image = dotted((600, 300), [(50.0, 50.0, "bolt"), (300.0, 100.0, "nut"), (560.0, 260.0, "empty")])
    model = Dots()
    found = detect_fasteners(image, model, regions=[(260, 60, 340, 140), (520, 220, 900, 400)])
    assert sorted(d.kind for d in found) == ["empty", "nut"]
    assert sum(s[2] * s[3] for s in model.shapes) < 200 * 200
    assert detect_fasteners(image, model, regions=[]) == []


def test_of_two_answers_at_one_place_the_surer_one_stays_whatever_its_kind() -> None:
    scores = [np.array(row, np.float32) for row in ([0.9, 0, 0, 0], [0, 0, 0, 0.8], [0, 0.7, 0, 0])]
    found = [(14.0, 10.0, scores[1]), (10.0, 10.0, scores[0]), (30.0, 10.0, scores[2])]
    assert [(x, y) for x, y, _ in suppressed(found, 7.0)] == [(10.0, 10.0), (30.0, 10.0)]
    assert len(suppressed(found, 3.0)) == 3


def test_each_kind_has_its_own_threshold() -> None:
    heat = np.zeros((4, 8, 8), np.float32)
    heat[0, 2, 2], heat[3, 5, 5] = 0.4, 0.4
    offset = np.zeros((2, 8, 8), np.float32)
    offset[:, 2, 2] = 0.25, -0.5
    found = peaks_of(heat, offset, [0.3, 0.3, 0.3, 0.5])
    assert [(x, y) for x, y, _ in found] == [(4 * 2.25 + 1.5, 4 * 1.5 + 1.5)]


def test_another_model_is_no_detector() -> None:
    model = Dots()
    model.manifest.task, model.manifest.detection = "pack_damage", None
    with pytest.raises(ModelError, match="pack_damage") as caught:
        detect_fasteners(np.zeros((64, 64, 3), np.uint8), model)
    assert caught.value.code == "model.no_places"


MANIFEST: dict[str, Any] = {
    "model": "fastener-detect", "version": "1.0.0", "task": "fastener_detect", "file": "model.onnx", "sha256": "0" * 64,
    "trained_on": "rendered", "made_by": {"command": "none", "seed": 1},
    "data": {"images": 1, "families": 1, "seeds": [1], "recipe_sha256": "0" * 64, "note": "for a test"},
    "input": INPUT.model_dump(mode="json"),
    "outputs": [
        {"name": "heat", "shape": [1, 4, "height/4", "width/4"], "labels": list(FASTENER_KINDS)},
        {"name": "offset", "shape": [1, 2, "height/4", "width/4"]},
    ],
    "detection": SPEC,
    "thresholds": {"fasteners": {"min_confidence": 0.5, "from": "validation", "chosen": "here"}},
}  # fmt: skip
HEAT: dict[str, Any] = MANIFEST["outputs"][0]


def test_a_whole_manifest_of_a_detector_is_accepted() -> None:
    assert Manifest.model_validate(MANIFEST).input.shape == (1, 3, "height", "width")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"detection": None}, "detection is missing"),
        ({"thresholds": {}}, "thresholds.fasteners is missing"),
        ({"outputs": MANIFEST["outputs"][:1]}, "outputs must be heat, offset"),
        ({"outputs": [HEAT | {"labels": ["nut", "bolt", "empty", "stripped"]}, MANIFEST["outputs"][1]]}, "heat.labels"),
        ({"input": MANIFEST["input"] | {"shape": [1, 3, 512, 512]}}, "height, width"),
        ({"detection": SPEC | {"stride": 8}}, "stride"),
        ({"detection": SPEC | {"thresholds": {"bolt": 0.5}}}, "thresholds must give each"),
        ({"detection": SPEC | {"radius_px": 0}}, "radius_px"),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_say_everything_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate(MANIFEST | change)
