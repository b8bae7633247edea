"""Many recordings at once: in order, whatever dies; what is done stays done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import replay_kit as kit
from many_kit import DAY_S, Mortal, variant
from typer.testing import CliRunner, Result

from delid.cli._main import app
from delid.core import UsageError
from delid.journal import read_recording, recorded_at_s
from delid.replay import judge_by_itself
from delid.replay.many import (
    ManyOptions,
    ManyReplays,
    ProcessPool,
    Setup,
    Source,
    find_sources,
    read_done,
    read_results,
)

RECIPE = Path("cell_configs/recipes/nissan-leaf-24-standard.yaml")


@pytest.fixture(scope="module")
def many(staged, tmp_path_factory) -> Path:
    """Folder with six short recordings, one of each kind that makes trouble among them."""
    folder = tmp_path_factory.mktemp("many")
    place = tmp_path_factory.mktemp("short")
    kit.record_run(staged[0] / "cell_configs/cells/demo.yaml", place / "run.mcap", kit.Script(stop_after_moves=2))
    recording = read_recording(place / "run.mcap")
    for number in (0, 2, 4):
        variant(recording, folder / f"run{number}.mcap", 1_800_000_000.0 + number * DAY_S)
    whole = (folder / "run0.mcap").read_bytes()
    (folder / "run1-broken.mcap").write_bytes(whole[: len(whole) // 2])
    (folder / "run3-empty.mcap").write_bytes(b"")
    with (folder / "run5-huge.mcap").open("wb") as file:
        file.write(whole)
        file.truncate(64 * 1024**3)  # takes no place on the disk
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


SHORT = "equal (1 frames, 31 steps)"
ASIDE = {"run1-broken": "recording.truncated", "run3-empty": "recording.foreign", "run5-huge": "recording.too_large"}


def test_a_recording_without_reference_is_compared_with_what_was_recorded(site, staged):
    stage = staged[1]
    assert judge_by_itself(Path("run.mcap"), stage.cell, stage.inspector).equal
    result = run("run.mcap")
    assert result.output == "run: equal (2 frames, 31 steps)\n", result.output
    text = RECIPE.read_text()
    RECIPE.write_text(text.replace("seized: [retry, impact, ask]", "seized: [ask]"))
    result = run("run.mcap")
    assert result.exit_code == 1
    assert "decision: bolt 3: seized -> ask; before: retry" in result.output


def test_processes_give_results_in_order_and_set_aside_what_kills_them(staged, many, tmp_path):
    """Broken, empty, huge and poisonous recordings change nothing for the others."""
    for name in ("poison", "once"):
        os.link(many / "run0.mcap", tmp_path / f"{name}.mcap")
    names = [many, tmp_path / "once.mcap", tmp_path / "poison.mcap"]
    sources = find_sources([str(name) for name in names])
    done: list[str] = []
    setup = Setup(staged[1].cell, cache=tmp_path / "kept")
    pool = ProcessPool(setup, 2, on_done=lambda judged: done.append(judged.source.name), worker=Mortal)
    found = list(pool.run(sources))
    assert [judged.source for judged in found] == sources
    assert sorted(done) == sorted(source.name for source in sources)
    aside = {judged.source.name: judged.error.code for judged in found if judged.error}
    assert aside == {**ASIDE, "poison": "recording.poisoned"}
    poison = next(judged for judged in found if judged.source.name == "poison")
    assert "SIGKILL" in str(poison.error)
    assert poison.attempts == 2
    equal = [judged.source.name for judged in found if judged.verdict and judged.verdict.equal]
    assert equal == ["run0", "run2", "run4", "once"]
    assert next(judged for judged in found if judged.source.name == "once").attempts == 2


def test_a_stopped_replay_goes_on_where_it_was(staged, many, tmp_path, monkeypatch):
    """What was done before Ctrl-C stands in the log, and is not done again; what changed meanwhile is."""
    log, sources = tmp_path / "log.jsonl", find_sources([str(many)])
    setup = Setup(staged[1].cell)
    _serial(monkeypatch)
    first = ManyReplays(sources, setup, ManyOptions(results=log))
    for judged in first:
        if judged.source.name == "run2":
            break
    assert [line["recording"] for line in read_results(log)] == ["run0", "run1-broken", "run2"]
    with log.open("a") as file:
        file.write('{"format": 1, "source": "cut')
    with pytest.raises(UsageError, match="--resume"):
        ManyReplays(sources, setup, ManyOptions(results=log))
    again = ManyReplays(sources, setup, ManyOptions(results=log, resume=True))
    assert [judged.source.name for judged in again][:2] == ["run1-broken", "run3-empty"], "faults are tried again"
    assert (again.tally.before, again.tally.equal, again.tally.done) == (2, 3, 6)
    assert len(read_done(log, setup.digest())) == 3
    assert read_done(log, "another setup") == {}
    os.utime(many / "run0.mcap", ns=(1, 1))
    third = ManyReplays(sources, setup, ManyOptions(results=log, resume=True))
    assert [judged.source.name for judged in third if judged.verdict] == ["run0"]


def _serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker in this process: what is kept does not depend on who does the work."""
    import delid.replay.many._many as module
    from delid.replay.many import Worker

    class Here:
        def __init__(self, setup: Setup, jobs: int, on_done) -> None:
            self._worker, self._on_done = Worker(setup), on_done

        def run(self, sources):
            for source in sources:
                judged = self._worker.judge(source)
                self._on_done(judged)
                yield judged

    monkeypatch.setattr(module, "ProcessPool", Here)


def test_ctrl_c_keeps_what_is_done(site, many, tmp_path):
    """The command itself, in a process of its own, stopped after its first result."""
    for name in range(300):
        os.link(many / "run0.mcap", tmp_path / f"copy{name:03d}.mcap")
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "delid", "replay", str(tmp_path), "--jobs", "1", "--results", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"copy000: {SHORT}\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert f"Stopped. What is done stands in {log}; go on with --resume." in told
    kept = [line["recording"] for line in read_results(log)]
    assert kept[0] == "copy000"
    assert len(kept) < 300


def test_the_command_line_counts_and_says_what_is_set_aside(site, many, tmp_path, monkeypatch):
    _serial(monkeypatch)
    log = tmp_path / "log.jsonl"
    result = run(str(many), "--results", str(log), "--diff", str(tmp_path / "diff.txt"))
    assert result.exit_code == 3
    assert "6 of 6 replayed: 3 equal, 0 differ, 3 set aside" in result.stderr
    assert [line for line in result.stdout.splitlines() if line.endswith(SHORT)] == [
        f"run{number}: {SHORT}" for number in (0, 2, 4)
    ]
    assert (tmp_path / "diff.txt").read_text().count("fault: ") == 3
    lines = list(read_results(log))
    assert {line["recording"]: line["error"]["code"] for line in lines if "error" in line} == ASIDE
    result = run(str(many), "--results", str(log), "--resume", "--json")
    assert [one["recording"] for one in json.loads(result.stdout)["recordings"]] == list(ASIDE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run.mcap", "--resume"], "--results FILE"),
        (["nowhere.mcap"], "no such file"),
        (["reference"], "no recording"),
        (["nowhere://bucket/*.mcap"], "nowhere"),
        (["run.mcap", "--dask", "tcp://127.0.0.1:1"], "does not answer"),
    ],
)
def test_wrong_use_is_said(site, arguments, words, monkeypatch):
    import delid.replay.many._dask as module

    monkeypatch.setattr(module, "CONNECT_S", 0.2)
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_recordings_are_found_in_folders_and_stores(staged, tmp_path):
    """``memory://`` stands for a store such as S3: the same fsspec calls."""
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    content = (staged[0] / "run.mcap").read_bytes()
    for name in ("line-1/b.mcap", "line-1/a.mcap", "line-2/c.mcap", "line-2/notes.txt"):
        store.pipe(f"/bucket/{name}", content)
    assert [source.name for source in find_sources(["memory://bucket/line-1/*.mcap"])] == ["a", "b"]
    assert [source.name for source in find_sources(["memory://bucket"])] == ["a", "b", "c"]
    (one,) = find_sources(["memory://bucket/line-2/c.mcap"])
    replays = ManyReplays([one], Setup(staged[1].cell), ManyOptions())
    assert replays.tally.total == 1
    from delid.replay.many import Worker

    judged = Worker(Setup(staged[1].cell)).judge(one)
    assert judged.verdict is not None, judged.error
    assert judged.verdict.equal
    assert judged.verdict.recording == "c"
    gone = Worker(Setup(staged[1].cell)).judge(Source("memory://bucket/none.mcap"))
    assert gone.error is not None
    assert gone.error.code == "recording.read"
    store.rm("/bucket", recursive=True)


def test_when_a_recording_was_made_is_read_from_its_head(many):
    assert recorded_at_s(many / "run4.mcap") == pytest.approx(1_800_000_000.0 + 4 * DAY_S, abs=1)
    assert recorded_at_s(many / "run3-empty.mcap") is None


def test_a_hung_worker_is_ended(staged, many):
    """The deadline is that of one recording; time is the test's own."""

    class Racing:
        def now_s(self) -> float:
            return time.monotonic() * 1e6

        def wall_s(self) -> float:
            return 0.0

        async def sleep(self, duration_s: float) -> None: ...

    pool = ProcessPool(Setup(staged[1].cell), 1, deadline_s=100.0, clock=Racing())
    (judged,) = pool.run([Source(str(many / "run0.mcap"))])
    assert judged.error is not None
    assert judged.error.code == "recording.poisoned"
    assert "did not answer" in str(judged.error)
