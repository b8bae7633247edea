"""``delid packs new``: a pack that the repository does not know, from a few figures to files that pass every check."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest

from delid.config import load_cell, load_pack, load_recipe, read_document

MEASURED = [
    "--length-mm", 1500, "--width-mm", 1100, "--height-mm", 180, "--mass-kg", 350, "--voltage-v", 350,
    "--energy-kwh", 50, "--bolts-along", 8, "--bolts-across", 4, "--modules-along", 4, "--modules-across", 2,
]  # fmt: skip


@pytest.fixture
def site(tmp_path, repository, run, monkeypatch):
    """A copy of the configuration, and the place where commands run."""
    shutil.copytree(repository / "cell_configs", tmp_path / "cell_configs", ignore=shutil.ignore_patterns("gallery"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def marks(svg):
    """Pixels of every mark by name."""
    found = re.findall(r'<g id="([^"]+)"><circle cx="([-\d.]+)" cy="([-\d.]+)"', svg)
    return {name: (float(u), float(v)) for name, u, v in found}


def test_from_figures_to_files_that_pass_every_check(site, run):
    cell = "cell_configs/cells/demo.yaml"
    before = (site / cell).read_text()
    result = run("packs", "new", "acme-50", "--yes", *MEASURED, "--cell", cell, "--by", "A. Engineer")
    assert result.exit_code == 0, result.output
    loaded = load_cell(site / cell)
    pack = loaded.packs["acme-50"]
    assert (len(pack.groups["lid"].positions_mm), len(pack.modules.positions_mm)) == (24, 8)
    names = [r.spec.recipe for r in loaded.recipes if "acme-50" in r.spec.serves.packs]
    assert names == ["acme-50/standard", "acme-50/damaged", "acme-50/quarantine"]
    after = (site / cell).read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert added == [
        "  - ../packs/acme-50.yaml", "  - ../recipes/acme-50-standard.yaml", "  - ../recipes/acme-50-damaged.yaml",
        "  - ../recipes/acme-50-quarantine.yaml",
    ]  # fmt: skip
    assert [line for line in after.splitlines() if line not in added] == before.splitlines(), "nothing else is touched"
    files = sorted((site / "cell_configs/recipes").glob("acme-50-*.yaml"))
    assert run("recipe", "check", *files, "--cell", cell).output == "3 recipes, no findings\n"
    assert run("config", "check", cell).exit_code == 0


def test_what_was_not_measured_is_marked(site, run):
    run("packs", "new", "acme-50", "--yes", *MEASURED, "--torque-nm", 8, "--by", "A. Engineer")
    pack = load_pack(site / "cell_configs/packs/acme-50.yaml")
    status = {s.fact: s.status for s in pack.sources}
    assert (status["mass_kg"], status["lid.mass_kg"], status["connectors.hv"]) == (
        "measured",
        "unverified",
        "unverified",
    )
    words = {s.fact: s.source for s in pack.sources}
    assert words["groups.lid"] == "estimate (kind, thread, socket_mm not measured)", "the torque was given"
    assert words["mass_kg"].startswith("measured by A. Engineer, 20")


def test_files_name_their_schema_and_explain_themselves(site, run):
    run("packs", "new", "acme-50", "--yes", *MEASURED)
    for file in [site / "cell_configs/packs/acme-50.yaml", *(site / "cell_configs/recipes").glob("acme-50-*.yaml")]:
        text = file.read_text()
        assert text.startswith("# yaml-language-server: $schema=../schema/")
        assert len(re.findall(r"^\s*# ", text, re.MULTILINE)) >= 2


def test_it_asks_for_what_is_not_given(site, run):
    answers = ["Acme 50", "1500", "1100", "no number", "-3", "180", "350", "350", "50", "", "", "8", "4", "", "nut", "",
               "", "", "0", "", "", "600,0"]  # fmt: skip
    result = run("packs", "new", "acme-50", stdin="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    assert "Length of the case, mm" in result.output
    pack = load_pack(site / "cell_configs/packs/acme-50.yaml")
    assert (pack.name, pack.height_mm, pack.design) == ("Acme 50", 180, "cell_to_pack")
    assert (pack.groups["lid"].kind, pack.groups["lid"].head) == ("nut", "nut_on_stud")
    assert pack.connectors[0].at_mm == (600, 0)
    recipe = load_recipe(site / "cell_configs/recipes/acme-50-standard.yaml")
    assert [o.id for o in recipe.spec.operations][-1] == "set_lid_down", "a cell-to-pack recipe ends with the lid off"


def test_fasteners_from_a_list(site, run):
    (site / "bolts.csv").write_text("# x, y\n-700,-500\n\n0, -500\n700,-500\n700,500\n-700,500\n")
    rest = [v for n, v in enumerate(MEASURED) if "bolts" not in str(MEASURED[n - n % 2])]
    result = run("packs", "new", "acme-50", "--yes", *rest, "--positions", "bolts.csv")
    assert result.exit_code == 0, result.output
    pack = load_pack(site / "cell_configs/packs/acme-50.yaml")
    assert pack.groups["lid"].positions_mm == [(-700, -500), (0, -500), (700, -500), (700, 500), (-700, 500)]


def test_the_pattern_is_drawn_over_the_photograph_where_its_corners_say(site, run):
    picture = np.full((600, 800, 3), 90, np.uint8)
    cv2.imwrite(str(site / "lid.jpg"), picture)
    seen = "120,520 700,560 640,80 180,60"  # from aslant: no rectangle
    (site / "b.csv").write_text("-750,-550\n750,-550\n750,550\n-750,550\n0,0\n")
    rest = [v for n, v in enumerate(MEASURED) if "bolts" not in str(MEASURED[n - n % 2])]
    result = run(
        "packs", "new", "acme-50", "--yes", *rest, "--positions", "b.csv", "--photo", "lid.jpg", "--corners", seen
    )
    assert result.exit_code == 0, result.output
    svg = (site / "cell_configs/packs/acme-50.svg").read_text()
    assert 'href="data:image/jpeg;base64,' in svg
    assert "http://" not in svg.replace("http://www.w3.org/2000/svg", ""), "nothing is fetched from a network"
    found = marks(svg)
    assert [found[f"lid.0{n}"] for n in (1, 2, 3, 4)] == [(120, 520), (700, 560), (640, 80), (180, 60)]
    crossing = np.cross(np.cross((120, 520, 1), (640, 80, 1)), np.cross((700, 560, 1), (180, 60, 1)))
    assert found["lid.05"] == pytest.approx(crossing[:2] / crossing[2], abs=0.1), "the diagonals meet in the middle"
    assert found["grip"] == found["lid.05"]


def test_without_a_photograph_the_drawing_is_to_scale(site, run):
    run("packs", "new", "acme-50", "--yes", *MEASURED)
    found = marks((site / "cell_configs/packs/acme-50.svg").read_text())
    scale = 0.9 * min(1600 / 1500, 1200 / 1100)
    assert found["lid.08"][0] - found["lid.01"][0] == pytest.approx(1460 * scale, abs=0.2)
    assert found["lid.01"][1] > found["lid.20"][1], "y points up in the drawing, as in the pack's frame"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "--length-mm, --width-mm, --height-mm"),
        ([*MEASURED, "--height-mm", "tall"], "--height-mm 'tall'"),
        ([*MEASURED, "--kind", "rivet"], "must be bolt or nut"),
        ([*MEASURED, "--photo", "none.jpg"], "none.jpg: no such file"),
        ([*MEASURED, "--corners", "1,2 3,4"], "write four pairs"),
        ([*MEASURED, "--corners", "0,0 1,1 2,2 3,3"], "lie on a line"),
        ([*MEASURED, "--out", "elsewhere"], "has no fragments"),
        ([*MEASURED, "--positions", "none.csv"], "none.csv: no such file"),
    ],
)
def test_wrong_use_writes_nothing(site, run, flags, words):
    result = run("packs", "new", "acme-50", "--yes", *flags)
    assert result.exit_code == 2
    assert words in result.output
    assert not (site / "cell_configs/packs/acme-50.yaml").exists()


def test_files_are_not_written_over_by_accident(site, run):
    assert run("packs", "new", "acme-50", "--yes", *MEASURED).exit_code == 0
    again = run("packs", "new", "acme-50", "--yes", *MEASURED, "--mass-kg", 360)
    assert again.exit_code == 2
    assert "There are files already" in again.output
    facts = json.loads(run("packs", "new", "acme-50", *MEASURED, "--mass-kg", 360, "--replace", "--json").stdout)
    assert [f.rsplit("/")[-1] for f in facts["files"]][-1] == "acme-50.svg"
    assert (facts["findings"], facts["added"]) == ([], [])
    assert read_document(site / "cell_configs/packs/acme-50.yaml").data["mass_kg"] == 360


def test_what_the_cell_cannot_do_is_told_at_once(site, run):
    long = [1900 if v == 1500 else v for v in MEASURED]
    result = run(
        "packs", "new", "acme-90", "--yes", *long, "--width-mm", 1850, "--cell", "cell_configs/cells/demo.yaml"
    )
    assert result.exit_code == 1
    assert "out_of_reach" in result.output
