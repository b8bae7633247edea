"""One run, forked at each place where it is to be killed: the child lives on as what the kill leaves behind.

A kill needs the run up to there, and a fork has it for nothing: memory, the devices' programs and the time are the
child's own from then on, and its journals are a copy made before the fork.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import traceback
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kill_kit import Shop

JOBS = int(os.environ.get("DELID_KILL_JOBS", os.cpu_count() or 1))
CHILD_MOST_S = 300
"""Real time; a child that takes longer hangs, and the alarm ends it."""


@dataclass
class Forks:
    """Forks ``shop`` at the chosen places; the results come from the children's own files."""

    shop: Shop
    folder: Path
    chosen: Collection[int]
    place: int | None = None
    """In a child: where it was killed."""
    told: dict[int, dict[str, Any]] = field(default_factory=dict)
    _running: dict[int, int] = field(default_factory=dict)

    def here(self, place: int) -> bool:
        """Called at each place of the run; True in the child, which has been killed there."""
        if place not in self.chosen:
            return False
        while len(self._running) >= JOBS:
            self._wait()
        home = self.folder / str(place)
        shutil.copytree(self.shop.runs, home / "runs")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of threads; the test runner's own do not matter here
            child = os.fork()
        if child:
            self._running[child] = place
            return False
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(CHILD_MOST_S)
        self.place, spec = place, self.shop.cell.spec
        self.shop.cell = replace(self.shop.cell, spec=spec.model_copy(update={"runs": home / "runs"}))
        return True

    def end_child(self, after: Callable[[], dict[str, Any]]) -> None:
        """In a child: do what comes after the kill, leave the result, and end. Never returns."""
        told: dict[str, Any] = {}
        try:
            told = after()
        finally:
            told = told or {"error": "".join(traceback.format_exc().splitlines(keepends=True)[-20:])}
            (self.folder / f"{self.place}.json").write_text(json.dumps(told), encoding="utf-8")
            os._exit(0)

    def finish(self) -> dict[int, dict[str, Any]]:
        """Wait for all children; gives what each place told."""
        while self._running:
            self._wait()
        return self.told

    def _wait(self) -> None:
        child, status = os.waitpid(next(iter(self._running)), 0)
        place = self._running.pop(child)
        file = self.folder / f"{place}.json"
        ended = file.exists() and status == 0
        self.told[place] = json.loads(file.read_text()) if ended else {"error": f"the child died: {status}"}
        if "error" not in self.told[place]:
            shutil.rmtree(self.folder / str(place))
