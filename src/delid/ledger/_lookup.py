"""Finding entries: by battery, by kind, by mark, by time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ._entry import Entry
from ._tables import entries, marks

COLUMNS = (
    entries.c.seq,
    entries.c.at,
    entries.c.battery,
    entries.c.number,
    entries.c.kind,
    entries.c.body,
    entries.c.leaf,
)
PART = 500
"""So many values stand in one query at most."""


@dataclass(frozen=True, slots=True)
class Family:
    """The identities of one battery: the one it has now, earlier provisional ones, its modules, and its pack."""

    battery: str
    provisional: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """One battery in a list."""

    battery: str
    entries: int
    first_at: str
    last_at: str
    last_kind: str


def entry_of(row: Iterable[Any]) -> Entry:
    seq, at, battery, number, kind, body, leaf = row
    return Entry(seq, at, battery, number, kind, bytes(body), bytes(leaf))


def read_all(connection: Connection, query: Select[Any]) -> list[Entry]:
    return [entry_of(row) for row in connection.execute(query)]


def of_battery(connection: Connection, battery: str) -> list[Entry]:
    """The entries under one identity, in their order."""
    query = select(*COLUMNS).where(entries.c.battery == battery).order_by(entries.c.number)
    return read_all(connection, query)


def of_seqs(connection: Connection, seqs: Iterable[int]) -> list[Entry]:
    """The entries of these numbers, in their order."""
    wanted, found = sorted(set(seqs)), []
    for begin in range(0, len(wanted), PART):
        part = wanted[begin : begin + PART]
        found += read_all(connection, select(*COLUMNS).where(entries.c.seq.in_(part)).order_by(entries.c.seq))
    return found


def marked(connection: Connection, mark: str, *, before: int | None = None, limit: int | None = None) -> list[Entry]:
    """Entries with this mark, the newest first."""
    query = select(marks.c.seq).where(marks.c.mark == mark).order_by(marks.c.seq.desc())
    if before is not None:
        query = query.where(marks.c.seq < before)
    seqs = connection.execute(query.limit(limit)).scalars()
    return of_seqs(connection, seqs)[::-1]


def of_marked_kinds(connection: Connection, kinds: Iterable[str]) -> list[Entry]:
    """All entries of these kinds, in their order; of kinds that mark themselves (``kind:...``) only."""
    wanted = select(*COLUMNS).join(marks, marks.c.seq == entries.c.seq)
    found = read_all(connection, wanted.where(marks.c.mark.in_([f"kind:{kind}" for kind in kinds])))
    return sorted(found, key=lambda entry: entry.seq)


def family_of(connection: Connection, battery: str) -> Family:
    """Everything that is known to be the same battery, or a part of it."""
    links = marked(connection, f"linked:{battery}", limit=1)
    main = links[0].battery if links else battery
    linked = of_kind(connection, main, "identity_linked")
    modules = dict.fromkeys(e.battery for e in reversed(marked(connection, f"parent:{main}")))
    provisional = [str(e.payload["provisional"]) for e in linked]
    for name in provisional:
        modules |= dict.fromkeys(e.battery for e in reversed(marked(connection, f"parent:{name}")))
    out = of_kind(connection, main, "module_out")
    parent = str(out[-1].payload["parent"]) if out else None
    return Family(main, tuple(dict.fromkeys(provisional)), tuple(modules), parent)


def of_kind(connection: Connection, battery: str, kind: str) -> list[Entry]:
    """The entries of one kind under one identity, in their order."""
    query = select(*COLUMNS).where(entries.c.battery == battery, entries.c.kind == kind).order_by(entries.c.number)
    return read_all(connection, query)


def summaries_of(connection: Connection, batteries: Sequence[str]) -> list[Summary]:
    """First, last and number of the entries of each battery that has any, in the order given."""
    seq, battery = entries.c.seq, entries.c.battery
    ends = select(battery, func.count().label("size"), func.min(seq).label("first"), func.max(seq).label("last"))
    found = {row.battery: row for row in connection.execute(ends.where(battery.in_(batteries)).group_by(battery))}
    wanted = {n for row in found.values() for n in (row.first, row.last)}
    query = select(seq, entries.c.at, entries.c.kind).where(seq.in_(wanted))
    said = {row.seq: row for row in connection.execute(query)}
    return [
        Summary(name, row.size, said[row.first].at, said[row.last].at, said[row.last].kind)
        for name in batteries
        if (row := found.get(name)) is not None
    ]


def matching(connection: Connection, words: str, limit: int) -> list[str]:
    """Identities that begin with the words, or have a mark whose value does; the newest intake first without words."""
    if not words:
        return _newest(connection, limit)
    above, below = words, words + "\U0010ffff"
    between = select(entries.c.battery).where(
        entries.c.battery >= above, entries.c.battery < below, entries.c.number == 0
    )
    names = dict.fromkeys(connection.execute(between.order_by(entries.c.battery).limit(limit)).scalars())
    for word in ("label", "run", "photo", "place", "to", "linked"):
        mark = marks.c.mark
        query = select(marks.c.seq).where(mark >= f"{word}:{above}", mark < f"{word}:{below}").limit(limit)
        names |= dict.fromkeys(e.battery for e in of_seqs(connection, connection.execute(query).scalars()))
    return [name for name in names if name][:limit]


def _newest(connection: Connection, limit: int) -> list[str]:
    """The batteries and modules that came last."""
    seqs: list[int] = []
    for kind in ("intake", "module_out"):
        came = select(marks.c.seq).where(marks.c.mark == f"kind:{kind}").order_by(marks.c.seq.desc())
        seqs += connection.execute(came.limit(4 * limit)).scalars()
    newest = sorted(seqs, reverse=True)[: 4 * limit]
    query = select(entries.c.battery).where(entries.c.seq.in_(newest)).order_by(entries.c.seq.desc())
    return list(dict.fromkeys(connection.execute(query).scalars()))[:limit]
