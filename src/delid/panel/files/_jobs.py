"""Longer work, done by the same command line that an engineer uses, in a child process with limits of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import resource
import secrets
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from delid.core import Clock

from .._refusals import refusal

MOST_JOBS = 50
LONGEST_S = 600.0
MOST_MEMORY = 6 * 2**30
MOST_OUTPUT = 4 * 2**20
DELID = (sys.executable, "-m", "delid")
PR_SET_PDEATHSIG = 1
NICE = 10
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(slots=True)
class Job:
    """A command that runs or ran. ``result`` is what it printed as JSON, ``words`` what it said else."""

    id: str
    what: str
    by: str
    at_s: float
    state: str = "running"
    exit_code: int | None = None
    result: Any = None
    words: str = ""
    ended_s: float | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Jobs:
    """One command at a time; the last ones are remembered. ``program`` is what is given each command."""

    def __init__(self, clock: Clock, program: Sequence[str] = DELID) -> None:
        self._clock, self._program = clock, program
        self._all: OrderedDict[str, Job] = OrderedDict()

    def find(self, name: str) -> Job:
        """Raises PanelError ``panel.not_found``."""
        if (job := self._all.get(name)) is None:
            raise refusal("panel.not_found", f"There is no job {name!r}.")
        return job

    @property
    def running(self) -> Job | None:
        return next((job for job in self._all.values() if job.state == "running"), None)

    def start(
        self, what: str, by: str, commands: Sequence[Sequence[str]], after: Callable[[bool], None] = lambda good: None
    ) -> Job:
        """Run ``delid`` with each of ``commands`` as long as each ends well, then ``after`` with how it went.

        Raises PanelError ``panel.busy`` while another job runs.
        """
        if (other := self.running) is not None:
            raise refusal("panel.busy", f"{other.by} has started '{other.what}', which still runs.")
        job = Job(secrets.token_urlsafe(9), what, by, self._clock.wall_s())
        self._all[job.id] = job
        while len(self._all) > MOST_JOBS:
            self._all.popitem(last=False)
        job.task = asyncio.create_task(self._run(job, commands, after))
        return job

    async def close(self) -> None:
        """End what runs."""
        for job in self._all.values():
            if job.task is not None and not job.task.done():
                job.task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await job.task

    async def _run(self, job: Job, commands: Sequence[Sequence[str]], after: Callable[[bool], None]) -> None:
        state = "failed"
        try:
            for arguments in commands:
                code, out, err = await _child([*self._program, *arguments])
                job.exit_code, job.words, job.result = code, err[-4000:], None
                with contextlib.suppress(ValueError):
                    job.result = json.loads(out)
                state = {0: "done", 1: "refused"}.get(code, "failed")
                if code != 0:
                    break
        except TimeoutError:
            job.words = f"It did not end within {LONGEST_S:g} s and was stopped."
        except asyncio.CancelledError:
            job.words = "The panel ended."
            raise
        finally:
            after(state == "done")
            job.state, job.ended_s = state, self._clock.wall_s()


async def _child(command: Sequence[str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=_limit,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONGEST_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out[:MOST_OUTPUT].decode(errors="replace"), err.decode(errors="replace")


def _limit() -> None:
    """In the child: no more memory than a lesson needs, last in the queue for the processor, gone with the panel."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICE)
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
