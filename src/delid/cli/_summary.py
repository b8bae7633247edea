"""The facts of a run that a person asks for first."""

from __future__ import annotations

import os
from typing import Any

from rich.console import Console
from rich.table import Table

from delid.config import Cell
from delid.core import Plan, Verb
from delid.engine import Executor, StepStatus
from delid.exports import ledger_place
from delid.ledger import OF_THE_SITE, Ledger


def summary(executor: Executor, scene: str, took_s: float) -> dict[str, Any]:
    """Pack, damage, hazard class, recipe and why, steps, bolts, time, journal and recording path."""
    state, log = executor.state, executor.ports.log
    seen, decision = state.assessment, state.decision
    judged = decision.assessment if decision else seen
    plan = decision.outcome if decision and isinstance(decision.outcome, Plan) else None
    taken = next((c for c in decision.candidates if plan and c.recipe == plan.recipe), None) if decision else None
    bolts = [s for s in plan.steps if s.do is Verb.UNFASTEN and not s.key.endswith("/seen_empty")] if plan else []
    looked = [s for s in plan.steps if s.key.endswith("/seen_empty")] if plan else []

    def done(steps: list[Any]) -> list[Any]:
        return [s for s in steps if state.progress[s.key].status is StepStatus.DONE]

    recording = log.folder / "recording.mcap"
    return {
        "scene": scene,
        "outcome": state.outcome,
        "packml": state.packml.value,
        "pack": {"status": seen.pack.status.value, "model": seen.pack.model, "confidence": seen.pack.confidence}
        if seen else None,
        "damage": [{"kind": d.kind.value, "severity": round(d.severity, 3)} for d in seen.damage] if seen else [],
        "hazard_class": judged.hazard_class.value if judged else None,
        "hazard_reasons": list(judged.hazard_reasons) if judged else [],
        "recipe": plan.recipe if plan else None,
        "why": list(taken.reasons) if taken else (list(decision.outcome.reasons) if decision and not plan else []),  # type: ignore[union-attr]
        "steps_done": sum(p.status is StepStatus.DONE for p in state.progress.values()),
        "steps_total": len(state.progress),
        "bolts_removed": len({t for s in done(bolts) for t in s.targets}),
        "bolts_total": len({t for s in bolts for t in s.targets}),
        "bolts_seen_empty": sum(int(state.progress[s.key].values.get("seen_empty", 0)) for s in looked),
        "alarms": [a.text for a in state.alarms],
        "time_s": round(took_s, 1),
        "journal": str(log.folder / "journal.jsonl"),
        "recording": str(recording) if recording.exists() else None,
    }  # fmt: skip


def record_of(cell: Cell, run: str) -> dict[str, Any] | None:
    """The battery of a run in the cell's ledger, and how to look at its record; None where there is neither."""
    settings = cell.spec.ledger
    if settings is None:
        return None
    place = ledger_place(cell, settings)
    with Ledger.open(place) as ledger:
        battery = next((e.battery for e in ledger.marked(f"run:{run}") if e.battery != OF_THE_SITE), None)
        if battery is None:
            return None
        entries, signed = len(ledger.entries_of(battery)), ledger.checkpoints()[-1].size == ledger.size()
    named = place if "://" in place else os.path.relpath(place)
    show = f"delid ledger show {named} {battery}"
    return {"battery": battery, "entries": entries, "signed": signed, "ledger": place, "show": show}


def print_summary(facts: dict[str, Any]) -> None:
    """The summary as a small table."""
    pack = facts["pack"] or {}
    damage = ", ".join(f"{d['kind']} {d['severity']:.2f}" for d in facts["damage"]) or "none"
    rows = {
        "outcome": facts["outcome"] or f"ended in {facts['packml']}",
        "pack": f"{pack.get('model') or pack.get('status', 'not seen')} (similarity {pack.get('confidence', 0):.2f})",
        "damage": damage,
        "hazard class": f"{facts['hazard_class']}: {'; '.join(facts['hazard_reasons'])}",
        "recipe": f"{facts['recipe'] or 'none'}: {'; '.join(facts['why'])}",
        "steps": f"{facts['steps_done']} of {facts['steps_total']} done",
        "bolts": f"{facts['bolts_removed']} of {facts['bolts_total']} removed, {facts['bolts_seen_empty']} seen empty",
        "time": f"{facts['time_s']:.1f} s",
        "journal": facts["journal"],
        "recording": facts["recording"] or "not recorded",
        "record": _record_line(facts["record"]),
    }
    if facts["alarms"]:
        rows["alarms"] = "\n".join(facts["alarms"])
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, str(value))
    console = Console()
    console.print()
    console.print(table)


def _record_line(record: dict[str, Any] | None) -> str:
    if record is None:
        return "none"
    signed = "signed" if record["signed"] else "the last ones not signed yet"
    return f"{record['entries']} entries, {signed}; look: {record['show']}"
