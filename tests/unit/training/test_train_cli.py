"""`delid train` at the command line, without a renderer and without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import training_kit as kit
from typer.testing import CliRunner

import delid.training
from delid.cli.train import app

RUN = CliRunner()


@pytest.mark.parametrize("command", ["fit", "export"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--only", "lids"], "one of pack, fastener, kind"),
        (["--data", "build/looks"], "needs --only"),
        (["--only", "pack", "--data", "a", "--data", "b"], "from one folder"),
    ],
)
def test_each_model_learns_from_its_own_pictures(command: str, options: list[str], words: str) -> None:
    found = RUN.invoke(app, [command, *options])
    assert found.exit_code == 2
    assert words in found.output


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the evaluation is asked to judge; it finds nothing worth telling."""
    calls: list[Any] = []

    def evaluate(models: Path, gallery: Path, samples: Any, photos: Path | None, split: str) -> dict[str, Any]:
        calls.append(([s.path.stem for s in samples], split))
        return {"models": {}, "split": split, "rendered": {"pack": {"pictures": 2}}, "photographs": None}

    monkeypatch.setattr(delid.training, "evaluate_models", evaluate)
    return calls


def folder_of(place: Path, name: str, kind: str) -> Path:
    folder = place / name
    folder.mkdir(parents=True)
    kit.write(folder, f"test-{kind}-00", split="test", kind=kind)
    (folder / "plan.json").write_text("{}")
    return folder


def test_pictures_of_several_folders_are_judged_at_once(tmp_path: Path, asked: list[Any]) -> None:
    packs, close_ups = folder_of(tmp_path, "packs", "pack"), folder_of(tmp_path, "close", "closeup")
    out, html = tmp_path / "figures/all.json", tmp_path / "report/all.html"
    options = ["--data", str(packs), "--data", str(close_ups), "--out", str(out), "--html", str(html), "--json"]
    found = RUN.invoke(app, ["evaluate", *options, "--split", "validation"])
    assert found.exit_code == 0, found.output
    assert asked == [(["test-pack-00", "test-closeup-00"], "validation")]
    assert json.loads(out.read_text())["split"] == "validation"
    assert json.loads(found.output) == json.loads(out.read_text())
    assert "Evaluation on the split validation" in html.read_text(encoding="utf-8")


def test_the_usual_folders_are_judged_as_far_as_they_are_there(
    tmp_path: Path, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = RUN.invoke(app, ["evaluate"])
    assert found.exit_code == 2
    assert "build/looks" in found.output
    folder_of(tmp_path, "build/closeups", "closeup")
    found = RUN.invoke(app, ["evaluate"])
    assert found.exit_code == 0, found.output
    folder_of(tmp_path, "build/looks", "pack")
    assert RUN.invoke(app, ["evaluate"]).exit_code == 0
    assert [names for names, _ in asked] == [["test-closeup-00"], ["test-pack-00", "test-closeup-00"]]
    assert "pictures" in found.output


def test_only_test_and_validation_are_judged() -> None:
    found = RUN.invoke(app, ["evaluate", "--split", "train"])
    assert found.exit_code == 2
