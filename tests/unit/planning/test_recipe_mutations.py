"""Every broken recipe is caught with the right code at the right line, and nothing is said of anything else."""

from dataclasses import replace

import pytest
from recipe_mutations import CELL, MUTATIONS

from delid.cli._recipe_files import check_files
from delid.config import Tool
from delid.planning import ALL_RULES


@pytest.fixture
def shipped(repository):
    folder = repository / "cell_configs/recipes"
    files = [*folder.glob("*.yaml"), *(folder / "common").glob("*.yaml")]
    return {str(p.relative_to(folder)): p.read_text() for p in files}


@pytest.fixture
def broken(tmp_path, shipped):
    """Writes the recipe and the fragments, with the edits made in one file; gives recipe, that file and the line."""

    def make(mutation):
        (tmp_path / "common").mkdir()
        for name in (n for n in shipped if "/" in n):
            (tmp_path / name).write_text(shipped[name])
        (tmp_path / mutation.recipe).write_text(shipped[mutation.recipe])
        file = tmp_path / (mutation.file or mutation.recipe)
        for old, new in mutation.edits:
            place = next(p for p in (file, tmp_path / mutation.recipe) if old in p.read_text())
            place.write_text(place.read_text().replace(old, new, 1))
        text = file.read_text()
        return tmp_path / mutation.recipe, file, text.count("\n", 0, text.index(mutation.line)) + 1

    return make


def changed_cell(cell, mutation):
    """The demo cell with the mutation's tools and parts."""
    tools = dict(cell.spec.tools)
    for name, change in mutation.tools:
        if change is None:
            del tools[name]
        else:
            tools[name] = tools[name].model_copy(update=change) if name in tools else Tool.model_validate(change)
    spec, plc_map = cell.spec.model_copy(update={"tools": tools}), cell.plc_map
    for part, change in mutation.cell:
        if part == "commands":
            commands = {k: v for k, v in plc_map.commands.items() if k not in change}
            plc_map = plc_map.model_copy(update={"commands": commands})
        elif part == "places":
            spec = spec.model_copy(update={"places": spec.places | change})
        else:
            spec = spec.model_copy(update={part: getattr(spec, part).model_copy(update=change)})
    return replace(cell, spec=spec, plc_map=plc_map)


def judge(mutation, found, file, line):
    hits = [f for f in found if f.code == mutation.code]
    assert hits, f"not caught; found {[f'{f.path.name}:{f.line}: {f.code}: {f.message}' for f in found]}"
    assert {(f.path, f.line) for f in hits} == {(file, line)}, [str(f) for f in hits]
    assert len(hits) == 1, [str(f) for f in hits]
    assert {f.code for f in found} - {mutation.code} <= set(mutation.others), [str(f) for f in found]
    assert hits[0].message
    assert hits[0].hint


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_broken_recipe_is_caught(cell, broken, mutation):
    recipe, file, line = broken(mutation)
    judge(mutation, check_files([recipe], cell, cell.packs), file, line)


@pytest.mark.parametrize("mutation", CELL, ids=lambda m: m.name)
def test_a_recipe_that_the_cell_cannot_do_is_caught(cell, broken, mutation):
    recipe, file, line = broken(mutation)
    judge(mutation, check_files([recipe], changed_cell(cell, mutation), cell.packs), file, line)


def test_there_are_enough_and_every_rule_has_one():
    assert len(MUTATIONS) + len(CELL) >= 60
    names = [m.name for m in (*MUTATIONS, *CELL)]
    assert len(set(names)) == len(names)
    tried_elsewhere = {"unreadable", "duplicate_recipe", "unreachable"}
    assert {m.code for m in (*MUTATIONS, *CELL)} | tried_elsewhere == {rule.code for rule in ALL_RULES}


def test_the_shipped_recipes_give_no_finding(cell, repository):
    files = sorted((repository / "cell_configs/recipes").glob("*.yaml"))
    assert len(files) == 22
    assert check_files(files, cell, cell.packs) == []
    for file in files:
        assert check_files([file], cell, cell.packs) == [], "and each by itself"
