"""The audit list is append-only, and a change by other means shows."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.core import ManualClock
from delid.panel.access import Audit, Person, Role, Store, Via

SOMEBODY = Person("mara", Role.ADMIN, Via.SESSION, "192.168.1.7")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "panel")
    yield store
    store.close()


async def written(store: Store, count: int = 5) -> Audit:
    audit = Audit(store, ManualClock())
    for number in range(count):
        await audit.write(SOMEBODY, "stop", f"/api/v1/{number}", 200, detail={"n": number})
    return audit


async def test_entries_are_read_newest_first_and_by_who_and_what(store: Store) -> None:
    audit = await written(store)
    assert [row["seq"] for row in audit.page()] == [4, 3, 2, 1, 0]
    assert [row["seq"] for row in audit.page(before=3, limit=2)] == [2, 1]
    assert len(audit.page(who="mara", what="sto")) == 5
    assert audit.page(who="eve") == []
    assert (audit.page()[0]["address"], audit.page()[0]["role"]) == ("192.168.1.7", "admin")


async def test_the_store_itself_refuses_to_change_or_remove_an_entry(store: Store) -> None:
    audit = await written(store)
    for statement in ("UPDATE audit SET who = 'eve'", "DELETE FROM audit WHERE seq = 1"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            await store.write(statement)
    assert await audit.first_broken() is None


@pytest.mark.parametrize(
    ("change", "broken"),
    [("UPDATE audit SET who = 'eve' WHERE seq = 2", 2), ("DELETE FROM audit WHERE seq = 3", 3)],
)
async def test_a_change_behind_its_back_shows(store: Store, change: str, broken: int) -> None:
    audit = await written(store)
    await store.write("DROP TRIGGER audit_stays")
    await store.write("DROP TRIGGER audit_remains")
    await store.write(change)
    assert await audit.first_broken() == broken
    assert await audit.first_broken(newest=4) == broken


def test_the_file_is_for_the_services_user_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "panel")
    try:
        assert store.path.stat().st_mode & 0o777 == 0o600
        assert store.path.parent.stat().st_mode & 0o777 == 0o700
    finally:
        store.close()
