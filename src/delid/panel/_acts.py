"""What people asked of the cell, from taken to confirmed. Confirmed is what the cell's own state shows."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from delid.core import ACTING_DONE, COMMANDED, Clock, Command, State

from ._models import Act

MOST = 1_000
GIVE_UP_S = 30.0
RESET_GIVE_UP_S = 300.0
"""A reset homes the robot."""

Snapshot = dict[str, Any]
Verdict = tuple[str, str] | None
"""``(state, words)`` once something is seen of an act."""
Goal = Callable[[Snapshot], Verdict]

ENDS = {command: ACTING_DONE[acting] for (_, command), acting in COMMANDED.items()}
"""The state in which a command is carried out."""
PASSED = {
    Command.START: (State.COMPLETING, State.COMPLETE),
    Command.UNHOLD: (State.COMPLETING, State.COMPLETE),
    Command.UNSUSPEND: (State.COMPLETING, State.COMPLETE),
}
"""States that are reached only after that one, so that it may have been too short to be seen."""


@dataclass(slots=True)
class _Open:
    act: Act
    goal: Goal
    until_s: float


@dataclass(slots=True)
class Acts:
    """The acts of the last while, a bounded number, and those that wait for their confirmation."""

    clock: Clock
    tell: Callable[[Act], None] = lambda act: None
    _all: OrderedDict[str, Act] = field(default_factory=OrderedDict)
    _open: list[_Open] = field(default_factory=list)

    def taken(self, what: str, target: str, by: str, goal: Goal, give_up_s: float = GIVE_UP_S) -> Act:
        """The cell took an act; it is watched until ``goal`` sees it in a snapshot."""
        act = Act(
            id=secrets.token_urlsafe(12), what=what, target=target, by=by, at=self.clock.wall_s(), accepted=True,
            state="accepted", words="the cell has taken it", ended_at=None,
        )  # fmt: skip
        self._all[act.id] = act
        while len(self._all) > MOST:
            self._all.popitem(last=False)
        self._open.append(_Open(act, goal, self.clock.now_s() + give_up_s))
        self.tell(act)
        return act

    def find(self, name: str) -> Act | None:
        return self._all.get(name)

    def see(self, snapshot: Snapshot) -> None:
        """Compare what is open with a new state of the cell."""
        for one in list(self._open):
            verdict = one.goal(snapshot)
            if verdict is None and self.clock.now_s() > one.until_s:
                verdict = ("unconfirmed", "nothing was seen of it; look at the cell")
            if verdict is not None:
                self._open.remove(one)
                self._end(one.act, *verdict)

    def _end(self, act: Act, state: str, words: str) -> None:
        ended = act.model_copy(update={"state": state, "words": words, "ended_at": self.clock.wall_s()})
        if act.id in self._all:
            self._all[act.id] = ended
        self.tell(ended)


def reaches(command: Command, before: str, taken_at: float) -> Goal:
    """The goal of a PackML command that was given in the state ``before``."""
    acting = {target.value for (_, given), target in COMMANDED.items() if given is command}
    end, passed = ENDS[command], PASSED.get(command, ())

    def goal(snapshot: Snapshot) -> Verdict:
        now = snapshot["packml"]
        if now == end:
            return "confirmed", f"the cell is {now}; its devices have confirmed it"
        if now in passed:
            return "confirmed", f"the cell was {end.value} and is {now} already"
        if now in acting or now == before or snapshot["at"] < taken_at:
            return None
        return "overtaken", f"the cell is {now} before it was {end.value}"

    return goal


def becomes(words: str, seen: Callable[[Snapshot], bool]) -> Goal:
    """The goal that ``seen`` is true of a snapshot."""
    return lambda snapshot: ("confirmed", words) if seen(snapshot) else None
