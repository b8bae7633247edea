"""Heat to boxes: through the letterbox, one for each region, nothing from the padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from delid.core import Damage, DamageKind
from delid.vision import DAMAGE_KINDS, DamageThreshold, InputSpec, letterbox_for
from delid.vision._damage import DamageVerdict, find_damage

SPEC = InputSpec.model_validate(
    {
        "name": "image", "shape": [1, 3, 96, 128], "layout": "NCHW", "color": "RGB", "resize": "letterbox", "pad": 127,
        "mean": [127, 127, 127], "scale": [128, 128, 128], "dtype": "float32",
    }
)  # fmt: skip
ROWS, COLUMNS = 6, 8
RULE = DamageThreshold.model_validate({"min_confidence": 0.5, "from": "validation", "chosen": "by hand"})


def found_in(
    heat: NDArray[np.float32], severity: NDArray[np.float32] | None = None, size: tuple[int, int] = (1600, 1200)
) -> tuple[Damage, ...]:
    return verdict_of(heat, severity, size).found


def verdict_of(
    heat: NDArray[np.float32],
    severity: NDArray[np.float32] | None = None,
    size: tuple[int, int] = (1600, 1200),
    rule: DamageThreshold = RULE,
) -> DamageVerdict:
    if severity is None:
        severity = np.full(5, 0.25, np.float32)
    box = letterbox_for(*size, SPEC)
    thresholds = dict.fromkeys(("dent", "corrosion", "leak", "swelling", "burn"), rule)
    return find_damage(heat, severity, DAMAGE_KINDS, thresholds, box, SPEC)  # type: ignore[arg-type]


def heat_of(kind: str, cells: dict[tuple[int, int], float]) -> NDArray[np.float32]:
    heat = np.zeros((5, ROWS, COLUMNS), np.float32)
    for (row, column), value in cells.items():
        heat[DAMAGE_KINDS.index(kind), row, column] = value
    return heat


def test_cold_heat_is_no_damage() -> None:
    assert found_in(np.full((5, ROWS, COLUMNS), 0.499, np.float32)) == ()


def test_one_cell_becomes_its_box_in_the_pixels_of_the_camera() -> None:
    (damage,) = found_in(heat_of("leak", {(2, 3): 0.9}), np.array([0, 0, 0.7, 0, 0], np.float32))
    assert (damage.kind, damage.confidence, damage.severity) == (DamageKind.LEAK, 0.9, 0.7)
    # a cell is 16 input pixels, 200 camera pixels wide; its edge lies half a pixel before its first pixel's centre
    assert damage.box_px == (599.5, 399.5, 799.5, 599.5)


def test_cells_that_touch_are_one_region_and_others_are_not() -> None:
    found = found_in(heat_of("dent", {(0, 0): 0.6, (1, 1): 0.8, (4, 6): 0.7}))
    assert [(d.confidence, d.box_px) for d in found] == [
        (0.8, (0.0, 0.0, 399.5, 399.5)),
        (0.7, (1199.5, 799.5, 1399.5, 999.5)),
    ]


def test_only_the_strongest_regions_are_kept() -> None:
    cells = {(row, column): 0.6 + 0.01 * (row + column) for row in (0, 2, 4) for column in (0, 2, 4, 6)}
    found = found_in(heat_of("corrosion", cells))
    assert [d.confidence for d in found] == [0.7, 0.68, 0.68]


def test_several_kinds_at_once_most_certain_first() -> None:
    heat = np.maximum(heat_of("dent", {(1, 1): 0.6}), heat_of("burn", {(1, 1): 0.95}))
    assert [d.kind for d in found_in(heat)] == [DamageKind.BURN, DamageKind.DENT]


def test_between_ruled_out_and_found_a_damage_is_unclear() -> None:
    rule = RULE.model_copy(update={"rule_out": 0.2})
    for heat, found, unclear in ((0.19, 0, 0), (0.2, 0, 1), (0.49, 0, 1), (0.5, 1, 0)):
        verdict = verdict_of(heat_of("swelling", {(2, 3): heat}), rule=rule)
        assert (len(verdict.found), len(verdict.unclear)) == (found, unclear), heat
    (doubt,) = verdict_of(heat_of("swelling", {(2, 3): 0.3}), rule=rule).unclear
    assert (doubt.kind, doubt.confidence, doubt.box_px) == (DamageKind.SWELLING, 0.3, (599.5, 399.5, 799.5, 599.5))


def test_a_threshold_that_rules_out_what_it_finds_is_refused() -> None:
    with pytest.raises(ValueError, match="rule_out must not be over min_confidence"):
        DamageThreshold.model_validate({"min_confidence": 0.3, "rule_out": 0.4, "from": "validation", "chosen": "x"})


def test_heat_in_the_padding_is_not_on_the_pack() -> None:
    wide = (1600, 600)  # takes the middle 48 of 96 input rows: cell rows 1.5 to 4.5
    assert found_in(heat_of("burn", {(0, 2): 0.9, (5, 2): 0.9}), size=wide) == ()
    (damage,) = found_in(heat_of("burn", {(1, 2): 0.9}), size=wide)
    assert damage.box_px == (399.5, 0.0, 599.5, 99.5)


def test_figures_stay_in_their_range() -> None:
    (damage,) = found_in(heat_of("burn", {(1, 2): 1.2}), np.full(5, -0.1, np.float32))
    assert (damage.confidence, damage.severity) == (1.0, 0.0)


@given(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1), st.integers(40, 4000), st.integers(40, 4000))
@example(0, 0, 41, 40)
def test_a_box_lies_in_the_frame_whatever_its_size(row: int, column: int, width: int, height: int) -> None:
    for damage in found_in(heat_of("dent", {(row, column): 0.9}), size=(width, height)):
        x0, y0, x1, y1 = damage.box_px
        assert 0 <= x0 < x1 <= width - 1 + 0.05
        assert 0 <= y0 < y1 <= height - 1 + 0.05


def test_the_kinds_of_the_model_are_the_kinds_of_core() -> None:
    assert tuple(kind.value for kind in DamageKind) == DAMAGE_KINDS
    with pytest.raises(KeyError):
        find_damage(
            np.ones((1, 2, 2), np.float32), np.ones(1, np.float32), ("dent",), {}, letterbox_for(9, 9, SPEC), SPEC
        )
