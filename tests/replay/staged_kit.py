"""``delid replay`` on the staged folder, and what it says."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from delid.cli._main import app

RECIPE = Path("cell_configs/recipes/nissan-leaf-24-standard.yaml")


def run(*arguments: str, file: str = "run.mcap") -> Result:
    return CliRunner().invoke(app, ["replay", file, "--reference", "reference", "--diff", "diff.txt", *arguments])


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def lines_of(result: Result, seam: str) -> list[str]:
    """The differences themselves, as they are written to a file; on the screen they are told in short."""
    assert result.exit_code == 1, result.output
    lines = Path("diff.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip().startswith(f"{seam}: ")]
