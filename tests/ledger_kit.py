"""Ledgers for tests: a clock that stands, keys, and entries of a plausible battery's life."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from delid.core import HazardClass, ManualClock
from delid.ledger import (
    HandOver,
    Intake,
    Ledger,
    OperationDone,
    OperatorActed,
    Payload,
    SigningKey,
    Stored,
)

CODES = tuple(f"X37PBPCETWF2HWB19{number:07d}" for number in range(1, 41))


def new_ledger(place: str | Path, key: SigningKey, site: str = "yard") -> Ledger:
    return Ledger.begin(place, site, key.public, ManualClock(), nonces())


def nonces(seed: int = 1) -> Callable[[], str]:
    chance = random.Random(seed)
    return lambda: f"{chance.getrandbits(128):032x}"


def life(code: str, operations: int = 8) -> Iterator[tuple[str, Payload]]:
    """What is said of a battery from its intake to its hand-over."""
    run = f"run-{code[-4:]}"
    yield code, Intake(site="yard", identity="code", code_raw=code, model="vw-meb-82", run=run)
    yield code, OperatorActed(run=run, act="command", what="Start", by="p-1")
    for number in range(operations):
        yield code, OperationDone(
            run=run, step=f"vw-meb-82/standard/lid_bolts/lid.{number:02d}", do="unfasten", title=f"Loosen {number}",
            status="done", targets=(f"lid.{number:02d}",), tool="socket_10", values={"torque_nm": 11.5, "angle": 720},
            readings_after={"pack_voltage_v": 1.5, "energy_wh": 13.25 + number},
        )  # fmt: skip
    yield code, Stored(place="hall A", hazard_class=HazardClass.A, place_serves=(HazardClass.A,))
    yield code, HandOver(to="Recycler Ltd", route="recycling", by="p-1")


def fill(ledger: Ledger, count: int, at_once: int = 500) -> None:
    """Write until there are so many entries; batteries one after the other."""
    waiting: list[tuple[str, Payload]] = []
    size = ledger.size()
    number = size // 12
    while size + len(waiting) < count:
        code = f"X37PBPCETWF2HWB19{number:07d}"
        waiting += life(code)
        number += 1
        if len(waiting) >= at_once:
            ledger.append_all(waiting[: count - size])
            size, waiting = ledger.size(), []
    if waiting:
        ledger.append_all(waiting[: count - size])


def tamper(place: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    """Change a ledger behind its back, as somebody who may write the file can: the triggers are taken away first."""
    with sqlite3.connect(place) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement, values)
    connection.close()
