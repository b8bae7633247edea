"""A cell process that is up again before the PLC has missed a heartbeat must not keep alive what the old one began."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import kill_kit
from kill_kit import Shop, connect
from kill_person import Person
from kill_site import build_cell
from test_kill_everywhere import _quiet_and_quick as _quiet_and_quick
from test_kill_everywhere import first_life, run_process

from delid.core import State
from delid.engine import Executor

if TYPE_CHECKING:
    from conftest import FaultRow

DOWN_S = 0.1
LATER_S = 3.0
SAFE_WITHIN_S = 0.75
"""The PLC's watchdog, and braking from travel speed."""


class LongMoveShop(Shop):
    """Killed while the robot is on a long way: the move to the first bolt."""

    def position(self, words: str) -> bool:
        if self.process == 1 and words == "motion under way" and self._at_work():
            self.at_place = lambda place: True
        return super().position(words)

    def _at_work(self) -> bool:
        travels = self.robot.moving and self.robot.flange_mm()[2] > -20.5
        return travels and any(taken.name == "fit_tool" for taken in self.taken)


async def look_on(shop: Shop, executor: Executor, person: Person) -> tuple[State, bool]:
    await person.until_up()
    await asyncio.sleep(LATER_S)
    return executor.state.packml, shop.moving


def test_a_restart_within_the_watchdog_time_ends_the_move_under_way(tmp_path, monkeypatch, fault_row: FaultRow):
    monkeypatch.setattr(kill_kit, "SPEED", 1.0)
    shop = LongMoveShop(*build_cell(tmp_path))
    connect(shop, monkeypatch)
    assert run_process(shop, 0.0, first_life) is None
    killed_s = shop.now_s
    shop.advance(killed_s + DOWN_S)
    assert shop.moving
    state, moving = run_process(shop, shop.now_s, look_on)
    assert (state, moving) == (State.ABORTED, False)
    safe_s = shop.moved_s - killed_s
    assert safe_s <= SAFE_WITHIN_S
    assert [sent for sent in shop.sent if sent.process == 2] == []
    fault_row(
        "cell process killed in a move, up again 0.1 s later", "kill -9", "no heartbeat before the PLC has missed one",
        safe_s,
    )  # fmt: skip
