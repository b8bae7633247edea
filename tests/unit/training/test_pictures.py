"""Training pictures keep their truth through every change, down to the cells of the heat map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import training_kit as kit

from delid.training._augment import moved, recoloured
from delid.training._examples import Example, example_of
from delid.training._linear import LINEAR_OF, read_values, write_linear
from delid.training._noise import stream
from delid.training._paste import Stock, laid_over, patches_of
from delid.training._samples import Sample, of_split, read_samples
from delid.training._specs import HEAT_GRID, PACK_INPUT
from delid.vision import DAMAGE_KINDS, letterbox_for

BURN = DAMAGE_KINDS.index("burn")
LEFT, RIGHT, FRONT = 3, 4, 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit.write(tmp_path, "train-a-00")
    kit.write(tmp_path, "train-a-01", burnt=False)
    kit.write(tmp_path, "train-a-cell-00", kind="cell", burnt=False)
    kit.write(tmp_path, "train-open-000", kind="open", burnt=False)
    kit.write(tmp_path, "train-close-00", kind="closeup", burnt=False)
    kit.write(tmp_path, "test-a-00", split="test")
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "half.part").write_text("{")
    return tmp_path


@pytest.fixture
def samples(folder: Path) -> dict[str, Sample]:
    return {s.path.stem: s for s in read_samples(folder)}


@pytest.fixture
def burnt(samples: dict[str, Sample]) -> Example:
    return example_of(samples["train-a-00"])


@pytest.fixture
def sound(samples: dict[str, Sample]) -> Example:
    return example_of(samples["train-a-01"])


def test_only_finished_pictures_are_read_and_close_ups_stand_apart(folder: Path) -> None:
    samples = read_samples(folder)
    assert [s.path.stem for s in of_split(samples, "train", close_ups=False)] == [
        "train-a-00",
        "train-a-01",
        "train-a-cell-00",
        "train-open-000",
    ]
    assert [s.path.stem for s in of_split(samples, "train", close_ups=True)] == ["train-close-00"]
    assert [s.path.stem for s in of_split(samples, "test", close_ups=False)] == ["test-a-00"]


def test_coverage_and_severity_come_back_from_the_truth(samples: dict[str, Sample]) -> None:
    sample = samples["train-a-00"]
    coverage = sample.coverage()
    assert coverage[160, 200, BURN] == 1.0
    assert coverage[:100, :, BURN].max() == 0.0
    assert coverage[..., [k for k in range(5) if k != BURN]].max() == 0.0
    assert sample.severity()[BURN] == pytest.approx(0.7)
    assert list(np.flatnonzero(sample.present())) == [BURN]


def test_linear_light_survives_its_file_but_for_its_scale(tmp_path: Path) -> None:
    light = np.linspace(0.02, 4.0, 60 * 80 * 3, dtype=np.float32).reshape(60, 80, 3)
    write_linear(tmp_path / "one.png", light)
    found = LINEAR_OF[read_values(tmp_path / "one.png")]
    white = float(np.percentile(light, 99.7))
    assert found == pytest.approx(np.minimum(light / white, 1.0), abs=0.01)


def test_an_example_has_the_size_of_the_models_input_and_its_truth_with_it(
    burnt: Example, samples: dict[str, Sample]
) -> None:
    factor = PACK_INPUT.width_px / kit.WIDTH
    assert burnt.values.shape == (round(kit.HEIGHT * factor), PACK_INPUT.width_px, 6)
    assert burnt.coverage.shape == (*burnt.values.shape[:2], len(DAMAGE_KINDS))
    inside, around = burnt.coverage[..., BURN] > 0.99, burnt.coverage[..., BURN] == 0
    assert burnt.values[inside].max() <= 20, "dark by every lamp"
    assert np.median(burnt.values[around & (burnt.values.min(axis=2) > 60)], axis=0).min() > 80
    assert burnt.outline_px[0] == pytest.approx([30.5 * factor - 0.5] * 2)
    assert (burnt.family, burnt.sound) == ("family-1", False)
    opened = example_of(samples["train-open-000"])
    assert (opened.family, opened.sound) == (None, True)


def test_an_example_tells_the_lamps_apart(sound: Example) -> None:
    lights = sound.lights()
    half = lights.shape[1] // 2
    assert lights[:, :half, LEFT].mean() > 1.2 * lights[:, half:, LEFT].mean()
    assert lights[:, half:, RIGHT].mean() > 1.2 * lights[:, :half, RIGHT].mean()


@pytest.mark.parametrize("seed", range(6))
def test_moved_lights_and_their_coverage_stay_together(burnt: Example, seed: int) -> None:
    lights, coverage = moved(stream(seed, "moved"), burnt.lights(), burnt.coverage, mirrored=seed % 2 == 1)
    assert lights.shape == burnt.values.shape
    for channel in (0, LEFT, RIGHT, FRONT):
        dark = (lights[..., channel] < 0.02).astype(np.uint8)
        assert dark.any()
        assert coverage[..., BURN][cv2.erode(dark, np.ones((11, 11))).astype(bool)].min(initial=1.0) > 0.85
        assert coverage[..., BURN][lights[..., channel] > 0.12].mean() < 0.05


def test_what_comes_to_lie_on_the_other_side_is_lit_by_the_other_lamp(sound: Example) -> None:
    """The left lamp is the bright one and a mark lies in the left half: both must change sides, or neither."""
    lights = np.full(sound.values.shape, 0.1, np.float32)
    lights[..., LEFT] = 0.6
    lights[100:140, 60:100, :3] = 0.9
    seen = set()
    for seed in range(12):
        for mirrored in (False, True):
            found, _ = moved(stream(seed, "sides"), lights, sound.coverage, mirrored=mirrored)
            middle = np.nonzero(found[..., 0] > 0.5)[1].mean()
            swapped = bool(found[..., RIGHT].mean() > found[..., LEFT].mean())
            assert swapped == bool(middle > lights.shape[1] / 2)
            assert found[..., FRONT] == pytest.approx(0.1, abs=1e-4)
            seen.add((mirrored, swapped))
    assert seen == {(False, False), (False, True), (True, False), (True, True)}


def test_the_same_stream_changes_a_picture_in_the_same_way(samples: dict[str, Sample]) -> None:
    picture = samples["train-a-00"].picture()
    first, second = (recoloured(stream(3, "colour"), picture) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, recoloured(stream(4, "colour"), picture))


def test_the_heat_target_lies_where_the_cell_would_draw_the_box(burnt: Example) -> None:
    pytest.importorskip("torch", reason="fitting needs delid[train]")
    from delid.training._fit_pack import heat_target

    target = heat_target(burnt.coverage)
    assert target.shape == (len(DAMAGE_KINDS), *HEAT_GRID)
    rows, columns = np.nonzero(target[BURN] > 0.5)
    box = letterbox_for(kit.WIDTH, kit.HEIGHT, PACK_INPUT).cells_to_box(
        (int(rows.min()), int(rows.max())), (int(columns.min()), int(columns.max())), HEAT_GRID, PACK_INPUT
    )
    assert box == pytest.approx(kit.BURN_BOX, abs=12)


def test_a_stain_takes_on_the_other_lids_paint_in_every_light(burnt: Example, sound: Example) -> None:
    (patch,) = patches_of(burnt)
    assert (patch.kind, patch.severity) == (BURN, pytest.approx(0.7))
    assert patch.ratio.shape[2] == 6
    bright = np.array([0.9, 0.7, 0.5, 0.4, 0.3, 0.2], np.float32)
    light = np.broadcast_to(bright, sound.values.shape).astype(np.float32)
    lights, coverage = laid_over(np.random.default_rng(5), patch, sound, light, sound.coverage)
    inside, outside = coverage[..., BURN] > 0.99, coverage[..., BURN] == 0
    assert inside.any()
    assert (np.median(lights[inside], axis=0) < 0.1 * bright).all()
    assert (lights[outside].mean(axis=0) > 0.95 * bright).all()
    assert sound.coverage.max() == 0.0, "the host's own truth stays what it is"


def test_a_patch_of_unequal_lamps_keeps_their_difference(burnt: Example, sound: Example) -> None:
    """A crust that only the left lamp makes shine shines so on the other lid."""
    (patch,) = patches_of(burnt)
    ratio = np.ones_like(patch.ratio)
    ratio[..., LEFT] = 3.0
    light = np.full(sound.values.shape, 0.2, np.float32)
    lights, coverage = laid_over(np.random.default_rng(5), replace(patch, ratio=ratio), sound, light, sound.coverage)
    inside = coverage[..., BURN] > 0.99
    assert np.median(lights[inside], axis=0) == pytest.approx([0.2, 0.2, 0.2, 0.6, 0.2, 0.2], abs=0.02)


def test_a_decoy_has_no_label(burnt: Example, sound: Example) -> None:
    patch = Stock([burnt, sound]).decoy(np.random.default_rng(2))
    assert patch is not None
    assert patch.kind is None
    _, coverage = laid_over(np.random.default_rng(2), patch, sound, sound.lights(), sound.coverage)
    assert coverage.max() == 0.0


def test_a_stock_without_damage_has_no_stain(sound: Example) -> None:
    assert Stock([sound]).stain(np.random.default_rng(1)) is None
