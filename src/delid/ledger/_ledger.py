"""The ledger: append-only entries about batteries, chained and signed, so that a change afterwards shows."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata as packages
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from delid.core import Clock, LedgerError, SystemClock

from . import _lookup as lookup
from ._checkpoint import Checkpoint, sign_checkpoint
from ._engine import check_schema, open_engine, reading, upgrade
from ._entry import OF_THE_SITE, Entry, stamp
from ._keys import KEY, PublicKey, SigningKey, endorsement
from ._lookup import COLUMNS, Family, Summary
from ._payload import Payload
from ._payloads_site import KeyChanged, KeyReason, LedgerBegun
from ._tables import checkpoints, entries, feeds, people
from ._writer import Item, Writer, refused, size_of


class Ledger:
    """One ledger in a database. May be used by several threads, and by several processes at once.

    An entry is durable when ``append`` returns. ``name`` is what no other ledger is called, ``site`` where it stands.
    """

    def __init__(self, engine: Engine, clock: Clock, nonce: Callable[[], str]) -> None:
        self.engine, self.clock = engine, clock
        self._writer = Writer(engine, nonce, lambda: stamp(clock.wall_s()))
        self._people: dict[str, str] = {}
        self._lock = threading.Lock()
        self.name, self.site = "", ""

    @classmethod
    def open(cls, place: str | Path, clock: Clock | None = None, nonce: Callable[[], str] | None = None) -> Ledger:
        """Open the ledger in a file or at a URL; LedgerError ``ledger.open`` where there is none.

        Args:
            nonce: makes 32 random hex digits for each entry; the system's own randomness if not given.
        """
        engine = open_engine(place)
        check_schema(engine, place)
        found = cls(engine, clock or SystemClock(), nonce or _nonce)
        found._take_name()
        return found

    @classmethod
    def begin(
        cls,
        place: str | Path,
        site: str,
        key: PublicKey,
        clock: Clock | None = None,
        nonce: Callable[[], str] | None = None,
    ) -> Ledger:
        """Make a new ledger; its first entry names it and the key that will sign it."""
        engine = open_engine(place, create=True)
        upgrade(engine)
        found = cls(engine, clock or SystemClock(), nonce or _nonce)
        with reading(engine) as connection:
            if size_of(connection):
                raise LedgerError(
                    f"there is a ledger in {place} already.", hint="Name another one.", code="ledger.exists"
                )
        version = packages.version("delid")
        name = f"{site}-{found._writer.nonce()[:12]}"
        found.append(
            LedgerBegun(ledger=name, site=site, key=key.id, public_key=key.raw.hex(), delid=version), OF_THE_SITE
        )
        found._take_name()
        return found

    def _take_name(self) -> None:
        first = self.entry(0)
        if first is None or first.kind != LedgerBegun.kind:
            raise LedgerError("the ledger does not begin with its name.", hint="Verify it.", code="ledger.broken")
        self.name, self.site = str(first.payload["ledger"]), str(first.payload["site"])

    def close(self) -> None:
        self._writer.close()
        self.engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # --- writing -----------------------------------------------------------------------------------------------------

    def append(self, payload: Payload, battery: str) -> Entry:
        """Write one entry about a battery (``OF_THE_SITE``: about none); it is on the disk when this returns."""
        return self._writer.append([(battery, payload)])[0]

    def append_all(self, items: Sequence[Item], feed: tuple[str, int] | None = None) -> list[Entry]:
        """Write several entries, all or none; ``feed`` notes with them how far a source has been taken over."""
        return self._writer.append(items, feed)

    def fed(self, source: str) -> int:
        """How far the source has been taken over; 0 for an unknown one."""
        with reading(self.engine) as connection:
            found = connection.execute(select(feeds.c.next).where(feeds.c.source == source)).scalar()
        return int(found or 0)

    def person(self, name: str) -> str:
        """The id that stands for a person in entries; the same name always has the same one, until it is forgotten."""
        with self._lock:
            if name not in self._people:
                self._people[name] = self._person(name)
            return self._people[name]

    def _person(self, name: str) -> str:
        query = select(people.c.id).where(people.c.name == name)
        for _ in range(2):
            with reading(self.engine) as connection:
                if (found := connection.execute(query).scalar()) is not None:
                    return str(found)
            made = f"p-{self._writer.nonce()[:12]}"
            try:
                with self.changing() as connection:
                    connection.execute(insert(people), {"id": made, "name": name})
            except IntegrityError:
                continue  # another process was quicker
            return made
        raise LedgerError(f"no id can be made for {name}.", hint="Try again.", code="ledger.busy")

    def names(self) -> dict[str, str]:
        """Id to name of every person who has not been forgotten."""
        with reading(self.engine) as connection:
            return {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}

    def forget_person(self, id: str) -> None:
        """Forget whom an id stands for. Entries and proofs stay as they are."""
        with self.changing() as connection:
            connection.execute(people.delete().where(people.c.id == id))
        with self._lock:
            self._people.clear()

    # --- finding -----------------------------------------------------------------------------------------------------

    def entry(self, seq: int) -> Entry | None:
        with reading(self.engine) as connection:
            found = lookup.of_seqs(connection, [seq])
        return found[0] if found else None

    def entries_of(self, battery: str, *, family: bool = True) -> list[Entry]:
        """The entries about a battery, in their order; with its earlier provisional identities and its modules."""
        with reading(self.engine) as connection:
            if not family:
                return lookup.of_battery(connection, battery)
            known = lookup.family_of(connection, battery)
            names = dict.fromkeys((known.battery, *known.provisional, *known.modules))
            found = [entry for name in names for entry in lookup.of_battery(connection, name)]
        return sorted(found, key=lambda entry: entry.seq)

    def family_of(self, battery: str) -> Family:
        """Provisional identities, modules and pack of a battery."""
        with reading(self.engine) as connection:
            return lookup.family_of(connection, battery)

    def marked(self, mark: str, *, before: int | None = None, limit: int | None = None) -> list[Entry]:
        """Entries with this mark (``kind:intake``, ``run:...``, ``label:...``), the newest first."""
        with reading(self.engine) as connection:
            return lookup.marked(connection, mark, before=before, limit=limit)

    def search(
        self,
        *,
        battery: str | None = None,
        kind: str | None = None,
        since: str | None = None,
        until: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """Entries that fit, the newest first; ``since`` and ``until`` (RFC 3339) are when they were written."""
        query = select(*COLUMNS).order_by(entries.c.seq.desc()).limit(limit)
        column = entries.c
        wanted = (
            (column.battery.__eq__, battery), (column.kind.__eq__, kind), (column.at.__ge__, since),
            (column.at.__lt__, until), (column.seq.__lt__, before),
        )  # fmt: skip
        for fits, given in wanted:
            if given is not None:
                query = query.where(fits(given))
        with reading(self.engine) as connection:
            return lookup.read_all(connection, query)

    def of_kinds(self, kinds: Iterable[str]) -> list[Entry]:
        """All entries of these kinds, in their order; by their marks, so that nothing else is read."""
        with reading(self.engine) as connection:
            return lookup.of_marked_kinds(connection, kinds)

    def of_kind(self, battery: str, kind: str) -> list[Entry]:
        """The entries of one kind under one identity, in their order."""
        with reading(self.engine) as connection:
            return lookup.of_kind(connection, battery, kind)

    def find(self, words: str = "", limit: int = 50) -> list[Summary]:
        """Batteries whose identity, label, run, place or receiver begins with the words; without, the newest."""
        with reading(self.engine) as connection:
            return lookup.summaries_of(connection, lookup.matching(connection, words, limit))

    def size(self) -> int:
        """How many entries there are."""
        with reading(self.engine) as connection:
            return size_of(connection)

    # --- signing -----------------------------------------------------------------------------------------------------

    def checkpoint(self, key: SigningKey) -> Checkpoint:
        """Sign everything that is written so far, and keep the signature; a key that is not in force is refused."""
        if (now := self.key_in_force()) != key.public:
            raise LedgerError(
                f"the key {key.public.id} does not sign this ledger; since its last change the key {now.id} does.",
                hint="Name the file of that key, or change keys: delid ledger keys rotate.",
                code="ledger.old_key",
            )
        head = self._writer.head()
        made = sign_checkpoint(self.name, head.tree.size, head.tree.root(), stamp(self.clock.wall_s()), key)
        try:
            with self.changing() as connection:
                row = {"size": made.size, "statement": made.statement, "signature": made.signature}
                connection.execute(insert(checkpoints), row)
        except IntegrityError:  # so many entries are signed already
            return next(found for found in reversed(self.checkpoints()) if found.size == made.size)
        return made

    def key_in_force(self) -> PublicKey:
        """The key that signs the ledger now."""
        return PublicKey(bytes.fromhex(self.marked("kind:key", limit=1)[0].payload["public_key"]))

    def rotate(self, new: PublicKey, old: SigningKey | None, by: str, reason: KeyReason = "routine") -> Entry:
        """From now on another key signs. ``old`` vouches for it; None where it was lost or is not to be trusted."""
        now = self.key_in_force()
        if old is not None and old.public != now:
            raise LedgerError(f"the key in force is {now.id}.", hint="Name its file.", code="ledger.old_key")
        if old is None and reason == "routine":
            raise LedgerError("a routine change needs the old key.", hint="Name its file.", code="ledger.key")
        vouched = None if old is None else old.sign(KEY, endorsement(self.name, new, now.id)).hex()
        said = KeyChanged(
            key=new.id, public_key=new.raw.hex(), previous=now.id, reason=reason, endorsement=vouched, by=by
        )
        return self.append(said, OF_THE_SITE)

    def checkpoints(self) -> list[Checkpoint]:
        """Every signed word about the ledger, the oldest first."""
        query = select(checkpoints.c.statement, checkpoints.c.signature).order_by(checkpoints.c.size)
        with reading(self.engine) as connection:
            return [Checkpoint(bytes(s), bytes(signature)) for s, signature in connection.execute(query)]

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A transaction that writes; LedgerError where the database refuses."""
        try:
            with self.engine.connect().execution_options(ledger_writes=True) as connection, connection.begin():
                yield connection
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise refused(self.engine, error) from error


def _nonce() -> str:
    return secrets.token_hex(16)
