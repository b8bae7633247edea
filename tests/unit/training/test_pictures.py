"""Training pictures keep their truth through every change, down to the cells of the heat map."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from delid.training._augment import coarser, moved, recoloured
from delid.training._crops import crops_at, jittered, photo_crops, places_of, turned
from delid.training._noise import stream
from delid.training._paste import Stock, laid_over, patches_of
from delid.training._samples import Sample, of_split, read_samples
from delid.training._specs import FASTENER_INPUT, HEAT_GRID, PACK_INPUT
from delid.vision import DAMAGE_KINDS, FASTENER_KINDS, letterbox_for

BURN = DAMAGE_KINDS.index("burn")
WIDTH, HEIGHT = 400, 300


def coverage_of(box: tuple[int, int, int, int]) -> dict[str, Any]:
    """A box of whole 8 px squares, as the truth file keeps it."""
    rows, columns = HEIGHT // 8, WIDTH // 8
    cells = np.zeros((rows, columns), np.uint8)
    cells[box[1] // 8 : box[3] // 8, box[0] // 8 : box[2] // 8] = 255
    return {"rows": rows, "columns": columns, "data": base64.b64encode(cells.tobytes()).decode()}


def write(folder: Path, name: str, *, split: str = "train", kind: str = "pack", burnt: bool = True) -> None:
    """A grey lid with a dark, square burn and four fasteners."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[30:270, 30:370] = 150
    box = (160, 120, 240, 200)
    if burnt:
        picture[box[1] : box[3], box[0] : box[2]] = 20
    fasteners = []
    for number, kind_name in enumerate(FASTENER_KINDS):
        center = (60 + 80 * number, 60)
        cv2.circle(picture, center, 6, (230, 230, 230), -1)
        fasteners.append({
            "id": f"lid.{number}", "kind": kind_name, "center_px": list(center), "mm_per_px": 0.9,
            "inside": True, "hidden": kind_name == "stripped",
        })  # fmt: skip
    truth = {
        "name": name, "split": split, "kind": kind, "family": "vw-meb-82", "size_px": [WIDTH, HEIGHT],
        "outline_px": [[30, 30], [370, 30], [370, 270], [30, 270]], "fasteners": fasteners,
        "damages": [
            {"kind": "burn", "severity": 0.7, "box_px": [160, 120, 239, 199], "coverage": coverage_of(box)}
        ] if burnt else [],
    }  # fmt: skip
    cv2.imwrite(str(folder / f"{name}.png"), picture)
    (folder / f"{name}.png").rename(folder / f"{name}.jpg")  # told by its content; free of JPEG's losses
    (folder / f"{name}.json").write_text(json.dumps(truth))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "train-a-00")
    write(tmp_path, "train-a-01", burnt=False)
    write(tmp_path, "train-a-cell-00", kind="cell", burnt=False)
    write(tmp_path, "train-close-00", kind="closeup", burnt=False)
    write(tmp_path, "test-a-00", split="test")
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "half.part").write_text("{")
    return tmp_path


@pytest.fixture
def burnt(folder: Path) -> Sample:
    return next(s for s in read_samples(folder) if s.path.stem == "train-a-00")


def test_only_finished_pictures_are_read_and_close_ups_stand_apart(folder: Path) -> None:
    samples = read_samples(folder)
    assert [s.path.stem for s in of_split(samples, "train", close_ups=False)] == [
        "train-a-00",
        "train-a-01",
        "train-a-cell-00",
    ]
    assert [s.path.stem for s in of_split(samples, "train", close_ups=True)] == ["train-close-00"]
    assert [s.path.stem for s in of_split(samples, "test", close_ups=False)] == ["test-a-00"]


def test_coverage_and_severity_come_back_from_the_truth(burnt: Sample) -> None:
    coverage = burnt.coverage()
    assert coverage[160, 200, BURN] == 1.0
    assert coverage[:100, :, BURN].max() == 0.0
    assert coverage[..., [k for k in range(5) if k != BURN]].max() == 0.0
    assert burnt.severity()[BURN] == pytest.approx(0.7)
    assert list(np.flatnonzero(burnt.present())) == [BURN]


@pytest.mark.parametrize("seed", range(6))
def test_a_moved_picture_and_its_coverage_stay_together(burnt: Sample, seed: int) -> None:
    picture, coverage = moved(stream(seed, "moved"), burnt.picture(), burnt.coverage())
    dark = picture.max(axis=2) < 60
    assert dark.any()
    assert coverage[..., BURN][cv2.erode(dark.astype(np.uint8), np.ones((11, 11))).astype(bool)].min(initial=1.0) > 0.85
    assert coverage[..., BURN][picture.min(axis=2) > 145].mean() < 0.05


def test_the_same_stream_changes_a_picture_in_the_same_way(burnt: Sample) -> None:
    first, second = (recoloured(stream(3, "colour"), burnt.picture()) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, recoloured(stream(4, "colour"), burnt.picture()))


def test_the_heat_target_lies_where_the_cell_would_draw_the_box(burnt: Sample) -> None:
    pytest.importorskip("torch", reason="fitting needs delid[train]")
    from delid.training._fit_pack import heat_target

    target = heat_target(burnt.coverage())
    assert target.shape == (len(DAMAGE_KINDS), *HEAT_GRID)
    rows, columns = np.nonzero(target[BURN] > 0.5)
    box = letterbox_for(WIDTH, HEIGHT, PACK_INPUT).cells_to_box(
        (int(rows.min()), int(rows.max())), (int(columns.min()), int(columns.max())), HEAT_GRID, PACK_INPUT
    )
    assert box == pytest.approx((160, 120, 240, 200), abs=12)


def test_a_stain_takes_on_the_other_lids_paint_and_its_label_goes_with_it(folder: Path) -> None:
    samples = {s.path.stem: s for s in read_samples(folder)}
    (patch,) = patches_of(samples["train-a-00"])
    host = samples["train-a-01"]
    light = np.full_like(host.picture(), 240)
    picture, coverage = laid_over(np.random.default_rng(5), patch, host, light, host.coverage())
    inside = coverage[..., BURN] > 0.99
    assert inside.any()
    assert picture[inside].mean() < 80
    assert picture[coverage[..., BURN] == 0].mean() > 230
    assert host.coverage().max() == 0.0


def test_a_decoy_has_no_label(folder: Path) -> None:
    samples = of_split(read_samples(folder), "train", close_ups=False)
    patch = Stock(samples).decoy(np.random.default_rng(2))
    assert patch is not None
    assert patch.kind is None
    host = next(s for s in samples if not s.truth["damages"])
    _, coverage = laid_over(np.random.default_rng(2), patch, host, host.picture(), host.coverage())
    assert coverage.max() == 0.0


def test_hidden_fasteners_are_left_out_and_crops_are_centred(folder: Path) -> None:
    close_ups = of_split(read_samples(folder), "train", close_ups=True)
    places = places_of(close_ups)
    assert [FASTENER_KINDS[p.kind] for p in places] == ["bolt", "nut", "empty"]
    crops, kinds = crops_at([s.picture() for s in close_ups], places)
    assert crops.shape == (3, 3, FASTENER_INPUT.height_px, FASTENER_INPUT.width_px)
    assert list(kinds) == [0, 1, 2]
    assert (crops[:, :, 22:26, 22:26] > 0.7).all()
    assert (crops[:, :, :4, :4] < 0.3).all()


def test_jittered_crops_keep_the_fastener_near_the_middle_at_every_resolution(folder: Path) -> None:
    close_ups = of_split(read_samples(folder), "train", close_ups=True)
    pictures, places = [s.picture() for s in close_ups], places_of(close_ups)
    for seed in range(8):
        for crop, kind in jittered(stream(seed, "crops"), pictures, places):
            assert kind in (0, 1, 2)
            bright = np.argwhere(crop.mean(axis=0) > np.percentile(crop.mean(axis=0), 96))
            assert np.abs(np.median(bright, axis=0) - 23.5).max() < 3.0 / 40 * 48 + 2


def test_a_coarser_picture_tells_by_how_much() -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for seed in range(12):
        smaller, factor = coarser(stream(seed, "coarser"), picture, 0.8)
        assert smaller.shape[1] == round(WIDTH * factor)
        assert factor == 1.0 or 1.15 < 0.8 / factor < 1.55
    assert coarser(stream(1, "coarser"), picture, 1.6)[1] == 1.0


def test_turning_keeps_every_pixel() -> None:
    crop = np.arange(3 * 4 * 4, dtype=np.float32).reshape(3, 4, 4)
    for seed in range(8):
        assert np.array_equal(np.sort(turned(stream(seed, "turned"), crop), axis=None), np.sort(crop, axis=None))


def test_photographs_become_crops_of_the_models_size() -> None:
    crops = photo_crops([np.full((64, 64, 3), 255, np.uint8), np.zeros((50, 80, 3), np.uint8)])
    assert crops.shape == (2, 3, FASTENER_INPUT.height_px, FASTENER_INPUT.width_px)
