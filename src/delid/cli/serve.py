"""``delid serve``: the cell process and the panel process of one cell, started and watched together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from delid.config import load_cell
from delid.core import Clock, SystemClock
from delid.ipc import SocketPaths
from delid.panel import bind

from ._outcome import Exit, errors_end_it
from .panel import DEFAULT_HOST, DEFAULT_PORT, Host, Names, Open, Port, check_open

CELL_STOP_S = 15.0
"""An orderly stop moves and confirms; only after this long the cell process is killed, and the PLC's watchdog acts."""
PANEL_STOP_S = 5.0
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_S = 30.0
"""A panel that ran for so long starts again at the shortest pause."""

Say = Callable[[str], None]


def serve(
    cell: Annotated[Path, typer.Argument(help="Cell file.", show_default=False)],
    port: Port = DEFAULT_PORT,
    host: Host = DEFAULT_HOST,
    name: Names = None,
    open_mode: Open = False,
) -> None:
    """Run a cell with its panel. A panel that dies is started again; a cell process never is: that takes a person.

    Exit code 0: ended by a person, or the cell process ended in order. 2: used wrongly. 3: the cell process failed.
    """
    with errors_end_it(json=False):
        SocketPaths.of(load_cell(cell).socket_path)
        check_open(open_mode, host)
        with bind(host, port) as probe:
            fixed_port = probe.getsockname()[1]
    more = [*(part for other in name or () for part in ("--name", other)), *(["--open"] if open_mode else [])]
    delid = [sys.executable, "-m", "delid"]
    supervisor = Supervisor(
        cell_command=[*delid, "cell", str(cell)],
        panel_command=[*delid, "panel", "--cell", str(cell), "--port", str(fixed_port), "--host", host, *more],
        say=lambda words: typer.echo(words, err=True),
    )
    raise typer.Exit(asyncio.run(supervisor.run()))


@dataclass(slots=True)
class Supervisor:
    """Starts both processes, each in a session of its own so that Ctrl-C reaches only the supervisor."""

    cell_command: Sequence[str]
    panel_command: Sequence[str]
    say: Say
    clock: Clock = field(default_factory=SystemClock)
    backoff_s: Sequence[float] = BACKOFF_S
    cell_stop_s: float = CELL_STOP_S
    panel_stop_s: float = PANEL_STOP_S
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> Exit:
        """Until a person ends it or the cell process ends in order; then stop the cell first and the panel last."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end)
        cell = await self._start(self.cell_command)
        panels = asyncio.create_task(self._keep_panel())
        watching = asyncio.create_task(self._watch_cell(cell))
        try:
            await self._ended.wait()
            if cell.returncode is None:
                self.say("Stopping the cell.")
            await self._stop(cell, self.cell_stop_s, "cell")
            return await watching
        finally:
            panels.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await panels
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def end(self) -> None:
        """End in order, as Ctrl-C and SIGTERM do."""
        self._ended.set()

    async def _watch_cell(self, cell: asyncio.subprocess.Process) -> Exit:
        code = await cell.wait()
        if code == 0 or self._ended.is_set():
            self._ended.set()
            return Exit.GOOD if code in (0, -signal.SIGTERM) else Exit.FAULT
        self.say(
            f"The cell process ended by itself ({_outcome(code)}). It is not started again: look at the cell first, "
            "then end this with Ctrl-C and start it anew. The panel stays up and says so."
        )
        return Exit.FAULT

    async def _keep_panel(self) -> None:
        failures = 0
        while True:
            began_s = self.clock.now_s()
            panel = await self._start(self.panel_command)
            try:
                code = await panel.wait()
            finally:
                await self._stop(panel, self.panel_stop_s, "panel")
            failures = 0 if self.clock.now_s() - began_s > STEADY_S else failures
            pause_s = self.backoff_s[min(failures, len(self.backoff_s) - 1)]
            failures += 1
            self.say(f"The panel ended by itself ({_outcome(code)}); starting it again in {pause_s:g} s.")
            await self.clock.sleep(pause_s)

    async def _start(self, command: Sequence[str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*command, start_new_session=True)

    async def _stop(self, process: asyncio.subprocess.Process, within_s: float, name: str) -> None:
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), within_s)
        except TimeoutError:
            self.say(f"The {name} process did not end within {within_s:g} s; it is killed.")
            process.kill()
            await process.wait()


def _outcome(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
