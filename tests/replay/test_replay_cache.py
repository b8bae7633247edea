"""Inspections from the cache: the same verdict without the models, and never a stale one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import replay_kit as kit
from typer.testing import CliRunner, Result

from delid.cli._main import app
from delid.config import load_cell
from delid.core import Frame, Inspection, RecordingError, to_plain
from delid.journal import read_recording
from delid.replay import CachedEyes, InspectionCache, frame_seams, replay, replay_twice, vision_digest
from delid.vision import Inspector


class Counting:
    """An inspector that counts what it is asked, and may answer differently each time."""

    def __init__(self, inspector: Inspector, wobble: float = 0.0) -> None:
        self._inspector, self._wobble = inspector, wobble
        self.models, self.min_fastener_confidence = inspector.models, inspector.min_fastener_confidence
        self.asked = 0

    def inspect(self, frame: Frame, pack: str | None = None, *, looks: Mapping[str, Frame] | None = None) -> Inspection:
        self.asked += 1
        found = self._inspector.inspect(frame, pack, looks=looks or {})
        pack_verdict = replace(found.pack, confidence=found.pack.confidence - self._wobble * self.asked)
        return replace(found, pack=pack_verdict)

    def locate(self, *given: Any) -> Any:
        return self._inspector.locate(*given)

    def forget_frames(self) -> None:
        self._inspector.forget_frames()


def eyes(folder: Path, inspector: Any, settings: str = "settings") -> CachedEyes:
    return CachedEyes(InspectionCache(folder), settings, (lambda: inspector) if inspector is not None else None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", "run.mcap", "--reference", "reference", *arguments])


def test_the_second_replay_infers_nothing_and_sees_the_same(staged, tmp_path):
    folder, stage = staged
    recording, counting = read_recording(folder / "run.mcap"), Counting(stage.inspector)
    live = replay(recording, stage.cell, stage.inspector)
    first = replay_twice(recording, stage.cell, eyes(tmp_path, counting))[1]
    assert counting.asked == 2 * stage.frames, "what is not in the cache is inferred twice, and must equal itself"
    second = replay(recording, stage.cell, eyes(tmp_path, None))
    assert frame_seams(second) == frame_seams(first) == frame_seams(live)
    assert second.records == first.records == live.records
    assert [to_plain(replace(i, timing_ms={})) for _, i in live.inspections] == [
        to_plain(i) for _, i in second.inspections
    ]


def test_what_was_inferred_once_only_is_not_kept(staged, tmp_path):
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")
    replay(recording, stage.cell, eyes(tmp_path, stage.inspector))
    with pytest.raises(RecordingError, match="is in the cache"):
        replay(recording, stage.cell, eyes(tmp_path, None))


def test_models_that_do_not_answer_twice_alike_are_still_found_out(staged, tmp_path):
    folder, stage = staged
    recording = read_recording(folder / "run.mcap")
    with pytest.raises(RecordingError, match="not deterministic"):
        replay_twice(recording, stage.cell, eyes(tmp_path, Counting(stage.inspector, wobble=0.001)))


def test_a_frozen_camera_is_judged_as_it_would_be_live(staged, tmp_path):
    """The second of two frames with the same pixels is refused, whether or not the first came from the cache."""
    folder, stage = staged
    kept = next(read_recording(folder / "run.mcap").all_frames())
    again = replace(kept, seq=kept.seq + 1, source=f"overview#{kept.seq + 1}")
    for frames in ((kept,), (kept, again), (kept, again)):
        cached = eyes(tmp_path, stage.inspector)
        for _ in range(2):
            cached.forget_frames()
            found = cached.look(frames, None, {})
    stage.inspector.forget_frames()
    assert found[0].quality.ok
    assert not found[1].quality.ok
    assert found[1].source == again.source
    cached = eyes(tmp_path, None)
    assert cached.look((kept, again), None, {}) == found
    cached.forget_frames()
    assert cached.look((replace(again, source="overview#99"),), None, {})[0].quality.ok


def test_other_bytes_of_a_frame_are_another_frame(staged, tmp_path):
    folder, stage = staged
    kept = next(read_recording(folder / "run.mcap").all_frames())
    cached = eyes(tmp_path, stage.inspector)
    for _ in range(2):
        cached.forget_frames()
        cached.look((kept,), None, {})
    other = replace(kept, encoded=kit.kit.jpeg(kit.kit.picture(kit.COLOURS["byd-blade"], seed=5)))
    with pytest.raises(RecordingError, match="is in the cache"):
        eyes(tmp_path, None).look((other,), None, {})


@pytest.mark.parametrize("damage", [b"", b"{}", b"0" * 64 + b"\n{}"])
def test_a_damaged_file_of_the_cache_counts_as_missing(tmp_path, damage):
    cache = InspectionCache(tmp_path)
    cache.put("ab12", {"found": 1})
    assert cache.get("ab12") == {"found": 1}
    next(tmp_path.rglob("*.json")).write_bytes(damage)
    assert cache.get("ab12") is None


def test_a_cache_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="--cache a folder"):
        InspectionCache(tmp_path / "file").put("ab12", {})


MANIFEST = Path("models/pack-damage/manifest.yaml")
GALLERY = "cell_configs/gallery"
RECIPE = Path("cell_configs/recipes/nissan-leaf-24-standard.yaml")
CELL = Path("cell_configs/cells/demo.yaml")
PACK = Path("cell_configs/packs/nissan-leaf-24.yaml")


def _replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_whatever_an_inspection_depends_on_changes_the_digest(site):
    """A threshold, the gallery, a camera, a pack, a limit; not a recipe, which no inspection depends on."""
    digests = [vision_digest(load_cell(CELL))]
    _replace(RECIPE, "seized: [retry, impact, ask]", "seized: [ask]")
    assert vision_digest(load_cell(CELL)) == digests[0]
    kit.change_json(MANIFEST, lambda d: d["thresholds"]["pack"].update(min_score=0.9))
    digests.append(vision_digest(load_cell(CELL)))
    next(Path(GALLERY).glob("*.json")).write_text("{}")
    digests.append(vision_digest(load_cell(CELL)))
    _replace(PACK, "mass_kg: ", "mass_kg: 1")
    digests.append(vision_digest(load_cell(CELL)))
    assert len(set(digests)) == 4


def test_the_command_replays_decisions_only_from_what_it_kept(site, monkeypatch):
    assert run("--cache", "kept").output == "run: equal (2 frames, 31 steps)\n"

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("no model may be loaded")

    monkeypatch.setattr(Inspector, "load", refuse)
    result = run("--cache", "kept", "--decisions-only")
    assert result.output == "run: equal (2 frames, 31 steps)\n"
    _replace(RECIPE, "seized: [retry, impact, ask]", "seized: [ask]")
    result = run("--cache", "kept", "--decisions-only")
    assert result.exit_code == 1
    assert "bolt 3: seized -> ask; before: retry" in result.output, "decisions are made anew"


def test_after_a_change_of_the_models_the_cache_has_nothing(site):
    assert run("--cache", "kept").exit_code == 0
    kit.change_json(MANIFEST, lambda d: d["thresholds"]["damage"]["corrosion"].update(min_confidence=0.99))
    result = run("--cache", "kept", "--decisions-only", "--json")
    assert result.exit_code == 3
    found = json.loads(result.output)["recordings"][0]["error"]
    assert found["code"] == "recording.not_cached"
    assert "without --decisions-only" in found["hint"]
    assert run("--cache", "kept").exit_code == 1, "inferred anew, and it decides otherwise"


def test_decisions_only_needs_a_cache(site, monkeypatch):
    monkeypatch.delenv("DELID_REPLAY_CACHE", raising=False)
    result = run("--decisions-only")
    assert result.exit_code == 2
    assert "--cache DIR" in result.output
