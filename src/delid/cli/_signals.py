"""Ending in order on a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


async def run_until_signal(*parts: Coroutine[Any, Any, None]) -> None:
    """Run until one part ends or SIGINT or SIGTERM comes; then cancel the rest and let it close in order."""
    tasks = [asyncio.create_task(part) for part in parts]
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*tasks, waiting):
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


def call_on_signal(callback: Callable[[], object]) -> None:
    """Call ``callback`` in the running loop on SIGINT, SIGTERM and when the terminal goes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, callback)
