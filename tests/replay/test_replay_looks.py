"""A whole run with lamps and a camera at the tool, on real wires: the pack stands 3 mm off, one bolt is missing.

Only the detector is a stand-in: it finds the discs that the close-ups are drawn as.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import drivers_kit
import numpy as np
import pytest
import replay_kit as kit

import delid.cli._assembly as assembly
from delid.config import Cell, load_cell
from delid.core import FastenerKind, Finished, Frame, Inspection, Locate, Located, Look, Looked, Move, RunCommand, State
from delid.journal import Recording, read_journal, read_recording
from delid.replay import (
    Outcome,
    frame_seams,
    judge_file,
    recorded_cell,
    recorded_wire_differences,
    replay_twice,
    update_file,
)
from delid.vision import Inspector
from looks_kit import LOOKS, TOOL_CAMERA, closeups, discs
from release_kit import release_all

SHIFT = (2.4, -1.8)
LEFT = ("lid.16", "lid.17", "lid.18")
SCENARIO = f"""\
cell: cell_configs/cells/demo.yaml
pack: nissan-leaf-24
removed_already: [{", ".join(f"lid.{n:02d}" for n in range(1, 16))}, lid.18]
shift_mm: [{SHIFT[0]}, {SHIFT[1]}]
dead_lamps: [2]
"""
"""The overview takes lid.18 for a bolt; lamp 2 stays dark although the PLC switches it."""


@dataclass(frozen=True)
class Disc:
    center_px: tuple[float, float]
    kind: FastenerKind
    confidence: float = 0.95


class RoughInspector(Inspector):
    """Knows places to 3 mm only, and finds discs in close-ups."""

    def inspect(self, frame: Frame, pack: str | None = None, **options: object) -> Inspection:
        found = super().inspect(frame, pack, **options)  # type: ignore[arg-type]
        return replace(found, fasteners=tuple(replace(f, uncertainty_mm=3.0) for f in found.fasteners))

    def _detect(self, frame: Frame) -> Sequence[Any]:
        if not frame.source.startswith("close"):
            return super()._detect(frame)
        return [Disc(center, FastenerKind(kind)) for center, kind in discs(frame.image)]


def build_site(folder: Path) -> Path:
    """The demonstration cell with lamps and tool camera, a recipe that only loosens, and small pictures."""
    cell_file = kit.build_site(folder)
    shutil.rmtree(folder / "models")
    kit.kit.build_models(folder / "models", ("rake_left", "rake_right", "rake_ratio"))
    kit.kit.build_gallery(folder / "cell_configs/gallery", folder / "models", kit.COLOURS)
    recipe = folder / "cell_configs/recipes/nissan-leaf-24-standard.yaml"
    text = recipe.read_text()
    text = text[: text.index("  - use: common/lid_off")].replace("[torque_released, seen_empty]", "[torque_released]")
    recipe.write_text(text)
    scene = f"{{kind: scene, path: {folder}/scene, world: {folder}/world}}"
    camera = TOOL_CAMERA | {
        "source": {"kind": "closeup", "path": str(closeups(folder / "closeups")), "world": str(folder / "world")}
    }
    text = cell_file.read_text()
    used = "packs: [../packs/nissan-leaf-24.yaml]\nrecipes: [../recipes/nissan-leaf-24-standard.yaml]\n"
    text = text[: text.index("\npacks:") + 1] + used + text[text.index("runs:") :]
    source = text[text.index("{kind: scene") : text.index("}", text.index("{kind: scene")) + 1]
    text = text.replace(source, scene, 1).replace("frames: 1", f"frames: 2\n    looks: {json.dumps(LOOKS)}", 1)
    cell_file.write_text(text.replace("\nmotion:\n", f"\n  - {json.dumps(camera)}\nmotion:\n", 1))
    release_all(cell_file)
    _draw_scene(folder / "scene", load_cell(cell_file))
    return cell_file


def _draw_scene(folder: Path, cell: Cell) -> None:
    """Grey with dark squares for holes, and a darker picture for the left lamp."""
    folder.mkdir()
    image = kit.kit.picture(kit.COLOURS[kit.PACK], seed=999)
    seen = Inspector.load(cell, threads=1).inspect(kit.kit.frame_of(image), kit.PACK).fasteners
    hole = image.copy()
    kit.kit.put_fasteners(image, [f.center_px for f in seen])
    kit.kit.put_fasteners(hole, [f.center_px for f in seen], "empty")
    for name, picture in (("bolts", image), ("none", hole)):
        cv2.imwrite(str(folder / f"{name}.jpg"), picture)
        cv2.imwrite(str(folder / f"{name}.rake_left.jpg"), (picture * 0.6).astype(np.uint8))
    listed = [
        {"id": f.id, "center_px": list(f.center_px), "patch_radius_px": 30} for f in seen if f.id != "lid.18"
    ]  # fmt: skip
    (folder / "scene.yaml").write_text(json.dumps({"fasteners": listed}))


def true_place(cell: Cell, target: str) -> tuple[float, float]:
    x, y = cell.packs[kit.PACK].fastener_places()[target]
    origin = cell.spec.fixture.origin_mm
    return origin[0] + x + SHIFT[0], origin[1] + y + SHIFT[1]


def check_light_program(recording: Recording) -> None:
    sent = [e for e in recording.effects if isinstance(e, (RunCommand, Look))]
    words = [
        f"lamps {e.params['lamps']:g}" if isinstance(e, RunCommand) else e.look
        for e in sent
        if isinstance(e, Look) or e.name == "set_light"
    ]
    assert words == ["lamps 1", "rake_left", "lamps 2", "rake_right", "lamps 0", "ambient"]
    looks = [e for e in recording.effects if isinstance(e, Look)]
    assert [[f.look for f in recording.frames[e.id]] for e in looks] == [["rake_left"], ["rake_right"], ["ambient"] * 2]
    (judged,) = [e for e in recording.events if isinstance(e, Looked)]
    assert {i.looks for i in judged.inspections} == {("ambient", "rake_left")}, "lamp 2 is dead: it is left out"
    assert judged.assessment.looks == ("ambient", "rake_left")
    alarms = [r.data["code"] for r in recording.records if r.kind == "alarm"]
    assert alarms == ["light.left_out"]


def check_fine_looks(recording: Recording, cell: Cell) -> None:
    steps = {str(r.data["key"]).rsplit("/", 1)[-1]: r.data for r in recording.records if r.kind == "step"}
    assert [steps[name]["status"] for name in LEFT] == ["done", "done", "skipped"]
    assert "already out" in str(steps["lid.18"]["detail"])
    for name in LEFT[:2]:
        moves = [e for e in recording.effects if isinstance(e, Move) and e.id.split("#")[0].endswith(name)]
        lowest = min(moves, key=lambda move: move.to_mm[2]).to_mm
        assert math.dist(lowest[:2], true_place(cell, name)) < 0.3
        planned = true_place(cell, name)[0] - SHIFT[0], true_place(cell, name)[1] - SHIFT[1]
        assert math.dist(lowest[:2], planned) > 2.5, "the plan alone would have been 3 mm off"
    turned = [e.id for e in recording.effects if isinstance(e, RunCommand) and e.name == "unfasten"]
    assert not [name for name in turned if "lid.18" in name]
    asked = {e.id for e in recording.effects if isinstance(e, Locate)}
    assert {e.id for e in recording.events if isinstance(e, Located)} == asked
    assert {f.camera for name in asked for f in recording.frames[name]} == {"close"}


def check_journal_ahead(run: Path, recording: Recording) -> None:
    """Every lamp and every fine look stands in the journal, in the order of the effects."""
    turns = [entry.data for entry in read_journal(run).entries if entry.kind == "turn"]
    written = [e["id"] for turn in turns for e in turn["effects"] if e["type"] in ("RunCommand", "Look", "Locate")]
    wanted = [e.id for e in recording.effects if isinstance(e, (RunCommand, Look, Locate))]
    assert written == wanted
    assert {e.id for e in recording.events if isinstance(e, (Finished, Looked, Located))} >= set(wanted)


@pytest.mark.slow
async def test_lamps_and_fine_looks_on_real_wires_and_in_replay(tmp_path: Path, monkeypatch) -> None:
    cell_file = build_site(tmp_path)
    monkeypatch.setattr(assembly, "Inspector", RoughInspector)
    monkeypatch.delenv("CI", raising=False)
    paths, state = await drivers_kit.record_with_drivers(tmp_path, monkeypatch, scenario=SCENARIO, painted=False)
    assert (state.packml, state.outcome) == (State.COMPLETE, "dismantled")
    recording = read_recording(paths[-1])
    cell = recorded_cell(recording, load_cell(cell_file))
    check_light_program(recording)
    check_fine_looks(recording, cell)
    check_journal_ahead(paths[-1].parent, recording)
    inspector = RoughInspector.load(cell, threads=1)
    _, outcome = replay_twice(recording, cell, inspector)
    check_replay(recording, outcome)
    update_file(paths[-1], tmp_path / "reference", cell, inspector, "the first one")
    assert judge_file(paths[-1], tmp_path / "reference", cell, inspector).differences == ()


def check_replay(recording: Recording, outcome: Outcome) -> None:
    assert list(outcome.records) == list(recording.records)
    assert [str(found) for found in recorded_wire_differences(recording, outcome)] == []
    assert outcome.unanswered == ()
    seams = frame_seams(outcome)
    assert sorted(s.exact["found"] for s in seams if "found" in s.exact) == ["bolt", "bolt", *["empty"] * 16]
    assert {s.exact["looks"] for s in seams if "looks" in s.exact} == {"ambient, rake_left"}
