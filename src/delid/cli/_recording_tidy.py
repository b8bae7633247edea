"""``delid recording tidy``: remove the recordings that are too old or too many. Wiring only."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import SystemClock
from delid.journal import Keeper, keep_rules_of

from ._asking import CellPath, Json


def tidy(
    cell: CellPath,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: Json = False,
) -> None:
    """Remove recordings by age and space as the cell file says; alarms and failures stay longer, journals for good.

    A running cell does this by itself whenever a run begins. The newest recording is left alone.
    """
    loaded = load_cell(cell)
    runs = loaded.resolve(loaded.spec.runs)
    keeper = Keeper(runs, keep_rules_of(loaded.spec.recordings), SystemClock())
    newest = max((path.parent for path in runs.glob("*/recording.mcap")), default=None, key=lambda p: p.name)
    due = keeper.due(newest)
    removed = [] if dry else keeper.tidy(newest)
    gone = due if dry else removed
    rows = [
        {"run": r.run.folder.name, "mb": round(r.run.size_bytes / 1e6, 1), "reason": r.reason, "kept_longer": r.run.why}
        for r in gone
    ]
    if as_json:
        typer.echo(jsonlib.dumps({"removed": not dry, "recordings": rows}, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{'would remove' if dry else 'removed'} {row['run']}, {row['mb']} MB: {row['reason']}")
    typer.echo(f"{len(rows)} recordings{' would be' if dry else ''} removed")
