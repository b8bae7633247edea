"""The rules by which a status block answers a command, one by one, without a connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from delid.config import RegisterMap, load_register_map
from delid.core import Finished, Scalar
from delid.devices.plc._pending import PendingCancel, PendingCommand, Waiting

BUSY, DONE, ERROR, CANCELLED = 1, 2, 3, 4


@pytest.fixture
def plc_map(repository: Path) -> RegisterMap:
    return load_register_map(repository / "cell_configs/plc/delid-1.yaml")


def status(
    ack: int, done: int, result: int = DONE, *, error: int = 0, stop: int = 0, start: int = 77
) -> dict[str, Scalar]:
    return {
        "ack_seq": ack, "done_seq": done, "step_result": result, "error_code": error, "stop_ack": stop,
        "start_count": start, "torque_nm": 6.5,
    }  # fmt: skip


@pytest.fixture
def waiting() -> Waiting:
    """Command 5 was sent at 1 s, when the PLC held 4; stop number 0."""
    future: asyncio.Future[Finished] = asyncio.Future(loop=asyncio.new_event_loop())
    future.get_loop().close()
    waiting = Waiting()
    waiting.command = PendingCommand("run.1", 1.0, 10.0, future, name="unfasten")
    waiting.command.sent(1.0, 5, status(4, 4))
    return waiting


def after(waiting: Waiting, plc_map: RegisterMap, *blocks: dict[str, Scalar]) -> Finished | None:
    command = waiting.command
    assert command is not None
    for block in blocks:
        waiting.read(2.0, block, 0, plc_map)
    return command.future.result() if command.future.done() else None


def test_done_needs_both_numbers(waiting: Waiting, plc_map: RegisterMap) -> None:
    assert after(waiting, plc_map, status(4, 4), status(5, 4, BUSY), status(5, 4, DONE)) is None
    finished = after(waiting, plc_map, status(5, 5, DONE))
    assert finished is not None
    assert finished.ok
    assert finished.values["torque_nm"] == 6.5
    assert waiting.command is None


@pytest.mark.parametrize(
    ("block", "failure", "words"),
    [
        (status(5, 5, ERROR, error=1), "seized", "seized"),
        (status(5, 5, ERROR, error=10), "misaligned", "misaligned"),
        (status(5, 5, ERROR, error=99), "alarm", "error code 99"),
        (status(5, 5, CANCELLED), "cancelled", "on request"),
        (status(6, 6, DONE), "link", "sequence 6 instead of 5"),
        (status(4, 4, DONE, start=78), "link", "restarted"),
        (status(5, 5, DONE, start=78), "link", "restarted"),
        (status(0, 0, DONE), "link", "sequence 0 instead of 5"),
    ],
)
def test_what_ends_a_command(
    waiting: Waiting, plc_map: RegisterMap, block: dict[str, Scalar], failure: str, words: str
) -> None:
    finished = after(waiting, plc_map, block)
    assert finished is not None
    assert not finished.ok
    assert finished.failure == failure
    assert words in finished.detail


@pytest.mark.parametrize("block", [status(4, 4, DONE), status(5, 4, DONE), status(5, 5, BUSY), status(5, 5, 0)])
def test_what_is_no_answer(waiting: Waiting, plc_map: RegisterMap, block: dict[str, Scalar]) -> None:
    assert after(waiting, plc_map, block) is None


def test_a_number_that_went_back_after_it_was_taken_is_a_restart(waiting: Waiting, plc_map: RegisterMap) -> None:
    finished = after(waiting, plc_map, status(5, 4, BUSY), status(4, 4, DONE))
    assert finished is not None
    assert finished.failure == "link"
    assert "how far the command came is not known" in finished.detail


def test_taken_commands_are_not_resent(waiting: Waiting, plc_map: RegisterMap) -> None:
    assert waiting.command is not None
    waiting.command.resend = True
    assert after(waiting, plc_map, status(4, 4)) is None
    assert waiting.command.resend
    assert after(waiting, plc_map, status(5, 4, BUSY)) is None
    assert not waiting.command.resend


def test_a_missed_deadline_withdraws_the_command(waiting: Waiting, plc_map: RegisterMap) -> None:
    command = waiting.command
    assert command is not None
    waiting.expire(10.9, status(5, 4, BUSY))
    assert not command.future.done()
    waiting.expire(11.0, status(5, 4, BUSY))
    finished = command.future.result()
    assert (finished.ok, finished.failure) == (False, "timeout")
    assert "did not take it within 10 s; it is withdrawn" in finished.detail
    assert waiting.withdraw
    assert waiting.command is None


def test_a_cancel_voids_a_command_that_the_plc_has_not_taken(waiting: Waiting, plc_map: RegisterMap) -> None:
    command = waiting.command
    assert command is not None
    cancel = PendingCancel("stop.1", 2.0, 1.0, asyncio.Future(loop=command.future.get_loop()))
    waiting.add_cancel(cancel)
    waiting.read(2.0, status(4, 4, stop=0), 0, plc_map)
    assert not command.future.done(), "the stop is not even written yet"
    cancel.stop_seq = 1
    waiting.read(2.1, status(4, 4, stop=0), 1, plc_map)
    assert not command.future.done()
    assert not cancel.future.done()
    waiting.read(2.2, status(4, 4, stop=1), 1, plc_map)
    assert command.future.result().failure == "cancelled"
    assert cancel.future.result().ok


def test_a_cancel_takes_an_unsent_command_with_it() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    waiting = Waiting()
    waiting.command = command = PendingCommand("run.1", 1.0, 10.0, asyncio.Future(loop=loop), name="drain")
    waiting.add_cancel(PendingCancel("stop.1", 2.0, 1.0, asyncio.Future(loop=loop)))
    assert waiting.command is None
    assert command.future.result().failure == "cancelled"
    assert "before it was sent" in command.future.result().detail


def test_a_stop_that_is_not_confirmed_times_out() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    waiting = Waiting()
    cancel = PendingCancel("stop.1", 2.0, 1.0, asyncio.Future(loop=loop), stop_seq=4)
    waiting.add_cancel(cancel)
    waiting.expire(3.0, {})
    assert cancel.future.result().failure == "timeout"
    assert waiting.cancels == []
