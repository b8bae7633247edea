"""The formats of an export by name: what each is, and the file that it makes of a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._aasx import aasx_of
from ._certificate import certificate
from ._epcis import epcis_of
from ._html import html_of
from ._names import Names
from ._passport import passport_of
from ._pdf import pdf_of
from ._record import BatteryRecord
from ._tables import csv_of, json_of
from ._words import Language

CERTIFICATE = "/aasx/files/certificate.pdf"
"""Where it lies in a package."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller chooses.

    Attributes:
        now_s: the time of writing, seconds since 1970 UTC.
        language: of the certificate.
        names: how batteries, materials and the site are named to others.
        link: address of a server where records are found by their hash, for the QR code.
        font: TrueType font for Chinese text in the PDF; found on the machine if not given.
    """

    now_s: float
    language: Language = "en"
    names: Names = field(default_factory=Names)
    link: str = ""
    font: Path | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``make`` gives the whole file."""

    suffix: str
    media_type: str
    make: Callable[[BatteryRecord, Wishes], bytes]


def _page(record: BatteryRecord, wishes: Wishes) -> Any:
    return certificate(record, wishes.language, wishes.now_s, wishes.link)


def _json(plain: Any) -> bytes:
    return (json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


FORMATS: Mapping[str, Format] = {
    "pdf": Format(".pdf", "application/pdf", lambda r, w: pdf_of(_page(r, w), w.font)),
    "html": Format(".html", "text/html", lambda r, w: html_of(_page(r, w)).encode()),
    "json": Format(".json", "application/json", lambda r, w: _json(json_of(r, w.now_s))),
    "csv": Format(".csv", "text/csv", lambda r, w: csv_of(r).encode()),
    "epcis": Format(".epcis.jsonld", "application/ld+json", lambda r, w: _json(epcis_of(r, w.names, w.now_s))),
    "passport": Format(".passport.json", "application/json", lambda r, w: _json(passport_of(r, w.names))),
    "aasx": Format(
        ".aasx",
        "application/asset-administration-shell-package",
        lambda r, w: aasx_of(passport_of(r, w.names, CERTIFICATE), {CERTIFICATE: pdf_of(_page(r, w), w.font)}),
    ),
}
"""``aasx`` needs the extra ``delid[passport]``; the others need nothing more."""


def exported(record: BatteryRecord, name: str, wishes: Wishes) -> bytes:
    """The file; ``name`` is a key of ``FORMATS``."""
    return FORMATS[name].make(record, wishes)
