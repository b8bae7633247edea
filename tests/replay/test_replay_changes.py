"""Deliberate changes: each turns the replay red in its own seam with words that name the cause; refactorings do not.

The staged run has a seized and a stripped bolt and a rusty pack, and small models; pictures are judged anew only where
a change has to do with vision. CI makes half of the changed settings and all changes of code; all of them are made with
``DELID_ALL_CHANGES=1``. ``tests/bench/bench_changes.py`` makes such changes on the recordings and models that ship.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import replay_kit as kit
from changed_settings import SETTINGS, P, R
from changes_kit import OnePerPicture, reexport, swapped_steps
from ruamel.yaml import YAML

import delid.engine._failures as failures
import delid.replay._run as run_module
import delid.replay._wire as wire_module
from delid.config import Cell
from delid.core import Reaction
from delid.replay import Verdict, Wanted, configure, judge_file, parse_assignment, update_file, with_settings
from delid.vision import Inspector
from release_kit import release_all

RECIPE = Path("cell_configs/recipes/nissan-leaf-24-standard.yaml")
THRESHOLD = "thresholds.damage.corrosion.min_confidence"
LIMIT = "serves.damage.corrosion.max_severity"
MARGIN = 1.01
"""Threshold and limit of the staged cell stand this near to what is seen, so that 2 % decide."""


@dataclass(frozen=True)
class Base:
    """The staged run, its reference, and an inspector that judges each picture once."""

    folder: Path
    loaded: Cell
    eyes: OnePerPicture
    confidence: float
    severity: float

    @property
    def cell(self) -> Path:
        return self.folder / "cell_configs/cells/demo.yaml"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("changes")
    cell = kit.build_site(folder)
    _torque_in_two_words(folder / "cell_configs/plc/delid-1.yaml")
    script = kit.Script(failures={"lid.03": ["seized"], "lid.05": ["stripped"]}, rust=True)
    seen = kit.record_run(cell, folder / "trial.mcap", script).state.assessment
    assert seen is not None
    (rust,) = seen.damage
    _put(folder / RECIPE, "corrosion: {max_severity: 0.5}", f"corrosion: {{max_severity: {rust.severity * MARGIN}}}")
    kit.change_json(
        folder / "models/pack-damage/manifest.yaml",
        lambda m: m["thresholds"]["damage"]["corrosion"].update(min_confidence=rust.confidence / MARGIN),
    )
    release_all(cell)
    script = kit.Script(failures={"lid.03": ["seized"], "lid.05": ["stripped"]}, rust=True)
    stage = kit.record_run(cell, folder / "run.mcap", script)
    eyes = OnePerPicture(stage.inspector)
    update_file(folder / "run.mcap", folder / "reference", stage.cell, eyes, "the first one")
    return Base(folder, stage.cell, eyes, rust.confidence, rust.severity)


def _put(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def _torque_in_two_words(path: Path) -> None:
    """So that the order of words matters to a command."""
    _put(path, "torque_nm: {at: 110, scale: 0.01, unit: N m}", "torque_nm: {at: 114, type: uint32, scale: 0.01}")
    _put(path, "  address: 110\n  count: 6", "  address: 110\n  count: 8")
    _put(path, "  code_at: 114\n  seq_at: 115", "  code_at: 116\n  seq_at: 117")


def judge(base: Base, tmp_path: Path, *settings: str, anew: bool = False, **wanted: tuple[Path, ...]) -> Verdict:
    """The run with some settings changed; ``anew`` judges the pictures with the models that are then there."""
    if wanted:
        cell = configure(Wanted(base.cell, settings=settings, **wanted), tmp_path / "what-if")
    else:
        cell = with_settings(base.loaded, [parse_assignment(words) for words in settings], tmp_path / "what-if")
    eyes = Inspector.load(cell, threads=1) if anew else base.eyes
    return judge_file(base.folder / "run.mcap", base.folder / "reference", cell, eyes)


def words_of(verdict: Verdict) -> str:
    return "\n".join([*(f"cause: {cause}" for cause in verdict.causes), *verdict.summary])


# --- settings -------------------------------------------------------------------------------------------------------

MADE = list(SETTINGS) if os.environ.get("DELID_ALL_CHANGES") else list(SETTINGS)[::2]


@pytest.mark.parametrize("name", MADE)
def test_a_changed_setting_is_red_in_its_seam_and_named(base: Base, tmp_path: Path, name: str) -> None:
    change = SETTINGS[name]
    verdict = judge(base, tmp_path, change.setting, anew=change.setting.startswith("model/"))
    assert verdict.seam == change.seam, words_of(verdict)
    assert re.search(change.cause, "\n".join(verdict.causes)), words_of(verdict)
    assert re.search(change.words, "\n".join(verdict.summary)), words_of(verdict)


def test_a_threshold_by_two_percent(base: Base, tmp_path: Path) -> None:
    verdict = judge(base, tmp_path, f"{P}{THRESHOLD}={base.confidence / MARGIN * 1.02}", anew=True)
    assert verdict.seam == "inspection"
    assert verdict.causes[0].startswith(f"{P}{THRESHOLD}: "), words_of(verdict)
    assert any("damage none; before: corrosion" in line for line in verdict.summary), words_of(verdict)


def test_a_limit_of_a_recipe_by_two_percent(base: Base, tmp_path: Path) -> None:
    verdict = judge(base, tmp_path, f"{R}{LIMIT}={base.severity * MARGIN * 0.98}")
    assert verdict.seam == "decision"
    assert verdict.causes[0].startswith(f"{R}{LIMIT}: "), words_of(verdict)
    assert verdict.summary[0].startswith("decision: recipe: nissan-leaf-24/damaged"), words_of(verdict)


def test_a_model_that_was_exported_again(base: Base, tmp_path: Path) -> None:
    """Nobody has agreed to it, though it may judge these pictures as before."""
    folder = reexport(base.folder / "models/fastener-detect", tmp_path / "again")
    verdict = judge(base, tmp_path, anew=True, model=(folder,))
    assert verdict.seam == "inspection"
    assert verdict.causes[0].startswith("model fasteners: sha256:"), words_of(verdict)
    assert verdict.summary[0].startswith("inspection: model fasteners: "), words_of(verdict)
    assert len(verdict.differences) == 1


# --- code -----------------------------------------------------------------------------------------------------------


def test_the_rounding_of_a_driver(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = wire_module.motion.move_bytes

    def rounded(to_mm, feed_mm_s):
        return re.sub(rb"(\.\d\d)\d(?=[YZF])", rb"\1", real(to_mm, feed_mm_s))

    monkeypatch.setattr("delid.devices.motion._grbl_codec.move_bytes", rounded)
    verdict = judge(base, tmp_path)
    assert verdict.seam == "wire"
    assert "code: configuration and models are the same as before, so it is the motion driver's" in words_of(verdict)
    assert "the same place in other digits (rounding of the driver)" in words_of(verdict)


def test_the_numbers_of_commands(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module.plc, "next_number", lambda number: number + 2)
    verdict = judge(base, tmp_path)
    assert verdict.seam == "wire"
    assert "the PLC driver's codec" in words_of(verdict)


def test_a_reaction_of_the_engine(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "_reaction", lambda current, kind, number: Reaction.ASK)
    verdict = judge(base, tmp_path)
    assert verdict.seam == "decision"
    assert "so it is the engine" in words_of(verdict)
    assert "bolt 3: seized -> ask; before: retry" in words_of(verdict)


def test_the_planner_s_order(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "decide_as_asked", swapped_steps(run_module.decide_as_asked, 3, 4))
    verdict = judge(base, tmp_path)
    assert verdict.seam == "decision"
    assert "so it is the planner" in words_of(verdict)
    assert "plan: another order" in words_of(verdict)


def test_what_vision_makes_of_a_picture(base: Base, tmp_path: Path) -> None:
    cell = configure(Wanted(base.cell), tmp_path)
    eyes = OnePerPicture(base.eyes.inspector, severity_digits=1)
    verdict = judge_file(base.folder / "run.mcap", base.folder / "reference", cell, eyes)
    assert verdict.seam == "inspection"
    assert "so it is vision" in words_of(verdict)
    assert "damage severity corrosion 0.4" in words_of(verdict)


# --- what changes nothing -------------------------------------------------------------------------------------------


def _reversed_keys(data):
    if isinstance(data, dict):
        return {key: _reversed_keys(value) for key, value in reversed(data.items())}
    return [_reversed_keys(item) for item in data] if isinstance(data, list) else data


def _lines_swapped(data):
    """What ``after`` says decides; where the line stands does not."""
    data["operations"][2:] = reversed(data["operations"][2:])


def _parameter_renamed(data):
    data["parameters"]["torque"] = data["parameters"].pop("lid_torque_nm")
    data["operations"][1]["torque_nm"] = "$torque"
    for variant in data.get("variants", []):
        variant["set"] = {"torque": next(iter(variant["set"].values()))}


def _other_words(data):
    """The recipe in other words."""
    data["title"] = "The same in other words"
    data["parameters"]["lid_torque_nm"]["about"] = "how much at most"


def test_a_recipe_written_otherwise_stays_green(base: Base, tmp_path: Path) -> None:
    """Keys in another order, lines that ``after`` orders anyway, another name of a parameter, other words."""
    data = YAML(typ="safe").load((base.folder / RECIPE).read_text(encoding="utf-8"))
    for rewrite in (_other_words, _lines_swapped, _parameter_renamed):
        rewrite(data)
    shutil.copytree(base.folder / RECIPE.parent / "common", tmp_path / "common")
    path = tmp_path / "rewritten.yaml"
    path.write_text(json.dumps(_reversed_keys(data)), encoding="utf-8")
    assert judge(base, tmp_path, recipes=(path,)).equal


def test_a_manifest_with_another_note_stays_green(base: Base, tmp_path: Path) -> None:
    assert judge(base, tmp_path, f"{P}data.note=somebody wrote more here", anew=True).equal


def test_drivers_and_engine_written_otherwise_stay_green(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rewritten(to_mm, feed_mm_s):
        axes = "".join(f"{axis}{value:.3f}" for axis, value in zip("XYZ", to_mm, strict=True))
        return b"G21G90G94G53G1%sF%.1f\nG4P0\n" % (axes.encode(), 60 * feed_mm_s)

    def looked_up(current, kind, number):
        listed = dict(enumerate(current.step.on_failure.get(kind, ()), 1))
        return usual(current, kind, number) if current.reaction is not None else listed.get(number, Reaction.ASK)

    usual = failures._reaction
    monkeypatch.setattr("delid.devices.motion._grbl_codec.move_bytes", rewritten)
    monkeypatch.setattr(failures, "_reaction", looked_up)
    assert judge(base, tmp_path).equal
