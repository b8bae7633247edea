"""One worker process and the pipe to it."""

from __future__ import annotations

import resource
import signal
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any

import cv2

from ._setup import Setup
from ._sources import Source
from ._worker import Judged, Worker

GROWN_KB = 512 * 1024
"""A worker that a recording has made this much larger ends after it; memory is not given back otherwise."""
END_S = 5.0


class Child:
    """A process that judges one recording at a time. It ends when its pipe is closed."""

    def __init__(self, context: ForkServerContext, setup: Setup, worker: type[Worker]) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, setup, worker), name="delid-replay", daemon=True)
        self.process.start()
        theirs.close()
        self.job: tuple[int, Source, int] | None = None
        """Number, recording and attempt of what it works on."""
        self.deadline_s = 0.0

    def begin(self, job: tuple[int, Source, int], deadline_s: float) -> bool:
        """Hand out a recording; False where the process has ended already."""
        try:
            self.pipe.send(job[1])
        except OSError:
            return False
        self.job, self.deadline_s = job, deadline_s
        return True

    def answer(self) -> tuple[Judged, bool] | None:
        """What it judged, and whether it ends now; None where it has ended without an answer."""
        try:
            found: tuple[Judged, bool] = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.job = None
        return found

    def end(self) -> int | None:
        """End the process, whatever it does; its exit code, None where it had to be killed."""
        self.pipe.close()
        self.process.join(0.2)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join(END_S)
        return code


def serve(pipe: Connection[Any, Any], setup: Setup, worker: type[Worker]) -> None:
    """Judge what comes through the pipe until it is closed. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)  # the processes side by side fill the cores
    judge = worker(setup).judge
    usual_kb = 0
    while True:
        try:
            source: Source = pipe.recv()
        except (EOFError, OSError):
            return
        judged = judge(source)
        now_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        usual_kb = usual_kb or now_kb
        ends = now_kb > usual_kb + GROWN_KB
        try:
            pipe.send((judged, ends))
        except OSError:
            return
        if ends:
            return
