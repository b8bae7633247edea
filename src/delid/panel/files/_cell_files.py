"""The cell file and what it names, read when asked for and again when a file changed."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor as Pool
from pathlib import Path

from delid.config import Cell, load_cell

from .._refusals import refusal

Stamp = tuple[tuple[str, int], ...]


class CellFiles:
    """Loads the cell off the event loop; one that has not changed is not read again."""

    def __init__(self, path: Path | None, pool: Pool) -> None:
        self.path, self._pool = path, pool
        self._cell: Cell | None = None
        self._stamp: Stamp = ()
        self._reading = asyncio.Lock()

    async def cell(self) -> Cell:
        """The cell as its files are now; raises ConfigError, PanelError ``panel.no_cell_file``."""
        if self.path is None:
            raise refusal("panel.no_cell_file", "This panel was started without a cell file.")
        async with self._reading:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, self.path)

    def _read(self, path: Path) -> Cell:
        if self._cell is None or _stamp(self._cell) != self._stamp:
            self._cell = load_cell(path)
            self._stamp = _stamp(self._cell)
        return self._cell


def _stamp(cell: Cell) -> Stamp:
    def changed(name: str) -> int:
        try:
            return Path(name).stat().st_mtime_ns
        except OSError:
            return 0

    return tuple((name, changed(name)) for name in sorted(cell.texts))
