"""What came out: mass balance, recovery, routes with reasons, refusals by rule, and what may be avoided."""

import dataclasses

import pytest
from accounting_kit import PACK, Record

from delid.accounting import battery_account, destination, uses_in

WHOLE = (
    ("module", 360.0, "reuse:stationary_storage:Depot 3"),
    ("busbar", 12.0, "recycling:Smelter"),
    ("housing", 96.0, "recycling:Smelter"),
    ("harness", 8.0, "recycling:Smelter"),
    ("coolant", 6.0, "treatment:Drain Co"),
)


def account(tables, *outputs, intake=None, hazard="A", route="reuse", health=0.8):
    record = Record().intake(**({"model": "vw-meb-82", "mass_kg": 490.0} if intake is None else intake)).judged(hazard)
    if route:
        record.add("plan", run="run-1", hazard_class=hazard, route=route, state_of_health=health)
    for material, kg, goes in outputs:
        record.out(material, kg, goes, count=12 if material == "module" else None)
    return battery_account(record.entries, PACK, tables)


def test_a_pack_whose_parts_add_up_is_closed(tables):
    found = account(tables, *WHOLE)
    assert found.balance.verdict == "closed"
    assert found.balance.rest.value == pytest.approx(490 - 482)
    assert found.balance.rest.sigma == pytest.approx(0.2 * 6**0.5)
    assert found.balance.tolerance_kg == pytest.approx(14.7)
    assert found.is_in_order


@pytest.mark.parametrize(
    ("outputs", "verdict"),
    [
        (WHOLE[:4], "closed"),
        (WHOLE[1:], "missing"),
        ((*WHOLE, ("other", 40.0, None)), "surplus"),
        ((*WHOLE[:4], ("coolant", None, "treatment")), "open"),
        ((*WHOLE[1:], ("module", None, "reuse")), "open"),
        ((), "open"),
    ],
)
def test_the_verdict_says_what_is_wrong(tables, outputs, verdict):
    found = account(tables, *outputs)
    assert found.balance.verdict == verdict
    assert found.is_in_order is (verdict == "closed")


def test_a_pack_that_was_not_weighed_has_its_models_mass_and_a_wider_spread(tables):
    found = account(tables, *WHOLE, intake={"model": "vw-meb-82"})
    assert (found.balance.mass_in.value, found.balance.mass_in.sigma) == (493, pytest.approx(4.93))
    assert any("weigh the pack" in reason for reason in found.balance.reasons)


def test_without_any_mass_in_nothing_is_claimed(tables):
    found = account(tables, *WHOLE, intake={})
    assert (found.balance.verdict, found.balance.rest, found.recovery.share) == ("open", None, None)


def test_recovery_is_what_goes_on_by_the_mass_that_came_in(tables):
    found = account(tables, *WHOLE).recovery
    assert found.share == pytest.approx((360 + 12 + 96 + 8) / 490)
    assert found.low < found.share < found.high <= 1
    assert dict(found.kg) == {"reuse": 360, "recycling": 116, "treatment": 6}
    assert dict(found.kinds)["harness"] == 8
    assert "not the recycling efficiency" in found.rule


def test_without_any_destination_no_recovery_is_claimed(tables):
    found = account(tables, ("module", 360.0, None), ("housing", 120.0, "Smelter")).recovery
    assert (found.share, dict(found.kg)) == (None, {"unknown": 480})


def test_a_hand_over_says_where_things_went_that_had_no_destination(tables):
    record = Record().intake(mass_kg=490.0).out("module", 360.0, modules=["m-1", "m-2"]).out("housing", 120.0)
    record.add("hand_over", to="Depot 3", route="reuse:backup_power", items=["m-1", "m-2"], by="p-1")
    record.add("hand_over", to="Smelter", route="recycling", items=["housing"], by="p-1")
    found = {o.kind: o for o in battery_account(record.entries, PACK, tables).given.outputs}
    assert (found["module"].goes, found["module"].use, found["module"].to) == ("reuse", "backup_power", "Depot 3")
    assert (found["housing"].goes, found["housing"].to) == ("recycling", "Smelter")


def test_a_pack_that_leaves_whole_is_its_own_output(tables):
    record = Record().intake(mass_kg=490.0).judged("C")
    record.add("hand_over", to="Safe Store", route="quarantine", by="p-1")
    found = battery_account(record.entries, PACK, tables)
    assert [(o.kind, o.goes, o.weight.kg) for o in found.given.outputs] == [("pack", "quarantine", 490)]
    assert found.balance.verdict == "closed"


def test_modules_with_identities_of_their_own_count_once(tables):
    record = Record().intake(mass_kg=490.0)
    for n in (1, 2):
        record.add("module_out", f"m-{n}", parent=PACK, position=f"module.{n:02d}", identity="derived", mass_kg=30.0)
    record.out("module", 30.0, "recycling", modules=["m-1"])
    found = battery_account(record.entries, PACK, tables)
    assert [(o.kind, o.modules) for o in found.given.outputs] == [("module", ("m-1",)), ("module", ("m-2",))]
    assert found.balance.mass_out.value == 60


# --- routes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hazard", "route", "goes"),
    [
        ("A", "reuse", "reuse"),
        ("A", "recycling", "recycling"),
        ("A", None, "recycling"),
        ("B", "reuse", "recycling"),
        ("C", "reuse", "quarantine"),
    ],
)
def test_modules_go_where_hazard_and_health_let_them(tables, hazard, route, goes):
    found = account(tables, *WHOLE, hazard=hazard, route=route)
    proposed = {proposal.kind: proposal for proposal in found.routes}
    assert proposed["module"].goes == goes
    assert proposed["module"].reasons[0].startswith(f"{goes}: ")
    assert (proposed["housing"].goes, proposed["coolant"].goes) == ("recycling", "treatment")
    assert bool(proposed["module"].uses) is (goes == "reuse")
    assert any("measure capacity" in reason for reason in proposed["module"].reasons) is (route is None)


def test_reuse_in_electric_bicycles_is_refused_by_a_rule_that_names_its_source(tables):
    found = account(tables, ("module", 360.0, "reuse:e_bike:Bike Works"), *WHOLE[1:])
    assert len(found.refused) == 1
    assert found.refused[0].what == "reuse in electric bicycles"
    assert "Interim Measures" in found.refused[0].source
    assert not found.is_in_order
    assert found.avoided.lines == (), "what is forbidden avoids nothing"
    assert account(tables, *WHOLE).refused == ()


def test_the_proposal_of_reuse_names_allowed_uses_and_the_one_that_is_refused(tables):
    uses = {use.use: use for use in uses_in(tables.uses, "CN-EAST")}
    assert uses["stationary_storage"].allowed
    assert uses["backup_power"].allowed
    assert not uses["e_bike"].allowed
    assert all(use.source for use in uses.values())
    assert "e_bike" not in {use.use for use in uses_in(tables.uses, "EU")}, "the rule is China's"


def test_reuse_of_what_is_dangerous_is_refused_for_its_class(tables):
    found = account(tables, *WHOLE, hazard="C")
    assert [(r.kind, r.what) for r in found.refused] == [("module", "reuse")]
    assert "special provision 376" in found.refused[0].source


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("reuse:e_bike:Bike Works", ("reuse", "e_bike", "Bike Works")),
        ("reuse", ("reuse", None, None)),
        ("recycling:Smelter: north", ("recycling", None, "Smelter: north")),
        ("Smelter", (None, None, "Smelter")),
        ("", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_what_a_destination_means(text, meant):
    assert destination(text) == meant


# --- co-products and what may be avoided ----------------------------------------------------------------------------


def test_the_figure_is_split_by_mass_and_adds_up(tables):
    record = Record().intake(mass_kg=490.0).run(("r/a", {"energy_wh": 0.0}, {"energy_wh": 2000.0}))
    record.out("module", 300.0, "recycling").out("housing", 100.0, "recycling")
    found = battery_account(record.entries, PACK, tables)
    assert [(p.kind, p.share) for p in found.parts] == [("module", 0.75), ("housing", 0.25)]
    assert sum(p.kgco2e for p in found.parts) == pytest.approx(found.footprint.kgco2e.value)
    assert "ISO 14044" in found.parts_rule


def test_what_may_be_avoided_stands_apart_and_begins_at_nothing(tables):
    found = account(tables, *WHOLE)
    line = found.avoided.lines[0]
    assert (line.kind, line.of, line.amount.value) == ("module", "battery_capacity", pytest.approx(82 * 0.8))
    assert (line.low_kgco2e, line.high_kgco2e) == (0, pytest.approx(82 * 0.8 * 106))
    assert found.footprint.kgco2e.value == 0, "nothing of it is taken off the figure"
    assert any("housing: the site's rules do not say what it is made of" in line for line in found.avoided.not_counted)


def test_recycled_material_is_its_share_of_the_part(tables):
    record = Record().intake(model="bus-lfp-box", mass_kg=250.0).out("housing", 50.0, "recycling")
    found = battery_account(record.entries, PACK, tables).avoided
    assert [(line.of, line.amount.value) for line in found.lines] == [("steel", pytest.approx(45.0))]
    assert found.high_kgco2e == pytest.approx(45 * 1.91)


def test_a_material_without_a_number_is_named(tables):
    row = tables.site.composition[0].model_copy(update={"material": "copper", "kind": "busbar", "pack": None})
    site = tables.site.model_copy(update={"composition": [row]})
    found = account(dataclasses.replace(tables, site=site), *WHOLE)
    assert "copper of busbar: the factor table has no number for what it may replace" in found.avoided.not_counted
