"""Each rule of the recipe check, with the line it points at."""

from dataclasses import replace

import pytest

from delid.config import load_recipe
from delid.planning import PLANNABLE, RULES, check_cell, check_recipe

BOLTS = "  - {id: bolts, do: unfasten, targets: {group: lid}, tool: socket_10, torque_nm: 9}\n"
LIFT = "  - {id: lift, do: lift, after: [bolts], tool: vacuum}\n"
PLACE = "  - {id: set_down, do: place, after: [lift], tool: vacuum, to: lid_rack}\n"
PICK = "  - {id: modules, do: pick, after: [set_down], tool: gripper, to: module_tray}\n"
GOOD = BOLTS + LIFT + PLACE + PICK
ANY = '{packs: ["*"], hazard: [A]}'
BLADE = "{packs: [byd-blade], hazard: [A]}"

# Operations begin at line 5 of the file: recipe, serves, permissives, operations, then one operation to a line.
CASES = [
    # code, line, operations, serves, permissives, words
    (
        "unknown_pack",
        2,
        GOOD,
        "{packs: [vw-meb-82, zoe], hazard: [A]}",
        "",
        "there is no pack 'zoe'; known are bus-lfp-box, byd-blade",
    ),
    ("pack_needed", 5, BOLTS, ANY, "", "unfasten needs a known pack"),
    (
        "unknown_tool",
        5,
        BOLTS.replace("socket_10", "socket_12"),
        "",
        "",
        "the cell has no tool 'socket_12'; it has gripper",
    ),
    ("wrong_tool", 5, BOLTS.replace("socket_10", "vacuum"), "", "", "unfasten needs a nutrunner; 'vacuum' is a vacuum"),
    (
        "wrong_tool",
        6,
        GOOD.replace("[bolts], tool: vacuum", "[bolts], tool: socket_10"),
        "",
        "",
        "lift needs a gripper or vacuum; 'socket_10' is a nutrunner",
    ),
    (
        "too_much_torque",
        5,
        BOLTS.replace("torque_nm: 9", "torque_nm: 41"),
        "",
        "",
        "41 N m is more than 'socket_10' can give, 40 N m",
    ),
    (
        "misplaced_impact",
        6,
        GOOD.replace("tool: vacuum}\n  - {id: set", "tool: vacuum, on_failure: {dropped: [impact]}}\n  - {id: set"),
        "",
        "",
        "'impact' has no meaning for lift",
    ),
    (
        "unknown_group",
        5,
        BOLTS.replace("group: lid", "group: tray"),
        "",
        "",
        "vw-meb-82 has no fastener group 'tray'; it has lid",
    ),
    (
        "unknown_connector",
        5,
        "  - {id: pull, do: disconnect, connector: lv}\n",
        "",
        "",
        "vw-meb-82 has no connector 'lv'; it has hv",
    ),
    (
        "unknown_place",
        7,
        GOOD.replace("lid_rack", "shelf"),
        "",
        "",
        "the cell has no place 'shelf'; it has lid_rack, module_tray",
    ),
    ("unknown_tag", 3, GOOD, "", "[{tag: pack_voltage_v, below: 60}, door_closed]", "has no status tag 'door_closed'"),
    (
        "unknown_tag",
        5,
        "  - {id: m, do: measure, check: {tag: humidity, below: 80}}\n",
        "",
        "",
        "has no status tag 'humidity'",
    ),
    (
        "wrong_condition",
        3,
        GOOD,
        "",
        "[{tag: pack_voltage_v, below: 60}, {tag: guard_closed, above: 0}]",
        "'guard_closed' is a flag",
    ),
    ("wrong_condition", 5, "  - {id: m, do: measure, check: gas_ppm}\n", "", "", "'gas_ppm' is a number"),
    ("no_modules", 8, GOOD, BLADE, "", "byd-blade is built cell-to-pack and has no modules to pick"),
    ("contact_in_quarantine", 5, BOLTS, "{packs: [vw-meb-82], hazard: [B, C]}", "", "unfasten touches the pack"),
    ("unknown_after", 6, GOOD.replace("after: [bolts]", "after: [bolt, bolts]"), "", "", "'lift' comes after 'bolt'"),
    (
        "cycle",
        5,
        "  - {id: a, do: measure, check: smoke, after: [b]}\n  - {id: b, do: measure, check: smoke, after: [a]}\n",
        "",
        "",
        "the operations wait for each other: a -> b -> a",
    ),
    (
        "unreachable",
        6,
        "  - {id: a, do: measure, check: smoke, after: [a]}\n  - {id: b, do: measure, check: smoke, after: [a]}\n",
        "",
        "",
        "'b' can never begin: it waits for a",
    ),
    ("voltage_unchecked", 5, BOLTS, "", "[guard_closed]", "'bolts' touches the pack, but nothing checks"),
    ("voltage_unchecked", 5, BOLTS, "", "[{tag: pack_voltage_v, below: 400}]", "voltage is below 60 V"),
    (
        "still_fastened",
        6,
        GOOD.replace("after: [bolts]", "after: []"),
        "",
        "",
        "'lift' lifts the lid before the fasteners vw-meb-82/lid are out",
    ),
    (
        "nothing_held",
        7,
        GOOD.replace("after: [lift]", "after: [bolts]"),
        "",
        "",
        "'set_down' sets the lid down, but nothing lifts it",
    ),
    ("never_set_down", 6, BOLTS + LIFT, "", "", "'lift' lifts the lid, but no 'place' with 'vacuum' follows it"),
    (
        "under_the_lid",
        8,
        GOOD.replace("after: [set_down]", "after: [bolts]"),
        "",
        "",
        "'modules' picks modules before the lid is",
    ),
]


@pytest.mark.parametrize(("code", "line", "operations", "serves", "permissives", "words"), CASES)
def test_rule(cell, recipe_of, code, line, operations, serves, permissives, words):
    recipe = recipe_of(operations, serves=serves, permissives=permissives)
    found = [f for f in check_recipe(recipe, cell, cell.packs) if f.code == code]
    assert [f.line for f in found] == [line]
    assert words in found[0].message
    assert str(found[0]) == f"{recipe.document.path}:{line}: {code}: {found[0].message} ({found[0].hint})"


def test_every_rule_has_a_case_here():
    elsewhere = {"wrong_socket", "no_impact_tool", "missing_command"}
    assert {case[0] for case in CASES} | elsewhere == {rule.code for rule in RULES}
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.about.endswith(".") and rule.hint for rule in (*RULES, PLANNABLE))


def test_a_good_recipe_has_no_findings(cell, recipe_of):
    assert check_recipe(recipe_of(GOOD), cell, cell.packs) == []


def test_a_socket_that_does_not_fit(cell, cell_with, recipe_of):
    tools = cell.spec.tools | {"socket_10": cell.spec.tools["socket_10"].model_copy(update={"socket_mm": 13.0})}
    (found,) = check_recipe(recipe_of(BOLTS), cell_with(tools=tools), cell.packs)
    assert (found.code, found.line) == ("wrong_socket", 5)
    assert "has a 13 mm socket; the fasteners of vw-meb-82/lid are 10 mm" in found.message


def test_impact_needs_a_tool_that_can(cell, cell_with, recipe_of):
    tools = {k: v for k, v in cell.spec.tools.items() if k != "impact_10"}
    recipe = recipe_of(BOLTS.replace("torque_nm: 9", "torque_nm: 9, on_failure: {seized: [impact]}"))
    assert check_recipe(recipe, cell, cell.packs) == []
    (found,) = check_recipe(recipe, cell_with(tools=tools), cell.packs)
    assert (found.code, found.line) == ("no_impact_tool", 5)


def test_a_command_that_the_register_map_lacks(cell, recipe_of):
    less = {k: v for k, v in cell.plc_map.commands.items() if k != "unfasten"}
    poor = replace(cell, plc_map=cell.plc_map.model_copy(update={"commands": less}))
    (found,) = check_recipe(recipe_of(BOLTS), poor, cell.packs)
    assert (found.code, found.line) == ("missing_command", 5)


def test_a_measure_before_it_serves_as_voltage_check(cell, recipe_of):
    measure = "  - {id: volts, do: measure, check: {tag: pack_voltage_v, below: 60}}\n"
    after = BOLTS.replace("do: unfasten", "do: unfasten, after: [volts]")
    assert check_recipe(recipe_of(measure + after, permissives="[guard_closed]"), cell, cell.packs) == []
    unordered = check_recipe(recipe_of(measure + BOLTS, permissives="[guard_closed]"), cell, cell.packs)
    assert [(f.code, f.line) for f in unordered] == [("voltage_unchecked", 6)]


def test_what_is_out_of_reach_is_found_at_its_operation(cell, cell_with, recipe_of):
    places = cell.spec.places | {"module_tray": (2500.0, 1600.0, -350.0)}
    (found,) = check_recipe(recipe_of(GOOD), cell_with(places=places), cell.packs)
    assert (found.code, found.line) == ("cannot_be_planned", 8)
    assert "x = 2500.0 mm, outside the limits 0..2400" in found.message


def test_all_findings_come_at_once_in_the_order_of_lines(cell, recipe_of):
    text = (
        GOOD.replace("socket_10", "socket_12").replace("lid_rack", "shelf").replace("after: [bolts]", "after: [nuts]")
    )
    found = check_recipe(recipe_of(text, permissives="[door]"), cell, cell.packs)
    assert [(f.line, f.code) for f in found] == [
        (3, "unknown_tag"),
        (5, "unknown_tool"),
        (5, "voltage_unchecked"),
        (6, "still_fastened"),
        (6, "unknown_after"),
        (6, "voltage_unchecked"),
        (7, "unknown_place"),
        (7, "unreachable"),
        (8, "unreachable"),
        (8, "voltage_unchecked"),
    ]


def test_without_a_cell_the_graph_is_still_checked(recipe_of):
    loop = "  - {id: a, do: measure, check: smoke, after: [a]}\n"
    recipe = recipe_of(loop + BOLTS.replace("socket_10", "socket_12"), permissives="[guard_closed]")
    assert [f.code for f in check_recipe(recipe, None, {})] == ["cycle", "voltage_unchecked"]


def test_the_recipes_of_the_demo_cell_have_no_findings(cell):
    assert len(cell.recipes) == 22
    assert check_cell(cell) == []


def test_a_recipe_name_may_stand_once_in_a_cell(cell, repository):
    again = load_recipe(repository / "cell_configs/recipes/byd-blade-standard.yaml")
    (found,) = check_cell(replace(cell, recipes=(*cell.recipes, again)))
    assert (found.code, found.line) == ("duplicate_recipe", 3)


def test_every_recipe_file_stands_in_the_demo_cell_and_names_its_schema(cell, repository):
    files = sorted((repository / "cell_configs/recipes").glob("*.yaml"))
    assert [f.name for f in files] == sorted(r.document.path.name for r in cell.recipes)
    for file in files:
        assert file.read_text().startswith("# yaml-language-server: $schema=../schema/recipe.json\n")
        assert file.stem == load_recipe(file).spec.recipe.replace("/", "-")
