"""Energy and carbon of a battery: by hand, with ranges, and again from the account alone."""

import dataclasses
import json
import math
import random
from pathlib import Path

import pytest
from accounting_kit import PACK, Record, loaded, work
from hypothesis import given
from hypothesis import strategies as st

from delid.accounting import BETWEEN, Amount, battery_account, recompute, total
from delid.config import SharedLoad, Uncertainty
from delid.core import UsageError


def site_with(tables, **changes):
    return dataclasses.replace(tables, site=tables.site.model_copy(update=changes))


def test_the_figure_is_metered_energy_and_air_times_their_factors(tables):
    figure = battery_account(work(Record().intake()).entries, PACK, tables).footprint
    kwh = 1.0 + 2.0 * 0.129  # 1000 Wh, and 2000 norm litres at 0.129 kWh/m3
    assert figure.kwh.value == pytest.approx(kwh)
    assert figure.kgco2e.value == pytest.approx(kwh * 0.5306)
    assert figure.factors == ("compressed_air/GLO/2021", "electricity/CN/2023")
    assert figure.not_counted == ("extraction: the record has no reading of extraction_wh",)
    assert any("carbon dioxide alone" in note for note in figure.notes)


def test_the_range_follows_from_the_uncertainties(tables):
    figure = battery_account(work(Record().intake()).entries, PACK, tables).footprint
    energy = math.hypot(1000 * 0.02 / math.sqrt(3), math.sqrt(2 * 0.1**2 / 12)) / 1000
    air = math.hypot(2000 * 0.05 / math.sqrt(3), math.sqrt(2 * 1**2 / 12)) / 1000
    per_m3 = (0.147 - 0.110) / math.sqrt(12)
    as_kwh = math.sqrt((0.129 * air) ** 2 + (2 * per_m3) ** 2 + (air * per_m3) ** 2)
    kwh, kwh_sigma = 1.258, math.hypot(energy, as_kwh)
    factor_sigma = 0.5306 * 0.10 / 1.96
    sigma = math.sqrt((kwh * factor_sigma) ** 2 + (0.5306 * kwh_sigma) ** 2 + (factor_sigma * kwh_sigma) ** 2)
    assert figure.kgco2e.sigma == pytest.approx(sigma)
    assert figure.low_kgco2e == pytest.approx(kwh * 0.5306 - 2 * sigma)
    assert figure.high_kgco2e == pytest.approx(kwh * 0.5306 + 2 * sigma)


def test_propagation_agrees_with_drawing_at_random():
    """GUM Supplement 1 in small: a product of a sum, drawn 40,000 times, against the formula."""
    draw = random.Random(7)
    parts, factor = [Amount(10, 1), Amount(4, 2)], Amount(0.5, 0.15)
    formula = total(parts).times(factor)
    drawn = [
        sum(draw.gauss(p.value, p.sigma) for p in parts) * draw.gauss(factor.value, factor.sigma) for _ in range(40_000)
    ]
    mean = sum(drawn) / len(drawn)
    spread = math.sqrt(sum((x - mean) ** 2 for x in drawn) / len(drawn))
    assert mean == pytest.approx(formula.value, rel=0.01)
    assert spread == pytest.approx(formula.sigma, rel=0.02)


def test_each_step_has_its_share_and_what_lies_between_them_too(tables):
    account = battery_account(work(Record().intake()).entries, PACK, tables)
    steps = {share.step: share.kwh for share in account.footprint.steps}
    assert steps == pytest.approx({"r/a": 0.4 + 0.129, BETWEEN: 0.3, "r/b": 0.3 + 0.129})
    assert sum(steps.values()) == pytest.approx(account.footprint.kwh.value)
    assert sum(s.kgco2e for s in account.footprint.steps) == pytest.approx(account.footprint.kgco2e.value)


def test_steps_that_overlap_count_nothing_twice(tables):
    """The second step began when the first one did; the third one's meter was reset in its middle."""
    record = (
        Record()
        .intake()
        .run(
            ("r/look", {"energy_wh": 100.0}, {"energy_wh": 160.0}),
            ("r/fetch", {"energy_wh": 100.0}, {"energy_wh": 180.0}),
            ("r/turn", {"energy_wh": 180.0}, {"energy_wh": 5.0}),
        )
    )
    figure = battery_account(record.entries, PACK, tables).footprint
    assert {s.step: s.kwh for s in figure.steps if s.kwh} == pytest.approx({"r/look": 0.06, "r/fetch": 0.02})
    assert [line for line in figure.not_counted if "went back" in line] == [
        "energy_wh: went back from 180 to 5 at r/turn (entry 4)"
    ]


def test_what_ran_between_two_runs_is_nobodys(tables):
    record = Record().intake().run(("r/a", {"energy_wh": 0.0}, {"energy_wh": 100.0}))
    record.run(("r/b", {"energy_wh": 90_000.0}, {"energy_wh": 90_100.0}), run="run-2")
    assert battery_account(record.entries, PACK, tables).footprint.kwh.value == pytest.approx(0.2)


def test_a_meter_within_another_is_shown_and_not_added(tables):
    record = (
        Record()
        .intake()
        .run(("r/a", {"energy_wh": 0.0, "extraction_wh": 0.0}, {"energy_wh": 1000.0, "extraction_wh": 300.0}))
    )
    figure = battery_account(record.entries, PACK, tables).footprint
    assert figure.kwh.value == pytest.approx(1.0)
    extraction = next(line for line in figure.lines if line.name == "extraction_wh")
    assert (extraction.counted, extraction.kwh.value) == (False, pytest.approx(0.3))
    assert "counted by energy_wh" in extraction.rule


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"energy_wh": 500.0}, {"energy_wh": 100.0}, "went back from 500 to 100"),
        ({}, {"energy_wh": 100.0}, "has no reading before it"),
        ({"energy_wh": 100.0}, {}, "has no reading after it"),
    ],
)
def test_a_gap_is_named_and_not_filled(tables, before, after, words):
    figure = battery_account(Record().intake().run(("r/a", before, after)).entries, PACK, tables).footprint
    assert figure.kwh.value == 0
    assert any(words in line for line in figure.not_counted)


def test_a_run_that_never_ended_is_named(tables):
    record = work(Record().intake())
    record.entries.pop()
    assert (
        "runs without an end in the record: run-1"
        in battery_account(record.entries, PACK, tables).footprint.not_counted
    )


def test_consumables_count_where_the_table_has_a_factor_and_are_named_where_it_has_none(tables):
    gloves = {"name": "gloves", "value": 4, "unit": "piece"}
    record = Record().intake().add("measurement", what="consumed", values=[gloves])
    figure = battery_account(record.entries, PACK, tables).footprint
    assert figure.kgco2e.value == 0
    assert any(line.startswith("gloves: 4 piece, which has no factor") for line in figure.not_counted)
    factor = tables.factors.emission[0].model_copy(
        update={
            "of": "gloves", "region": "GLO", "unit": "kgCO2e/piece", "value": 0.05,
            "uncertainty": Uncertainty(standard=0.01, why="data sheet of the supplier"),
        }
    )  # fmt: skip
    emission = [*tables.factors.emission, factor]
    richer = dataclasses.replace(tables, factors=tables.factors.model_copy(update={"emission": emission}))
    figure = battery_account(record.entries, PACK, richer).footprint
    assert (figure.kgco2e.value, figure.kgco2e.sigma) == (pytest.approx(0.2), pytest.approx(0.04))
    assert not any("gloves" in line for line in figure.not_counted)


@pytest.mark.parametrize(
    ("by", "whole", "share"), [("cell_hours", 10.0, 3 / 60 / 10), ("mass_kg", 5000.0, 0.1), ("packs", 20.0, 0.05)]
)
def test_a_shared_load_is_split_by_its_rule(tables, by, whole, share):
    load = SharedLoad(
        name="hall", carrier="electricity", first_day="2026-11-01", last_day="2026-11-30", value=200.0, by=by,
        total=whole, source="bill of November 2026", status="measured",
        uncertainty=Uncertainty(standard=10.0, why="reading of the hall's meter"),
    )  # fmt: skip
    record = work(Record().intake(mass_kg=500.0))
    alone = battery_account(record.entries, PACK, tables).footprint
    shared = battery_account(record.entries, PACK, site_with(tables, shared=[load])).footprint
    assert shared.kwh.value - alone.kwh.value == pytest.approx(200 * share)
    assert by in next(line for line in shared.lines if line.origin == "shared").rule
    earlier = load.model_copy(update={"last_day": load.first_day})
    assert battery_account(record.entries, PACK, site_with(tables, shared=[earlier])).footprint.kwh == alone.kwh


def test_the_nearest_region_and_year_give_the_factor(tables):
    record = work(Record().intake())
    for region, value in (("CN-EAST", 0.55), ("CN-WEST", 0.5306), ("EU", 0.214), ("EU-DE", 0.214)):
        figure = battery_account(record.entries, PACK, site_with(tables, region=region)).footprint
        assert figure.kgco2e.value == pytest.approx(1.258 * value), region
    nowhere = battery_account(record.entries, PACK, site_with(tables, region="US")).footprint
    assert nowhere.kgco2e.value == 0
    assert any("no electricity of US" in line for line in nowhere.not_counted)


# --- again, from the account alone --------------------------------------------------------------------------------


def full(tables):
    record = work(Record().intake(model="vw-meb-82", mass_kg=490.0).judged())
    record.add("plan", run="run-1", hazard_class="A", route="reuse", state_of_health=0.8)
    record.out("module", 360.0, "reuse:stationary_storage:Depot 3", count=12).out("housing", 120.0, "recycling:Smelter")
    return battery_account(record.entries, PACK, tables)


def test_an_account_is_made_again_from_itself_after_a_trip_through_json(tables):
    account = full(tables)
    for sort_keys in (False, True):
        again = recompute(json.loads(json.dumps(account.plain(), sort_keys=sort_keys)))
        assert again.plain() == account.plain()


@pytest.mark.parametrize(
    "path",
    [
        ("footprint", "kgco2e", "value"),
        ("avoided", "high_kgco2e"),
        ("given", "readings", 0, "after"),
        ("tables", "factors", "emission", 0, "value"),
        ("balance", "mass_out", "value"),
        ("recovery", "share"),
    ],
)
def test_a_changed_account_is_refused(tables, path):
    plain = json.loads(json.dumps(full(tables).plain()))
    place = plain
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] *= 1.01
    with pytest.raises(UsageError, match="does not follow from its own facts"):
        recompute(plain)


def test_what_is_no_account_is_refused():
    with pytest.raises(UsageError, match="not an account"):
        recompute({"given": {}})


def test_a_stranger_has_no_account(tables):
    with pytest.raises(UsageError, match="no entry about the battery 'x'"):
        battery_account(Record().intake().entries, "x", tables)


def test_a_battery_is_one_under_all_its_names(tables):
    record = work(Record("provisional-7").intake(identity="provisional"))
    record.add("identity_linked", PACK, provisional="provisional-7", reason="label cleaned")
    for name in (PACK, "provisional-7"):
        account = battery_account(record.entries, name, tables)
        assert (account.battery, account.footprint.kwh.value) == (PACK, pytest.approx(1.258))


REPOSITORY = Path(__file__).parents[3]
readings = st.lists(st.floats(0, 1e6, allow_nan=False).map(lambda x: round(x, 1)), min_size=2, max_size=12)


@given(values=readings.map(sorted))
def test_steps_and_what_lies_between_add_up_to_the_meters_whole_way(values):
    record = Record().intake()
    pairs = list(zip(values[::2], values[1::2], strict=False))
    record.run(*((f"r/{n}", {"energy_wh": a}, {"energy_wh": b}) for n, (a, b) in enumerate(pairs)))
    figure = battery_account(record.entries, PACK, loaded(REPOSITORY)).footprint
    assert figure.kwh.value == pytest.approx((pairs[-1][1] - pairs[0][0]) / 1000, abs=1e-9)
    assert math.fsum(s.kwh for s in figure.steps) == pytest.approx(figure.kwh.value, abs=1e-9)
