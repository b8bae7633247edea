"""What a fault proxy can do, and when: the words of the command line and of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from delid.core import Clock, ConfigError


class Fault(StrEnum):
    """What becomes of the bytes that go through."""

    PASS = "pass"
    """Nothing."""
    BLACKHOLE = "blackhole"
    """They vanish, and the connection stays up: a half-open link."""
    RESET = "reset"
    """Connections are reset, and so is every new one."""
    DELAY = "delay"
    """They come ``delay_s`` late, in order."""
    CHOP = "chop"
    """They come in pieces of ``chop`` bytes, ``delay_s`` apart."""
    DUPLICATE = "duplicate"
    """They come twice."""
    CORRUPT = "corrupt"
    """Bit 0 of one byte of each chunk is turned over, the byte ``corrupt_at`` places from its start."""


class Direction(StrEnum):
    BOTH = "both"
    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


@dataclass(frozen=True, slots=True)
class WireFaults:
    """What is wrong with a wire at the moment; a proxy reads it at every chunk."""

    fault: Fault = Fault.PASS
    direction: Direction = Direction.BOTH
    delay_s: float = 0.3
    chop: int = 1
    corrupt_at: int = 0


async def disturbed(data: bytes, faults: WireFaults, clock: Clock) -> AsyncIterator[bytes]:
    """What comes out for one chunk that goes in."""
    if faults.fault is Fault.BLACKHOLE:
        return
    if faults.fault is Fault.CHOP:
        for at in range(0, len(data), faults.chop):
            yield data[at : at + faults.chop]
            await clock.sleep(faults.delay_s)
        return
    if faults.fault is Fault.DELAY:
        await clock.sleep(faults.delay_s)
    if faults.fault is Fault.CORRUPT:
        at = min(faults.corrupt_at, len(data) - 1)
        data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    yield data
    if faults.fault is Fault.DUPLICATE:
        yield data


class Switched(Protocol):
    """A proxy whose fault can be changed while it runs."""

    def set(self, fault: Fault, direction: Direction = Direction.BOTH, *, delay_s: float = 0.3) -> None: ...


@dataclass(frozen=True, slots=True)
class TimedFault:
    """A fault from ``at_s`` seconds after the start on."""

    at_s: float
    fault: Fault
    direction: Direction = Direction.BOTH
    delay_s: float = 0.3


def parse_fault(text: str) -> TimedFault:
    """``[SECONDS=]FAULT[:DIRECTION[:DELAY_S]]``, for example ``2.5=delay:to_client:0.6``; raises ConfigError."""
    when, _, rest = text.rpartition("=")
    words = rest.split(":")
    try:
        if len(words) > 3:
            raise ValueError("too many colons")
        fault = TimedFault(
            float(when or 0),
            Fault(words[0]),
            Direction(words[1]) if len(words) > 1 else Direction.BOTH,
            float(words[2]) if len(words) > 2 else 0.3,
        )
        if not (0 <= fault.at_s < 1e9 and 0 <= fault.delay_s < 1e9):
            raise ValueError("a time below 0")
    except ValueError as error:
        known = ", ".join(Fault)
        raise ConfigError(
            [f"fault {text!r}: {error}."],
            hint=f"Write [SECONDS=]FAULT[:DIRECTION[:DELAY_S]]; faults are {known}; directions {', '.join(Direction)}.",
            code="config.invalid",
        ) from error
    return fault


async def play(proxy: Switched, faults: Sequence[TimedFault], clock: Clock) -> None:
    """Switch the proxy at the times given, counted from now, then wait to be cancelled."""
    start_s = clock.now_s()
    for timed in sorted(faults, key=lambda timed: timed.at_s):
        await clock.sleep(max(0.0, start_s + timed.at_s - clock.now_s()))
        proxy.set(timed.fault, timed.direction, delay_s=timed.delay_s)
    await asyncio.Event().wait()
