"""The batteries' record as the panel needs it: the ledger that the cell file names, and what belongs to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from pathlib import Path
from typing import TypeVar

from delid.accounting import Account, Due
from delid.config import (
    Cell,
    JudgementList,
    LedgerSettings,
    load_judgement,
    load_retention,
)
from delid.core import Clock
from delid.exports import (
    FORMATS,
    Books,
    Found,
    Names,
    ProofFact,
    Wishes,
    account_in,
    books_of,
    due_in,
    exported,
    find_battery,
    ledger_place,
    open_pseudonyms,
    photo_folder,
    prove,
    read_record,
)
from delid.keeping import Photo, PhotoStore, Plan, apply_plan, make_plan
from delid.ledger import Entry, Ledger, LegalHold, SafetyJudgement, Summary, export_lines

from .._refusals import refusal
from ._cell_files import CellFiles

T = TypeVar("T")


class Records:
    """Opens the ledger when it is first asked for, and works with it off the event loop."""

    def __init__(self, files: CellFiles, data: Path, pool: Pool, clock: Clock) -> None:
        self._files, self._data, self._pool, self._clock = files, data, pool, clock
        self._ledger: Ledger | None = None
        self._place = ""

    async def find(self, words: str, limit: int) -> Sequence[Summary]:
        return await self._work(lambda desk: desk.ledger.find(words, limit))

    async def battery(self, battery: str) -> tuple[Found, str, Mapping[str, str]]:
        """Its entries, the site, and the names of people by their ids."""
        return await self._work(
            lambda desk: (find_battery(desk.ledger, battery), desk.ledger.site, desk.ledger.names())
        )

    async def proof(self, battery: str) -> tuple[ProofFact, int]:
        """What a verification found, and how many entries the record has."""

        def work(desk: Desk) -> tuple[ProofFact, int]:
            found = find_battery(desk.ledger, battery)
            return prove(desk.ledger, found.family.battery, found.entries, desk.books().key), len(found.entries)

        return await self._work(work)

    async def account(self, battery: str) -> tuple[Found, Account | None, Sequence[Due]]:
        def work(desk: Desk) -> tuple[Found, Account | None, Sequence[Due]]:
            books, found = desk.books(), find_battery(desk.ledger, battery)
            return found, account_in(books, found), due_in(books, found, self._clock.wall_s())

        return await self._work(work)

    async def export(self, battery: str, name: str, language: str) -> tuple[bytes, str, str]:
        """Content, media type and file name; ``proof`` is the ledger's own export of the battery."""

        def work(desk: Desk) -> tuple[bytes, str, str]:
            main = find_battery(desk.ledger, battery).family.battery
            stem = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in main)
            if name == "proof":
                lines = b"".join(line + b"\n" for line in export_lines(desk.ledger, battery=main))
                return lines, "application/x-ndjson", f"{stem}.proof.jsonl"
            kind, settings = FORMATS[name], desk.settings
            people = open_pseudonyms(desk.pseudonyms(self._data))
            record = read_record(desk.books(), main, people, self._clock.wall_s())
            wishes = Wishes(
                self._clock.wall_s(), "zh" if language == "zh" else "en", Names(settings.id_base), settings.link
            )
            return exported(record, name, wishes), kind.media_type, stem + kind.suffix

        return await self._work(work)

    async def judgement(self) -> JudgementList:
        return await self._work(lambda desk: desk.judgement())

    async def judge(self, battery: str, made: Callable[[JudgementList, str], SafetyJudgement], by: str) -> Entry:
        """Write the judgement that ``made`` gives for the list and the person's id."""

        def work(desk: Desk) -> Entry:
            main = find_battery(desk.ledger, battery).family.battery
            return desk.ledger.append(made(desk.judgement(), desk.ledger.person(by)), main)

        return await self._work(work)

    async def missing_photos(self, digests: Sequence[str]) -> list[str]:
        return await self._work(lambda desk: [d for d in digests if desk.photos.find(d) is None])

    async def keep_photo(self, battery: str, content: bytes) -> Photo:
        def work(desk: Desk) -> Photo:
            find_battery(desk.ledger, battery)
            return desk.photos.keep(content)

        return await self._work(work)

    async def photo(self, sha256: str) -> tuple[bytes, str]:
        """Raises PanelError ``panel.not_found`` where it is gone, or was changed."""

        def work(desk: Desk) -> tuple[bytes, str]:
            photo, content = desk.photos.find(sha256), desk.photos.read(sha256)
            if photo is None or content is None:
                raise refusal("panel.not_found", "There is no such picture, or it was changed.")
            return content, photo.media_type

        return await self._work(work)

    async def hold(self, battery: str, on: bool, reason: str, by: str) -> str:
        """Write the hold; returns the identity under which it stands."""

        def work(desk: Desk) -> str:
            main = find_battery(desk.ledger, battery).family.battery
            desk.ledger.append(LegalHold(on=on, reason=reason, by=desk.ledger.person(by)), main)
            return main

        return await self._work(work)

    async def retention(self) -> Plan:
        return await self._work(lambda desk: desk.plan(self._clock.wall_s()))

    async def retain(self, by: str) -> Plan:
        def work(desk: Desk) -> Plan:
            plan = desk.plan(self._clock.wall_s())
            apply_plan(desk.ledger, desk.photos, plan, by)
            return plan

        return await self._work(work)

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()

    async def _work(self, work: Callable[[Desk], T]) -> T:
        cell = await self._files.cell()
        settings = cell.spec.ledger
        if settings is None:
            raise refusal("panel.no_ledger", "The cell file names no ledger.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(self._desk(cell, settings)))

    def _desk(self, cell: Cell, settings: LedgerSettings) -> Desk:
        place = ledger_place(cell, settings)
        if self._ledger is None or self._place != place:
            self.close()
            self._ledger, self._place = Ledger.open(place, self._clock), place
        return Desk(cell, settings, self._ledger)


class Desk:
    """The ledger and the files that it is read with, for one piece of work."""

    def __init__(self, cell: Cell, settings: LedgerSettings, ledger: Ledger) -> None:
        self.cell, self.settings, self.ledger = cell, settings, ledger
        self.photos = PhotoStore(photo_folder(cell, settings))

    def books(self) -> Books:
        return books_of(self.cell, self.ledger)

    def judgement(self) -> JudgementList:
        if self.settings.judgement is None:
            raise refusal("panel.no_ledger", "The cell file names no list for safety judgements.")
        return load_judgement(self.cell.resolve(self.settings.judgement))

    def plan(self, now_s: float) -> Plan:
        if self.settings.retention is None:
            raise refusal("panel.no_ledger", "The cell file names no rules of retention.")
        return make_plan(self.ledger, self.photos, load_retention(self.cell.resolve(self.settings.retention)), now_s)

    def pseudonyms(self, data: Path) -> Path:
        named = self.settings.pseudonyms
        return self.cell.resolve(named) if named else data / "pseudonyms.key"
