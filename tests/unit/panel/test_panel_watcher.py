"""What a page is sent and when, without a socket."""

from __future__ import annotations

from typing import Any, cast

from delid.core import ManualClock
from delid.ipc import CellClient
from delid.panel._events import Events
from delid.panel._live import Live, LiveFrame, Watcher

NOBODY = cast(CellClient, None)


def made() -> tuple[Live, Watcher, ManualClock]:
    clock = ManualClock()
    live = Live(NOBODY, clock, Events("series"))
    return live, Watcher(live, clock), clock


def kinds(messages: list[dict[str, Any] | bytes]) -> list[str]:
    return ["jpeg" if isinstance(m, bytes) else m["type"] for m in messages]


def test_before_the_first_word_of_the_cell_there_is_a_heartbeat() -> None:
    _, watcher, _ = made()
    assert kinds(watcher.messages()) == ["heartbeat"]


def test_a_state_is_sent_once() -> None:
    live, watcher, _ = made()
    live.state, live.state_number = {"packml": "Idle"}, 1
    assert watcher.messages() == [{"type": "state", "state": {"packml": "Idle"}}]
    assert kinds(watcher.messages()) == ["heartbeat"]


def test_a_cell_that_is_gone_is_said_with_its_last_state() -> None:
    live, watcher, _ = made()
    error = {"code": "ipc.no_state", "message": "m", "hint": "h"}
    live.state, live.error, live.state_number = {"packml": "Idle"}, error, 2
    assert watcher.messages() == [{"type": "cell_gone", "error": error, "state": {"packml": "Idle"}}]


def test_a_frame_carries_its_age_and_the_next_waits_until_it_is_drawn() -> None:
    live, watcher, clock = made()
    live.frame = LiveFrame(1, b"one", {"captured_wall_s": clock.wall_s() - 1.5})
    first = watcher.messages()
    assert kinds(first) == ["frame", "jpeg"]
    assert cast(dict[str, Any], first[0])["age_s"] == 1.5
    live.frame = LiveFrame(2, b"two", {})
    live.frame = LiveFrame(3, b"three", {})
    assert kinds(watcher.messages()) == ["heartbeat"]
    watcher.frame_drawn()
    after = watcher.messages()
    assert after[1] == b"three"
    assert cast(dict[str, Any], after[0])["age_s"] is None
