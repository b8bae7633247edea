"""A process's log in a file beside its data, besides the terminal: for the diagnostics page and the support bundle."""

from __future__ import annotations

import atexit
import json
import logging
import logging.handlers
import os
import queue
import sys
from pathlib import Path
from typing import Any

import structlog

MOST_WAITING = 1_000
"""Lines waiting for a slow disk; more are dropped, as a log holds nobody up."""


def log_to(path: Path, bytes_each: int = 1_000_000, files: int = 4) -> None:
    """Write what structlog and the libraries say, from now on, to ``path`` as JSON lines; old files give way.

    A disk that is full or slow costs lines of the log and nothing else.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    file = logging.handlers.RotatingFileHandler(path, maxBytes=bytes_each, backupCount=files - 1, delay=True)
    file.setFormatter(logging.Formatter("%(message)s"))
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
    listener = logging.handlers.QueueListener(waiting, file)
    listener.start()
    atexit.register(listener.stop)
    into = _Dropping(waiting)
    library = _Dropping(waiting)
    library.setFormatter(_Lines())
    logging.getLogger().addHandler(library)

    def keep(_: Any, method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        line = json.dumps({**event, "pid": os.getpid()}, default=str, ensure_ascii=False)
        into.handle(logging.LogRecord("delid", logging.INFO, "", 0, line, None, None))
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            keep,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class _Dropping(logging.handlers.QueueHandler):
    """Never waits and never complains."""

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


class _Lines(logging.Formatter):
    """What libraries log, in the same shape."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name}
        return json.dumps(facts | {"timestamp": record.created, "pid": os.getpid()}, ensure_ascii=False)
