"""The table of kinds: what an entry can say. A new kind is a class in it, and nothing else changes."""

from __future__ import annotations

from . import _payloads_pack as pack
from . import _payloads_run as run
from . import _payloads_site as site
from ._payload import Payload

KINDS: dict[str, type[Payload]] = {
    cls.kind: cls
    for cls in (
        site.LedgerBegun,
        site.KeyChanged,
        pack.Intake,
        pack.IdentityConfirmed,
        pack.IdentityLinked,
        pack.SafetyJudgement,
        run.RunStarted,
        run.Inspected,
        run.Planned,
        run.OperationDone,
        run.OperatorActed,
        run.AlarmChanged,
        run.RunEnded,
        pack.Measurement,
        pack.MaterialOut,
        pack.ModuleOut,
        pack.Stored,
        pack.HandOver,
        site.SelfInspection,
        site.ReportMade,
        site.LegalHold,
        site.Erased,
    )
}
"""Kind to the model of its payload, in the order in which a pack meets them."""
