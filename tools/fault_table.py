"""Run the fault tests and print the fault table: row, injected fault, reaction, time to safe.

Usage: ``python tools/fault_table.py [pytest arguments]``; ``tests/faults`` if none are given. Ends as pytest does.
Simulated machines run up to ten times faster than real ones; what delid waits for runs in real time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROW, FAULT, SAFE = 46, 24, 9


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.jsonl"
        table.touch()
        command = [sys.executable, "-m", "pytest", "-q", *(sys.argv[1:] or ["tests/faults"])]
        ended = subprocess.run(command, env=os.environ | {"DELID_FAULT_TABLE": str(table)}, check=False)
        rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    reaction = max(30, shutil.get_terminal_size((140, 24)).columns - ROW - FAULT - SAFE - 6)
    print_row("row", "injected fault", "reaction", "safe, s", reaction)
    print_row("-" * ROW, "-" * FAULT, "-" * reaction, "-" * SAFE, reaction)
    for row in rows:
        print_row(row["row"], row["fault"], row["reaction"], f"{row['safe_s']:.3f}", reaction)
    print(f"{len(rows)} rows")
    return ended.returncode


def print_row(row: str, fault: str, reaction: str, safe: str, width: int) -> None:
    cells = [textwrap.wrap(row, ROW), textwrap.wrap(fault, FAULT), textwrap.wrap(reaction, width), [safe]]
    for number in range(max(len(cell) for cell in cells)):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        print(f"{parts[0]:<{ROW}}  {parts[1]:<{FAULT}}  {parts[2]:<{width}}  {parts[3]:>{SAFE}}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
