"""``delid recipe``, ``delid packs`` and ``delid config``."""

import json
import shutil

import pytest

from delid.config import SCHEMAS

RECIPES = "cell_configs/recipes"


@pytest.fixture
def broken(tmp_path, repository):
    """A recipe with an unknown tool and a loop."""
    shutil.copytree(repository / RECIPES / "common", tmp_path / "common")
    text = (repository / RECIPES / "bus-lfp-box-standard.yaml").read_text()
    text = text.replace("tool: socket_10", "tool: socket_99")
    text = text.replace("    do: measure\n    check", "    do: measure\n    after: [isolation]\n    check", 1)
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    return path


def line_of(path, words):
    return next(n for n, line in enumerate(path.read_text().splitlines(), start=1) if words in line)


def test_good_recipes_have_no_findings(run, repository):
    files = sorted((repository / RECIPES).glob("*.yaml"))
    result = run("recipe", "check", *files)
    assert (result.exit_code, result.output) == (0, "22 recipes, no findings\n")


def test_findings_name_file_line_code_and_what_to_do(run, broken):
    result = run("recipe", "check", broken)
    assert result.exit_code == 1
    assert result.output.splitlines()[0] == (
        f"{broken}:{line_of(broken, 'after: [isolation]')}: cycle: the operations wait for each other: "
        "voltage_before -> isolation -> voltage_before (take one 'after' out of the loop)"
    )
    tool = f"{broken}:{line_of(broken, 'socket_99')}: unknown_tool: the cell has no tool 'socket_99'; it has "
    assert any(line.startswith(tool) for line in result.output.splitlines())


def test_findings_as_json(run, broken):
    result = run("recipe", "check", broken, "--json")
    assert result.exit_code == 1
    facts = json.loads(result.stdout)
    assert {"cycle", "unknown_tool"} <= {f["code"] for f in facts["findings"]}
    assert facts["findings"][0].keys() == {"path", "line", "code", "severity", "message", "hint"}
    assert facts["config"] == []


def test_a_recipe_that_is_not_well_formed_is_reported_with_the_others(run, broken, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("recipe: a/b\nserves: {packs: [x], hazard: [A]}\nopperations: []\n")
    result = run("recipe", "check", bad, broken)
    assert result.exit_code == 1
    assert f"{bad}:3: unknown_key: opperations: unknown key" in result.output
    assert "unknown_tool" in result.output


def test_a_faulty_cell_is_reported(run, repository, tmp_path):
    cell = tmp_path / "cell.yaml"
    cell.write_text("cell: x\n")
    result = run("recipe", "check", repository / RECIPES / "common-quarantine.yaml", "--cell", cell)
    assert result.exit_code == 1
    assert f"{cell}:1: motion: missing key 'motion'" in result.output


def test_without_any_cell_the_rest_is_checked(run, broken, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("recipe", "check", broken)
    assert result.exit_code == 1
    assert "cycle" in result.output
    assert "unknown_tool" not in result.output


def test_a_missing_recipe_file_is_wrong_use(run):
    result = run("recipe", "check", "no.yaml")
    assert result.exit_code == 2
    assert "no.yaml: no such file" in result.output


def test_show_a_recipe(run):
    result = run("recipe", "show", f"{RECIPES}/byd-blade-damaged.yaml")
    assert result.exit_code == 0
    assert "byd-blade/damaged  BYD Blade, damaged, not critical" in result.output
    assert "damage      dent up to 0.8, corrosion up to 1, swelling up to 0.5" in result.output
    assert "lid_nuts             unfasten after voltage_after" in result.output
    facts = json.loads(run("recipe", "show", f"{RECIPES}/byd-blade-damaged.yaml", "--json").stdout)
    assert facts["operations"][0]["id"] == "look_closely"
    assert len(facts["sha256"]) == 64
    assert run("recipe", "show", "no.yaml").exit_code == 2


def test_the_rules_explain_themselves(run):
    assert "cycle                  error    No operation waits for itself.\n" in run("recipe", "rules").output
    assert run("recipe", "rules", "not_isolated").output.splitlines() == [
        "not_isolated  (danger)",
        "  Before anything touches the pack, its service disconnect is out and the voltage was measured after that.",
        "  Why: A low voltage before the disconnect may come back; makers prescribe: pull, wait, measure.",
        "  Do: add 'disconnect' and a 'measure' of the voltage after it, or use common/hv_isolation.",
    ]
    (rule,) = json.loads(run("recipe", "rules", "cycle", "--json").stdout)
    assert rule.keys() == {"code", "severity", "about", "why", "hint"}
    unknown = run("recipe", "rules", "circle")
    assert (unknown.exit_code, "There is no rule 'circle'" in unknown.output) == (2, True)


def test_packs(run):
    listed = run("packs", "list").output
    assert "byd-blade          BYD Blade, cell-to-pack, approximate geometry, recipes: byd-blade/standard" in listed
    rows = json.loads(run("packs", "list", "--json").stdout)
    assert (rows[0]["pack"], rows[0]["fasteners"]) == ("vw-meb-82", {"lid": 28})
    assert "common/quarantine" in rows[0]["recipes"]
    shown = run("packs", "show", "nissan-leaf-24").output
    assert "1570.4 x 1188 x 264.9 mm" in shown
    assert "lid: 18 x bolt M6, 10 mm socket, 8 N m" in shown
    assert "(unverified)" in shown
    assert json.loads(run("packs", "show", "byd-blade", "--json").stdout)["design"] == "cell_to_pack"
    unknown = run("packs", "show", "zoe")
    assert unknown.exit_code == 2
    assert "it has bus-lfp-box, byd-blade, gm-bev-50, nissan-leaf-24" in unknown.output


def test_config_check(run, tmp_path, repository, broken):
    good = run("config", "check")
    assert (good.exit_code, good.output) == (0, "demo: 7 packs, 22 recipes, no findings\n")
    text = (repository / "cell_configs/cells/demo.yaml").read_text().replace("../", f"{repository}/cell_configs/")
    cell = tmp_path / "cell.yaml"
    cell.write_text(text.replace(f"{repository}/cell_configs/recipes/bus-lfp-box-standard.yaml", str(broken)))
    found = run("config", "check", cell)
    assert found.exit_code == 1
    assert "unknown_tool" in found.output
    cell.write_text(text + "speed: 3\n")
    wrong = run("config", "check", cell, "--json")
    assert wrong.exit_code == 1
    assert "speed: unknown key" in json.loads(wrong.stdout)["config"][0]
    assert run("config", "check", tmp_path / "none.yaml").exit_code == 2


def test_config_schema(run, tmp_path):
    out = tmp_path / "schema"
    result = run("config", "schema", "--out", out)
    assert (result.exit_code, result.output) == (0, f"{len(list(out.iterdir()))} schemas written to {out}\n")
    assert sorted(p.stem for p in out.iterdir()) == sorted(SCHEMAS)
    out_file = tmp_path / "file"
    out_file.write_text("")
    assert run("config", "schema", "--out", out_file).exit_code == 2
