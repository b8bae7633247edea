"""Records of a battery, short enough to be added up by hand."""

from functools import cache

from delid.accounting import RecordEntry, Tables
from delid.config import load_accounting, load_pack

PACK = "01DPB1ABCDEFG0A1B0000001"
RUN = "run-1"


@cache
def loaded(repository):
    folder = repository / "cell_configs"
    return Tables.of(
        load_accounting(folder / "accounting"), [load_pack(path) for path in sorted((folder / "packs").glob("*.yaml"))]
    )


class Record:
    """Entries one after the other; the day and the hour count up by themselves."""

    def __init__(self, battery=PACK):
        self.battery, self.entries, self.minute = battery, [], 0

    def add(self, kind, battery=None, at=None, **payload):
        self.minute += 1
        at = at or f"2026-11-02T{8 + self.minute // 60:02d}:{self.minute % 60:02d}:00.000Z"
        name = self.battery if battery is None else battery
        self.entries.append(RecordEntry(len(self.entries), at, name, kind, payload))
        return self

    def intake(self, **more):
        return self.add("intake", **{"site": "hall-1", "identity": "code", "code_raw": self.battery} | more)

    def judged(self, hazard="A", **more):
        return self.add("safety_judgement", items=[], passed=True, hazard_class=hazard, by="p-1", **more)

    def run(self, *steps, run=RUN, outcome="dismantled"):
        """``steps``: key, readings before, readings after."""
        self.add("run_started", run=run, cell="demo", config_sha256="0" * 64)
        for key, before, after in steps:
            self.add(
                "operation", run=run, step=key, do="unfasten", title=key, status="done",
                readings_before=before, readings_after=after,
            )  # fmt: skip
        return self.add("run_ended", run=run, outcome=outcome)

    def out(self, material, kg=None, destination=None, **more):
        mass = {} if kg is None else {"mass_kg": kg, "mass_source": "weighed"}
        return self.add("material_out", material=material, destination=destination, **mass, **more)


def work(record):
    """1 kWh in two steps, half of the time between them; 2 m3 of air."""
    return record.run(
        ("r/a", {"energy_wh": 1000.0, "air_nl": 500}, {"energy_wh": 1400.0, "air_nl": 1500}),
        ("r/b", {"energy_wh": 1700.0, "air_nl": 1500}, {"energy_wh": 2000.0, "air_nl": 2500}),
    )
