"""The words of the fault proxy, and when they take effect."""

from __future__ import annotations

import asyncio

import pytest

from delid.core import ConfigError, ManualClock
from delid.sim.proxy import Direction, Fault, TimedFault, parse_fault, play


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reset", TimedFault(0.0, Fault.RESET)),
        ("2.5=blackhole", TimedFault(2.5, Fault.BLACKHOLE)),
        ("1=delay:to_client:0.6", TimedFault(1.0, Fault.DELAY, Direction.TO_CLIENT, 0.6)),
    ],
)
def test_words_of_the_command_line(text: str, fault: TimedFault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text", ["", "slow", "x=reset", "-1=reset", "delay:up", "delay:both:x", "delay:both:1:2", "nan=pass"]
)
def test_other_words_are_refused_with_the_right_ones(text: str) -> None:
    with pytest.raises(ConfigError, match="faults are pass, blackhole, reset, delay, chop, duplicate, corrupt"):
        parse_fault(text)


async def test_faults_come_at_their_times() -> None:
    clock, seen = ManualClock(100.0), []

    class Recorder:
        def set(self, fault: Fault, direction: Direction = Direction.BOTH, *, delay_s: float = 0.3) -> None:
            seen.append((clock.now_s(), fault, direction, delay_s))

    timed = [parse_fault(text) for text in ("5=pass", "2=delay:to_server:0.1", "corrupt")]
    playing = asyncio.create_task(play(Recorder(), timed, clock))
    await clock.advance(0.0)
    for _ in range(10):
        await clock.advance(1.0)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    assert seen == [
        (100.0, Fault.CORRUPT, Direction.BOTH, 0.3),
        (102.0, Fault.DELAY, Direction.TO_SERVER, 0.1),
        (105.0, Fault.PASS, Direction.BOTH, 0.3),
    ]
