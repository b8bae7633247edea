"""What the driver makes of its peer: heartbeats both ways, restarts, other masters; and how it waits and comes back."""

from __future__ import annotations

import asyncio
import random

import pytest

from delid.core import ManualClock, PlcError, Scalar
from delid.devices.plc import Backoff
from delid.devices.plc._pause import Pause
from delid.devices.plc._watch import PeerWatch


def status(beat: int, echo: int = 0, *, ack: int = 4, start: int = 9) -> dict[str, Scalar]:
    return {"heartbeat": beat, "heartbeat_echo": echo, "ack_seq": ack, "start_count": start}


@pytest.fixture
def watch() -> PeerWatch:
    """Connected at 10 s; delid's last command was number 4."""
    watch = PeerWatch(0.5, "plc")
    watch.begin(10.0, status(100))
    return watch


def code(error: PlcError | None) -> str:
    return error.code if error else ""


def test_a_changing_heartbeat_is_all_it_takes(watch: PeerWatch) -> None:
    for n in range(1, 200):
        assert watch.look(10.0 + 0.05 * n, status(100 + n, n), heartbeat=n, seq=4) is None


@pytest.mark.parametrize(("at_s", "expected"), [(10.49, ""), (10.51, "plc.stands_still")])
def test_a_heartbeat_that_stands(watch: PeerWatch, at_s: float, expected: str) -> None:
    assert code(watch.look(at_s, status(100, 3), heartbeat=3, seq=4)) == expected


def test_a_slow_reader_is_not_a_standing_plc(watch: PeerWatch) -> None:
    assert watch.look(30.0, status(101, 1), heartbeat=1, seq=4) is None


def test_a_plc_that_stood_still_is_up_only_when_it_moves(watch: PeerWatch) -> None:
    watch.look(11.0, status(100, 1), heartbeat=1, seq=4)
    with pytest.raises(PlcError, match="stands still"):
        watch.begin(12.0, status(100))
    watch.begin(13.0, status(101))
    assert watch.look(13.1, status(102, 1), heartbeat=1, seq=4) is None


def test_a_restart(watch: PeerWatch) -> None:
    assert code(watch.look(10.1, status(1, start=10), heartbeat=1, seq=4)) == "plc.restarted"


@pytest.mark.parametrize(
    ("ack", "seq", "expected"), [(4, 5, ""), (5, 5, ""), (6, 5, "plc.other_client"), (0, 5, "plc.other_client")]
)
def test_sequence_numbers_that_are_not_ours(watch: PeerWatch, ack: int, seq: int, expected: str) -> None:
    assert code(watch.look(10.1, status(101, 1, ack=ack), heartbeat=1, seq=seq)) == expected


def test_a_heartbeat_that_is_not_ours(watch: PeerWatch) -> None:
    assert watch.look(10.1, status(101, 777), heartbeat=1, seq=4) is None, "the PLC has not seen ours yet"
    assert watch.look(10.2, status(102, 2), heartbeat=2, seq=4) is None
    assert watch.look(10.3, status(103, 1), heartbeat=3, seq=4) is None, "late, but ours"
    assert code(watch.look(10.4, status(104, 778), heartbeat=4, seq=4)) == "plc.other_client"


def test_a_heartbeat_that_the_plc_never_sees(watch: PeerWatch) -> None:
    assert watch.look(10.4, status(101, 0), heartbeat=8, seq=4) is None
    assert code(watch.look(10.6, status(102, 0), heartbeat=12, seq=4)) == "plc.not_heard"


@pytest.mark.parametrize("beats", [65_535, 65_536, 65_537, 131_072])
def test_the_counter_may_go_round(watch: PeerWatch, beats: int) -> None:
    for late in (0, 1, 3):
        assert watch.look(10.1, status(101 + late, (beats - late) & 0xFFFF), heartbeat=beats, seq=4) is None


def test_pauses_double_up_to_a_limit_and_begin_anew() -> None:
    backoff = Backoff()
    assert [backoff.next_s() for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    backoff.reset()
    assert backoff.next_s() == 0.1


def test_jitter_is_repeatable_and_only_shortens() -> None:
    first, again, other = (Backoff(random.Random(seed)) for seed in ("cell-1", "cell-1", "cell-2"))
    exact = Backoff()
    pauses = [first.next_s() for _ in range(50)]
    assert pauses == [again.next_s() for _ in range(50)]
    assert pauses != [other.next_s() for _ in range(50)]
    shares = [pause / exact.next_s() for pause in pauses]
    assert all(0.5 <= share <= 1.0 for share in shares)
    assert max(shares) - min(shares) > 0.3


async def test_a_pause_ends_at_its_time_or_when_woken() -> None:
    clock = ManualClock(5.0)
    pause, ends = Pause(clock), []

    async def wait(at_s: float) -> None:
        await pause.until(at_s)
        ends.append(clock.now_s())

    for at_s, wake_at_s, end_s in ((6.0, None, 6.0), (7.0, 6.5, 6.5), (6.8, None, 6.8), (9.0, None, 9.0)):
        task = asyncio.create_task(wait(at_s))
        for _ in range(3):
            await asyncio.sleep(0)
        if wake_at_s is not None:
            await clock.advance(wake_at_s - clock.now_s())
            pause.wake()
        await clock.advance(end_s - clock.now_s())
        await task
    assert ends == pytest.approx([6.0, 6.5, 6.8, 9.0])
    pause.wake()
    await pause.until(100.0)
    assert clock.now_s() == 9.0, "a wake-up is not lost"
    await pause.close()
