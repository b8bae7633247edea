"""Closed loop: recorded frames in the simulated cell. It says how another decision ends, and equals itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import replay_kit as kit
from changes_kit import OnePerPicture, RecordedEyes

from delid.core import Record
from delid.journal import read_recording
from delid.replay import (
    Mode,
    Prepared,
    Wanted,
    configure,
    judge_file,
    judge_what_if,
    replay,
    replay_twice,
    seams_of,
    update_file,
)

REPOSITORY = Path(__file__).resolve().parents[2]
SEIZED = "lid.03"


@pytest.fixture(scope="module")
def loop(staged: tuple[Path, kit.Stage]) -> tuple[Path, Prepared]:
    folder, stage = staged
    return folder, Prepared(stage.cell, OnePerPicture(stage.inspector))


def kinds(records: tuple[Record, ...], kind: str) -> list[str]:
    return [
        f"{r.data['key'].rpartition('/')[2]} {r.data['kind']} -> {r.data['reaction']}"
        for r in records
        if r.kind == kind
    ]


def test_the_recorded_pack_is_taken_apart_again_and_the_run_equals_itself(loop):
    folder, setup = loop
    recording = read_recording(folder / "run.mcap")
    seams, outcome = replay_twice(recording, setup.cell, setup.inspector, Mode.CLOSED_LOOP)
    assert outcome.records[-1].kind in ("end", "transition")
    (end,) = [r for r in outcome.records if r.kind == "end"]
    assert end.data["outcome"] == "dismantled"
    assert outcome.inspections[0][1] == replay(recording, setup.cell, setup.inspector).inspections[0][1]
    assert "lid.03 seized -> retry" in kinds(outcome.records, "failure")
    assert "lid.05 stripped -> ask" in kinds(outcome.records, "failure")
    assert any(label.startswith("plc lid_bolts/") for label, _ in seams.wire)
    assert outcome.unanswered == ()


def test_what_if_says_how_another_reaction_ends(loop, tmp_path):
    """The impact tool was never fetched when this was recorded; a process replay stops at `no recorded answer`."""
    folder, before = loop
    words = "recipe/nissan-leaf-24/standard:operations.lid_bolts.on_failure.seized=[impact, ask]"
    wanted = Wanted(folder / "cell_configs/cells/demo.yaml", settings=(words,))
    now = Prepared(configure(wanted, tmp_path), before.inspector)
    recording = read_recording(folder / "run.mcap")
    open_end = seams_of(replay(recording, now.cell, now.inspector))
    assert any("no recorded answer" in text for _, text in open_end.decision)
    closed = judge_what_if(folder / "run.mcap", now, before, mode=Mode.CLOSED_LOOP)
    assert closed.seam == "decision"
    assert closed.summary[0] == "decision: bolt 3: seized -> impact; before: retry"
    assert closed.causes[0].startswith("recipe/nissan-leaf-24/standard:operations.lid_bolts.on_failure.seized: ")
    assert not [d for d in closed.differences if "no recorded answer" in d.now]
    assert not [d for d in closed.differences if d.where == "end" and "dismantled" not in d.now]


def test_a_closed_loop_has_a_reference_of_its_own(loop, tmp_path):
    folder, setup = loop
    run, references = folder / "run.mcap", tmp_path / "reference"
    update_file(run, references, setup.cell, setup.inspector, "the first one", mode=Mode.CLOSED_LOOP)
    assert [path.name for path in references.iterdir()] == ["run.closed_loop.json"]
    assert judge_file(run, references, setup.cell, setup.inspector, mode=Mode.CLOSED_LOOP).equal


@pytest.mark.parametrize(("name", "end"), [("vw-meb-82-damaged", "dismantled"), ("stranger", "set aside")])
def test_a_recording_that_ships_ends_as_it_did(name, end):
    """With what was seen in its frames then, so that no model is needed."""
    cell = configure(Wanted(REPOSITORY / "cell_configs/cells/demo.yaml"), Path("unused"))
    recording = read_recording(REPOSITORY / f"fixtures/recordings/{name}.mcap")
    _, outcome = replay_twice(recording, cell, RecordedEyes(recording), Mode.CLOSED_LOOP)
    then, now = (
        [r.data["recipe"] for r in side if r.kind == "decision"] for side in (recording.records, outcome.records)
    )
    assert now[0] == then[0]
    assert [r.data["outcome"] for r in outcome.records if r.kind == "end"] == [end]
    assert met(outcome.records) == met(recording.records)


def met(records: tuple[Record, ...]) -> set[str]:
    """What the tool met at the bolts. A doubt of the camera is not of the pack: other frames answer for it here."""
    return {one for one in kinds(records, "failure") if " seized " in one or " stripped " in one}
