"""Adds files to the lists ``packs`` and ``recipes`` of a cell file, and leaves everything else as it was written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from delid.config import load_cell, read_document
from delid.core import ConfigError, UsageError


def add_to_cell(cell: Path, packs: Sequence[Path], recipes: Sequence[Path]) -> list[str]:
    """The lines added. The cell is read again; if it is wrong then, it is put back and ConfigError raised."""
    before = cell.read_text(encoding="utf-8")
    text, added = before, []
    for key, files in (("packs", packs), ("recipes", recipes)):
        text, lines = _with(text, cell, key, files)
        added += lines
    cell.write_text(text, encoding="utf-8")
    try:
        load_cell(cell)
    except ConfigError:
        cell.write_text(before, encoding="utf-8")
        raise
    return added


def _with(text: str, cell: Path, key: str, files: Sequence[Path]) -> tuple[str, list[str]]:
    """The text with ``files`` behind the last item of the list ``key``; those that stand there already are left out."""
    document = read_document(cell)
    items = document.data.get(key) if isinstance(document.data, dict) else None
    known = {(cell.parent / str(item)).resolve() for item in items or ()}
    names = [os.path.relpath(f.resolve(), cell.resolve().parent) for f in files if f.resolve() not in known]
    if not names:
        return text, []
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if line.rstrip() == f"{key}:"), None)
    if start is None or not items:
        raise UsageError(
            f"{cell}: the list {key!r} is not written one entry to a line; nothing was added.",
            hint="Add these files by hand: " + ", ".join(names),
        )
    end = start + 1
    last = start + 1
    while end < len(lines) and (lines[end].startswith((" ", "-", "#")) or not lines[end].strip()):
        if lines[end].lstrip().startswith("- "):
            last = end + 1
        end += 1
    indent = lines[last - 1][: len(lines[last - 1]) - len(lines[last - 1].lstrip())]
    added = [f"{indent}- {name}" for name in names]
    return "\n".join([*lines[:last], *added, *lines[last:]]) + "\n", added
