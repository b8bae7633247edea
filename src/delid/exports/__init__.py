"""One battery's record for others: certificate, JSON, CSV, EPCIS events, battery passport; and a passport read."""

from ._aasx import aasx_of, read_aasx, save_documents
from ._assemble import Found, RecordFacts, record_facts
from ._certificate import certificate
from ._check import SchemaReport, check_epcis, check_passport
from ._content import Page
from ._digest import record_sha256
from ._epcis import epcis_of
from ._formats import FORMATS, Wishes, exported
from ._html import html_of
from ._names import Names, seconds_of
from ._pack_draft import PackDraft, pack_draft
from ._passport import passport_of
from ._passport_in import PassportDocument, PassportFacts, passport_facts, read_environment
from ._pdf import pdf_of
from ._proof import prove
from ._pseudonym import Pseudonyms, open_pseudonyms
from ._qr import hash_name, qr_modules
from ._reader import Books, account_in, books_of, due_in, find_battery, ledger_place, photo_folder, read_record
from ._record import (
    BatteryRecord,
    DeadlineFact,
    EntryFact,
    FigureFact,
    MaterialFact,
    PartFact,
    ProofFact,
    RefusedFact,
    RouteFact,
)
from ._summary import summary_of
from ._tables import csv_of, json_of
from ._words import LANGUAGES, Language

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "BatteryRecord",
    "Books",
    "DeadlineFact",
    "EntryFact",
    "FigureFact",
    "Found",
    "Language",
    "MaterialFact",
    "Names",
    "PackDraft",
    "Page",
    "PartFact",
    "PassportDocument",
    "PassportFacts",
    "ProofFact",
    "Pseudonyms",
    "RecordFacts",
    "RefusedFact",
    "RouteFact",
    "SchemaReport",
    "Wishes",
    "aasx_of",
    "account_in",
    "books_of",
    "certificate",
    "check_epcis",
    "check_passport",
    "csv_of",
    "due_in",
    "epcis_of",
    "exported",
    "find_battery",
    "hash_name",
    "html_of",
    "json_of",
    "ledger_place",
    "open_pseudonyms",
    "pack_draft",
    "passport_facts",
    "passport_of",
    "pdf_of",
    "photo_folder",
    "prove",
    "qr_modules",
    "read_aasx",
    "read_environment",
    "read_record",
    "record_facts",
    "record_sha256",
    "save_documents",
    "seconds_of",
    "summary_of",
]
