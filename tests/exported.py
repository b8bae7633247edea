"""A record as the exports see it, for tests: one pack, judged, taken apart, handed over."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from delid.exports import (
    BatteryRecord,
    DeadlineFact,
    EntryFact,
    FigureFact,
    MaterialFact,
    PartFact,
    ProofFact,
    record_sha256,
)

CODE = "04QPB76836300JBC40000903"
BEGAN_S = 1_795_309_200.0
PEOPLE = ("Wang Xiaoming", "Li Na")


def entry(seq: int, kind: str, by: str = "", **data: Any) -> EntryFact:
    return EntryFact(
        seq, BEGAN_S + 60 * seq, CODE, kind, by, ({"by": by} if by else {}) | data,
        hashlib.sha256(f"{seq}{kind}{data}".encode()).hexdigest(),
    )  # fmt: skip


ENTRIES = (
    entry(1, "intake", PEOPLE[0], site="Werk Süd", identity="code", arrival="new", mass_kg=493.0, model="vw-meb-82"),
    entry(2, "safety_judgement", PEOPLE[1], passed=True, hazard_class="B", rule="GB/T 38698.1-2020",
          items=[{"id": "leak", "text": "Electrolyte leaks", "answer": "no", "note": "外壳干燥，无漏液", "photos": []},
                 {"id": "dent", "text": "外壳变形", "answer": "yes", "photos": [{"sha256": "0" * 64}]}]),
    entry(3, "inspection", run="r1", status="known", model="vw-meb-82", hazard_class="B",
          damage=[{"kind": "dent", "confidence": 0.9, "severity": 0.2}]),
    entry(4, "plan", run="r1", recipe="vw-meb-82/standard", recipe_sha256="ab" * 32, hazard_class="B",
          readings={"pack_temperature_c": 21.5}),
    entry(5, "operation", run="r1", step="lid/lid.01", do="unfasten", title="Loosen lid.01", status="done", detail=""),
    entry(6, "material_out", material="busbar", mass_kg=3.2, destination="copper recycler"),
    entry(7, "material_out", material="busbar", mass_kg=0.8, destination="copper recycler"),
    entry(8, "material_out", material="coolant", destination="treatment"),
    entry(9, "hand_over", PEOPLE[0], to="=HYPERLINK(\"http://x\")", route="recycling", document="WB-17"),
)  # fmt: skip

RECORD = BatteryRecord(
    battery=CODE, code=CODE, product="pack", site="Werk Süd", entries=ENTRIES,
    proof=ProofFact(True, record_sha256(e.sha256 for e in ENTRIES), 40, "cd" * 32, "0123456789abcdef", BEGAN_S + 900),
    decoded={"maker": "04Q", "produced": "2021-12-04"}, pack="vw-meb-82", mass_kg=493.0, hazard_class="B",
    damage=(("dent", BEGAN_S + 180),), temperature_c=(21.5, BEGAN_S + 240),
    parts=(PartFact(f"{CODE}/module.01", BEGAN_S + 320, "reuse", 31.0), PartFact(f"{CODE}/module.02", BEGAN_S + 330)),
    materials=(MaterialFact("busbar", 3.2, BEGAN_S + 360, "copper recycler"),
               MaterialFact("busbar", 0.8, BEGAN_S + 420, "copper recycler"),
               MaterialFact("coolant", None, BEGAN_S + 480, "treatment")),
    figures=(FigureFact("energy", 0.84, 0.80, 0.88, "kWh", "meter of class 1"),
             FigureFact("own_emissions", 0.47, 0.4, 0.6, "kg CO2e", "grid factor CN 2023")),
    notes=("compressed air: the record has no reading",), balance="closed",
    deadlines=(DeadlineFact("report to the platform", "2026-11-25", "", "open", "Interim Measures, article 21"),),
)  # fmt: skip

UNPROVEN = replace(RECORD, proof=ProofFact(False, RECORD.proof.record_sha256, words="entry 5 was changed"))
