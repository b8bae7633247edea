"""``delid recording`` and ``delid record`` as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recording_kit import HEADER, facts, jpeg_frame, write_recording
from typer.testing import CliRunner, Result

from delid.cli._main import app, main
from delid.config import read_document
from delid.core import ManualClock, RecordingError, UsageError
from delid.journal import RecordingHeader, RecordingWriter, read_recording


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    write_recording(tmp_path / "a.mcap", rounds=3)
    return tmp_path / "a.mcap"


@pytest.fixture
def cut(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cut.mcap"
    path.write_bytes(whole.read_bytes()[:-200])
    return path


def test_info_says_what_a_recording_holds(whole):
    result = run("recording", "info", whole, "--json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert found["run"] == "r1"
    assert (found["looks"], found["frames"], found["wires"]) == (3, 6, 6)
    assert found["events"] == {
        "Started": 1, "LinkChanged": 1, "OperatorCommanded": 1, "TagsRead": 3, "Finished": 3,
    }  # fmt: skip
    assert found["losses"] == {"dropped_frames": 0, "lost_facts": 0, "failure": ""}
    assert "frames         6" in run("recording", "info", whole).output


def test_info_of_a_cut_recording_answers_no(cut):
    result = run("recording", "info", cut, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["code"] == "recording.truncated"
    assert "delid recording repair" in run("recording", "info", cut).output


def test_repair_says_what_it_kept(cut, tmp_path):
    result = run("recording", "repair", cut, tmp_path / "out.mcap")
    assert result.exit_code == 0
    assert len(read_recording(tmp_path / "out.mcap").facts) == len(facts(3))
    assert f"{len(facts(3)) + 18} messages kept, 6 of them frames" in result.output
    again = run("recording", "repair", cut, tmp_path / "out.mcap")
    assert isinstance(again.exception, RecordingError)


def test_repair_of_a_whole_recording_says_so(whole, tmp_path):
    assert "there was nothing to repair" in run("recording", "repair", whole, tmp_path / "out.mcap").output
    report = json.loads(run("recording", "repair", whole, tmp_path / "out2.mcap", "--json").output)
    assert report == {"messages": len(facts(3)) + 18, "frames": 6, "damaged": 0, "was_complete": True}


def test_record_and_export_keep_the_light(tmp_path, repository):
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "1.jpg").write_bytes(jpeg_frame(3).encoded)
    height, width = jpeg_frame(3).image.shape[:2]
    demo = repository / "cell_configs/cells/demo.yaml"
    data = dict(read_document(demo).data)
    data["cameras"] = data["cameras"][:1]
    data["cameras"][0] |= {"source": {"kind": "folder", "path": str(frames)}, "size_px": [width, height]}
    data["packs"], data["recipes"] = ([str((demo.parent / data[k][0]).resolve())] for k in ("packs", "recipes"))
    data["health"] = str((demo.parent / data["health"]).resolve())
    data["plc"] |= {"map": str((demo.parent / data["plc"]["map"]).resolve())}
    (tmp_path / "cell.yaml").write_text(json.dumps(data))
    out = tmp_path / "left.mcap"
    recorded = run("record", "--cell", tmp_path / "cell.yaml", "--out", out, "--frames", "1", "--look", "rake_left")
    assert recorded.exit_code == 0, recorded.output
    assert [f.look for f in read_recording(out).all_frames()] == ["rake_left"]
    assert run("recording", "export", out, tmp_path / "out").exit_code == 0
    assert (tmp_path / "out/frames/00001-overview.rake_left.jpg").read_bytes() == jpeg_frame(3).encoded
    assert json.loads((tmp_path / "out/frames/index.jsonl").read_text())["look"] == "rake_left"


def test_export_writes_images_facts_and_configuration(whole, tmp_path):
    out = tmp_path / "out"
    result = run("recording", "export", whole, out, "--json")
    assert json.loads(result.output) == {"folder": str(out), "frames": 6, "facts": len(facts(3)), "files": 2}
    assert (out / "frames/00001-overview.jpg").read_bytes() == jpeg_frame(3).encoded
    index = [json.loads(line) for line in (out / "frames/index.jsonl").read_text().splitlines()]
    assert [row["look_id"] for row in index] == ["look.3", "look.3", "look.10", "look.10", "look.17", "look.17"]
    lines = [json.loads(line) for line in (out / "facts.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == [type(fact).__name__ for fact in facts(3)]
    wire = next(line for line in lines if line["type"] == "Wire")
    assert wire["data"] == "0000ff"
    assert (out / "config/cells/a.yaml").read_text() == HEADER.texts["cells/a.yaml"]
    assert isinstance(run("recording", "export", whole, out).exception, UsageError)


def test_export_does_not_write_outside_its_folder(tmp_path):
    header = RecordingHeader("r1", texts={"../../outside.yaml": "x: 1\n"})
    RecordingWriter(tmp_path / "evil.mcap", ManualClock(), header).close()
    result = run("recording", "export", tmp_path / "evil.mcap", tmp_path / "deep/out")
    assert isinstance(result.exception, RecordingError)
    assert not (tmp_path / "outside.yaml").exists()


def test_cut_and_redact_say_what_they_kept(whole, tmp_path):
    result = run("recording", "cut", whole, tmp_path / "part.mcap", "--from", "0", "--to", "0.6")
    assert result.exit_code == 0, result.output
    assert "of them frames, over 0.5 s" in result.output
    assert isinstance(
        run("recording", "cut", whole, tmp_path / "b.mcap", "--from", "3", "--to", "2").exception, UsageError
    )
    result = run("recording", "redact", whole, tmp_path / "red.mcap", "--box", "overview:0,0,9,9", "--json")
    assert json.loads(result.output) == {"names": 1, "codes": 0, "images_left_out": 0, "images_painted": 6}
    assert isinstance(
        run("recording", "redact", whole, tmp_path / "c.mcap", "--box", "overview:9").exception, UsageError
    )


def test_import_and_training_set_say_what_is_in_them(whole, tmp_path):
    (tmp_path / "1.jpg").write_bytes(jpeg_frame(3).encoded)
    (tmp_path / "table.csv").write_text("file,time_s,gas_ppm\n1.jpg,5,2\n")
    result = run("recording", "import", tmp_path, tmp_path / "in.mcap", "--csv", tmp_path / "table.csv")
    assert "1 frames of camera over 0 s, 1 readings" in result.output
    assert json.loads(run("recording", "info", tmp_path / "in.mcap", "--json").output)["frames"] == 1
    result = run("recording", "export", tmp_path, tmp_path / "set", "--training")
    assert "0 pictures of 2 recordings with 0 labels" in result.output, "nobody has judged these"
    assert isinstance(run("recording", "export", tmp_path, tmp_path / "other").exception, UsageError)


def test_tidy_removes_what_the_cell_file_says(tmp_path, repository):
    cell = folder_cell(tmp_path, repository)
    data = json.loads(cell.read_text())
    cell.write_text(json.dumps(data | {"runs": str(tmp_path / "runs"), "recordings": {"keep_gb": 1e-9}}))
    for name in ("a", "b"):
        write_recording(tmp_path / "runs" / name / "recording.mcap", rounds=1)
    would = json.loads(run("recording", "tidy", cell, "--dry-run", "--json").output)
    assert [row["run"] for row in would["recordings"]] == ["a"], "the newest stays"
    assert "1 recordings removed" in run("recording", "tidy", cell).output
    assert [p.parent.name for p in (tmp_path / "runs").glob("*/recording.mcap")] == ["b"]


@pytest.mark.parametrize("command", ["info", "repair", "export"])
def test_a_file_that_is_no_recording_is_a_fault(tmp_path, monkeypatch, command):
    (tmp_path / "x.mcap").write_text("no recording")
    out = [] if command == "info" else [str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["delid", "recording", command, str(tmp_path / "x.mcap"), *out])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 3


# --- record ---------------------------------------------------------------------------------------------------------


def folder_cell(tmp_path: Path, repository: Path) -> Path:
    """The demonstration cell with a camera that reads images from a folder."""
    demo = repository / "cell_configs/cells/demo.yaml"
    data = dict(read_document(demo).data)
    (tmp_path / "images").mkdir()
    for n in range(2):
        (tmp_path / f"images/{n}.jpg").write_bytes(jpeg_frame(n).encoded)
    source = {"kind": "folder", "path": str(tmp_path / "images"), "loop": True}
    data["cameras"] = [data["cameras"][0] | {"source": source, "size_px": [96, 96]}]
    for key in ("packs", "recipes"):
        data[key] = [str((demo.parent / name).resolve()) for name in data[key]]
    data["health"] = str((demo.parent / data["health"]).resolve())
    data["plc"] = data["plc"] | {"map": str((demo.parent / data["plc"]["map"]).resolve())}
    (tmp_path / "cell.yaml").write_text(json.dumps(data), encoding="utf-8")
    return tmp_path / "cell.yaml"


def test_record_takes_the_frames_of_the_cell_s_cameras(tmp_path, repository):
    cell = folder_cell(tmp_path, repository)
    result = run("record", "--cell", cell, "--out", tmp_path / "a.mcap", "--frames", "3")
    assert result.exit_code == 0, result.output
    assert result.output == f"{tmp_path / 'a.mcap'}: 3 frames, 0 dropped\n"
    found = read_recording(tmp_path / "a.mcap")
    assert list(found.frames) == ["record.overview"]
    assert [f.encoded for f in found.frames["record.overview"]] == [jpeg_frame(n).encoded for n in (0, 1, 0)]
    again = run("record", "--cell", cell, "--out", tmp_path / "a.mcap", "--frames", "1")
    assert isinstance(again.exception, UsageError)
