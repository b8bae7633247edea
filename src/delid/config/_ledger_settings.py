"""Where a cell's batteries' record is kept, and by which files it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ._keep_out import Name
from ._pack import Positive
from ._yaml import StrictModel


class LedgerSettings(StrictModel):
    """The batteries' record; see docs/ledger.md and docs/exports.md. Relative paths are relative to the cell file."""

    site: Name
    """Name of the site, part of provisional identities."""
    url: str | None = None
    """SQLite file, relative to this file, or the URL of a PostgreSQL database; ``ledger.db`` in the runs folder."""
    key: Path | None = None
    """File of the signing key, made with a new ledger; ``ledger.key`` in the runs folder if not given."""
    checkpoint_entries: Annotated[int, Field(ge=1)] = 200
    """So many new entries are signed at the latest; at the end of a run in any case."""
    checkpoint_after_s: Positive = 60.0
    """A new entry is signed after so many seconds at the latest."""
    public_key: Path | None = None
    """The key that must have signed it, for the panel and exports; the public half beside ``key`` if not given."""
    photos: Path | None = None
    """Folder of the pictures that entries name by their digests; ``photos`` in the runs folder if not given."""
    judgement: Path | None = None
    """What a safety judgement asks."""
    retention: Path | None = None
    """How long pictures and names are kept."""
    accounting: Path | None = None
    """Folder with the tables for energy, carbon and materials."""
    rules: Path | None = None
    """The region's rules, for deadlines."""
    roles: list[str] = []
    """What the site is in the eyes of these rules; every duty counts without any."""
    pseudonyms: Path | None = None
    """Key file that makes the words for people in exports; made when it is first needed. In the panel's data folder if
    not given."""
    id_base: str = ""
    """How batteries are named to other systems: a URI of your own that ends in '/', ':' or '#'."""
    link: str = ""
    """Address of a server where records are found by their hash, for the QR code."""
