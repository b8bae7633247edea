"""From taken to confirmed: what the cell's state says of an act."""

from __future__ import annotations

from typing import Any

import pytest

from delid.core import Command, ManualClock
from delid.panel._acts import GIVE_UP_S, Acts, reaches
from delid.panel._events import Events, changes
from delid.panel._models import Act
from delid.panel._trends import Trends, thinned


def at(packml: str, at_s: float = 10.0) -> dict[str, Any]:
    return {"packml": packml, "at": at_s}


@pytest.mark.parametrize(
    ("command", "before", "seen", "verdict"),
    [
        (Command.STOP, "Execute", "Execute", None),
        (Command.STOP, "Execute", "Stopping", None),
        (Command.STOP, "Execute", "Stopped", "confirmed"),
        (Command.STOP, "Execute", "Aborted", "overtaken"),
        (Command.HOLD, "Execute", "Holding", None),
        (Command.HOLD, "Execute", "Held", "confirmed"),
        (Command.HOLD, "Execute", "Stopping", "overtaken"),
        (Command.START, "Idle", "Starting", None),
        (Command.START, "Idle", "Execute", "confirmed"),
        (Command.START, "Idle", "Complete", "confirmed"),
        (Command.START, "Idle", "Held", "overtaken"),
        (Command.RESET, "Stopped", "Idle", "confirmed"),
        (Command.CLEAR, "Aborted", "Stopped", "confirmed"),
    ],
)
def test_a_command_is_confirmed_by_the_state_it_leads_to(
    command: Command, before: str, seen: str, verdict: str | None
) -> None:
    found = reaches(command, before, 5.0)(at(seen))
    assert (found[0] if found else None) == verdict


def test_a_state_from_before_the_command_says_nothing_of_it() -> None:
    assert reaches(Command.STOP, "Execute", 11.0)(at("Held", 10.0)) is None


def test_an_act_is_told_when_taken_and_when_it_ends_and_given_up_in_time() -> None:
    clock, told = ManualClock(), list[Act]()
    acts = Acts(clock, told.append)
    act = acts.taken("Stop", "", "mara", reaches(Command.STOP, "Execute", 0.0))
    acts.see(at("Stopping"))
    acts.see(at("Stopped"))
    acts.see(at("Stopped"))
    assert [a.state for a in told] == ["accepted", "confirmed"]
    found = acts.find(act.id)
    assert found
    assert (found.state, found.by) == ("confirmed", "mara")
    other = acts.taken("Hold", "", "mara", reaches(Command.HOLD, "Execute", 0.0))
    clock.set(clock.now_s() + GIVE_UP_S + 1)
    acts.see(at("Execute"))
    found = acts.find(other.id)
    assert found
    assert found.state == "unconfirmed"


def state(**more: Any) -> dict[str, Any]:
    return {"packml": "Idle", "at": 1.0, "waiting_for": "", "question": None, "alarms": [], "devices": {}, "run": "r",
            "mode": "production"} | more  # fmt: skip


def test_events_are_what_differs_between_two_states() -> None:
    alarm = {"code": "plc.guard", "text": "open", "state": "unacknowledged"}
    question = {"id": "q", "text": "Which?", "answers": ["a"]}
    later = state(packml="Held", alarms=[alarm], question=question, devices={"plc": {"up": True}})
    kinds = [kind for kind, _, _ in changes(state(), later)]
    assert kinds == ["transition", "question", "alarm", "device"]
    assert list(changes(later, later)) == []
    over = [text for _, text, _ in changes(later, state())]
    assert over == ["Held to Idle", "the question is settled", "plc.guard: over"]


def test_events_are_kept_to_a_number_and_read_from_where_one_left() -> None:
    events = Events("series")
    for number in range(1_500):
        events.add(float(number), "line", "x", {})
    assert events.last == 1_500
    assert [e.seq for e in events.after(1_498)] == [1_499, 1_500]
    assert len(events.after(0)) == 1_000


def test_trends_keep_a_fixed_number_and_their_peaks() -> None:
    trends = Trends(length=100)
    for number in range(250):
        tags = {"torque_nm": 40.0 if number == 200 else 1.0, "guard_closed": True, "heartbeat": number}
        trends.see({"at": float(number), "tags": tags, "tags_age_s": 0.1, "devices": {}}, float(number))
    assert "guard_closed" not in trends.names()
    times, values = trends.series("torque_nm", 0.0, 10)
    assert len(times) == 10
    assert min(times) >= 150
    assert 40.0 in values
    _, jitter = trends.series("heartbeat_jitter_s", 0.0, 100)
    assert max(v for v in jitter if v is not None) == 0.0
    assert thinned([], 10) == ([], [])
