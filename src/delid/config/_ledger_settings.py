"""Where a cell's batteries' record is kept, and by which files it is read."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from ._yaml import StrictModel


class LedgerSettings(StrictModel):
    """The ledger of a cell. Relative paths are relative to the cell file."""

    place: str
    """SQLite file, or a URL such as ``postgresql://delid@db/delid``."""
    public_key: Path | None = None
    """The key that must have signed it; the panel verifies with it."""
    photos: Path
    """Folder of the pictures that entries name by their digests."""
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

    @field_validator("place")
    @classmethod
    def _says_something(cls, place: str) -> str:
        if not place.strip():
            raise ValueError("name a file or a URL")
        return place
