"""The batteries' ledger: append-only entries, chained and signed. It is tamper-evident: a change afterwards shows."""

from ._checkpoint import Checkpoint
from ._copy import copy_ledger
from ._digest import JournalLine
from ._engine import has_ledger, open_engine, upgrade
from ._entry import OF_THE_SITE, Entry, stamp
from ._export import Exported, export_ledger, export_lines
from ._feed import Feed
from ._identity import Identity, arrival_of, battery_code, confirm, identify, intake_of, link, module_identity
from ._keys import PublicKey, SigningKey, public_path
from ._kinds import KINDS
from ._ledger import Ledger
from ._lines import Export, read_export
from ._lookup import Family, Summary
from ._payload import Part, Payload, Photo, Quantity
from ._payloads_pack import (
    HandOver,
    IdentityConfirmed,
    IdentityLinked,
    Intake,
    JudgementItem,
    MaterialOut,
    Measurement,
    ModuleOut,
    Provisional,
    SafetyJudgement,
    Stored,
)
from ._payloads_run import (
    AlarmChanged,
    Inspected,
    OperationDone,
    OperatorActed,
    Planned,
    RunEnded,
    RunStarted,
    SeenDamage,
)
from ._payloads_site import Erased, KeyChanged, LedgerBegun, LegalHold, ReportMade, SelfInspection
from ._stamp import add_stamp, check_stamp, read_roots, stamp_request
from ._verdict import Finding, Seen, Terms, Verdict, read_seen, remember
from ._verify_export import verify_export
from ._verify_ledger import verify_ledger

__all__ = [
    "KINDS",
    "OF_THE_SITE",
    "AlarmChanged",
    "Checkpoint",
    "Entry",
    "Erased",
    "Export",
    "Exported",
    "Family",
    "Feed",
    "Finding",
    "HandOver",
    "Identity",
    "IdentityConfirmed",
    "IdentityLinked",
    "Inspected",
    "Intake",
    "JournalLine",
    "JudgementItem",
    "KeyChanged",
    "Ledger",
    "LedgerBegun",
    "LegalHold",
    "MaterialOut",
    "Measurement",
    "ModuleOut",
    "OperationDone",
    "OperatorActed",
    "Part",
    "Payload",
    "Photo",
    "Planned",
    "Provisional",
    "PublicKey",
    "Quantity",
    "ReportMade",
    "RunEnded",
    "RunStarted",
    "SafetyJudgement",
    "Seen",
    "SeenDamage",
    "SelfInspection",
    "SigningKey",
    "Stored",
    "Summary",
    "Terms",
    "Verdict",
    "add_stamp",
    "arrival_of",
    "battery_code",
    "check_stamp",
    "confirm",
    "copy_ledger",
    "export_ledger",
    "export_lines",
    "has_ledger",
    "identify",
    "intake_of",
    "link",
    "module_identity",
    "open_engine",
    "public_path",
    "read_export",
    "read_roots",
    "read_seen",
    "remember",
    "stamp",
    "stamp_request",
    "upgrade",
    "verify_export",
    "verify_ledger",
]
