"""``delid account`` on a real ledger and on an export of it: every figure from the entries, every act as an entry."""

from __future__ import annotations

import hashlib
import json

import pytest
from typer.testing import CliRunner

from delid.accounting import Tables, battery_account, note_of
from delid.cli.account import account_app
from delid.config import load_accounting
from delid.core import HazardClass, ManualClock
from delid.ledger import (
    Intake,
    Ledger,
    Measurement,
    ModuleOut,
    OperationDone,
    Planned,
    Quantity,
    RunEnded,
    SafetyJudgement,
    SigningKey,
    export_ledger,
)

CODE = "X37PBPCETWF2HWB190000001"
RUN = "2026-11-02-0001"
START_S = 1_793_620_800.0  # 2026-11-02 08:00 UTC


def operation(step, do, before, after, **values):
    return OperationDone(
        run=RUN,
        step=step,
        do=do,
        title=step,
        status="done",
        values=values,
        readings_before=before,
        readings_after=after,
    )


@pytest.fixture
def key():
    return SigningKey.new()


@pytest.fixture
def place(tmp_path, key):
    """One battery's life in a ledger: 0.5 kWh, 60 NL, a lid of 28 kg and twelve modules of 30 kg."""
    path, clock = tmp_path / "ledger.db", ManualClock(0.0, START_S)
    said = [
        Intake(site="yard", identity="code", code_raw=CODE, model="vw-meb-82", mass_kg=493.0, by="p-1"),
        SafetyJudgement(items=(), passed=True, hazard_class=HazardClass.A, by="p-1"),
        Planned(run=RUN, model="vw-meb-82", hazard_class=HazardClass.A, route="reuse", state_of_health=0.8),
        operation("r/bolts", "unfasten", {"energy_wh": 100.0, "air_nl": 0}, {"energy_wh": 400.0, "air_nl": 8}),
        operation(
            "r/lid", "lift", {"energy_wh": 400.0, "air_nl": 8}, {"energy_wh": 600.0, "air_nl": 60}, carried_kg=28.0
        ),
    ]
    with Ledger.begin(path, "yard", key.public, clock) as ledger:
        for payload in said:
            ledger.append(payload, CODE)
        for n in range(1, 13):
            out = ModuleOut(parent=CODE, position=f"module.{n:02d}", identity="derived", mass_kg=30.0, run=RUN)
            ledger.append(out, f"{CODE}/M{n:02d}")
        clock.set(3600.0)
        ledger.append(RunEnded(run=RUN, outcome="dismantled"), CODE)
    return path


@pytest.fixture
def call(repository, monkeypatch):
    monkeypatch.chdir(repository)
    return lambda *words: CliRunner().invoke(account_app, [*map(str, words)])


def entries(place):
    with Ledger.open(place) as ledger:
        return ledger.search(limit=100)


def test_the_footprint_of_a_battery_from_its_ledger(call, place):
    told = call("footprint", place, CODE)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith(f"{CODE}: 0.269 kg CO2e (")
    assert "r/lid: 0.2067 kWh" in told.stdout
    assert "not counted: extraction" in told.stdout
    assert "may be avoided elsewhere" in told.stdout
    plain = json.loads(call("footprint", place, CODE, "--json").stdout)
    assert plain["footprint"]["kwh"]["value"] == pytest.approx(0.5 + 0.06 * 0.129)
    assert plain["given"]["cell_s"] == 3600


def test_an_account_is_made_again_and_a_changed_one_is_refused(call, place, tmp_path):
    text = call("footprint", place, CODE, "--json").stdout
    file = tmp_path / "account.json"
    file.write_text(text)
    assert call("recompute", file).exit_code == 0
    plain = json.loads(text)
    plain["footprint"]["kgco2e"]["value"] /= 2
    file.write_text(json.dumps(plain))
    told = call("recompute", file)
    assert (told.exit_code, "does not follow from its own facts" in told.stderr) == (2, True)


def test_an_export_says_the_same_as_its_ledger(call, place, tmp_path, key):
    out = tmp_path / "battery.jsonl"
    with Ledger.open(place) as ledger:
        export_ledger(ledger, out, battery=CODE, key=key)
    assert call("footprint", out, CODE, "--json").stdout == call("footprint", place, CODE, "--json").stdout


def test_a_noted_account_is_made_again_from_the_record_alone(call, place, tmp_path, key, monkeypatch):
    assert call("check", place, CODE).exit_code == 2, "nothing is noted yet"
    told = call("note", place, CODE, "--by", "Ann")
    assert (told.exit_code, "0.269 kg CO2e" in told.stdout) == (0, True), told.output
    out = tmp_path / "battery.jsonl"
    with Ledger.open(place) as ledger:
        ledger.append(Measurement(what="mass", values=(Quantity(name="mass", value=480, unit="kg"),)), CODE)
        export_ledger(ledger, out, battery=CODE, key=key)
    monkeypatch.chdir(tmp_path)  # no tables and no pack files here
    for record in (place, out):
        checked = call("check", record, CODE)
        assert (checked.exit_code, "follows from the entries before it" in checked.stdout) == (0, True)


def test_a_noted_figure_that_does_not_follow_is_found(call, place):
    with Ledger.open(place) as ledger:
        tables = Tables.of(load_accounting("cell_configs/accounting"), [])
        noted = note_of(battery_account(ledger.entries_of(CODE), CODE, tables))
        noted[0]["value"] *= 0.9
        values = tuple(Quantity.model_validate(value) for value in noted)
        ledger.append(Measurement(what="account", values=values), CODE)
    told = call("check", place, CODE)
    assert (told.exit_code, "DOES NOT follow" in told.stdout) == (1, True)


def test_materials_add_up_when_the_rest_has_been_noted(call, place):
    first = call("materials", place, CODE)
    assert (first.exit_code, "mass balance missing" in first.stdout) == (1, True)
    assert "module x1: 30 kg" in first.stdout
    assert "housing x1: 28 kg" in first.stdout, "the lid, as the load cell felt it"
    for material, kg, to in (
        ("housing", 80, "recycling:Smelter"),
        ("busbar", 12, "recycling:Smelter"),
        ("coolant", 6, "treatment:Drain Co"),
    ):
        told = call("out", place, CODE, material, "--kg", kg, "--to", to, "--by", "Ann")
        assert told.exit_code == 0, told.output
    second = call("materials", place, CODE)
    assert (second.exit_code, "mass balance closed" in second.stdout) == (0, True)
    assert "REFUSED: electric bicycles" in second.stdout
    assert "Ann" not in str([entry.payload for entry in entries(place)]), "entries hold ids of persons"


def test_reuse_in_electric_bicycles_is_refused_before_it_is_noted(call, place):
    before = len(entries(place))
    told = call("out", place, CODE, "module", "--to", "reuse:e_bike:Bike Works")
    assert told.exit_code == 1
    assert "Interim Measures" in told.stderr
    assert len(entries(place)) == before


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("out", CODE, "lid", "--to", "recycling"), "Kinds are"),
        (("out", CODE, "housing", "--to", "Smelter"), "Begin with reuse"),
        (("out", "X", "housing", "--to", "recycling"), "delid ledger find"),
        (("report", "cn-code-read"), "Such are"),
        (("report", "cn-upload-intake-reuse"), "Give --battery"),
        (("footprint", "X"), "no entry about"),
    ],
)
def test_what_is_used_wrongly_says_what_to_do(call, place, words, hint):
    told = call(words[0], place, *words[1:])
    assert (told.exit_code, hint in told.stderr) == (2, True), told.output


def test_what_is_due_ends_with_its_report(call, place):
    asked = ("due", place, "--role", "reuse", "--day", "2026-11-24", "--json")
    late = json.loads(call(*asked).stdout)["due"]
    assert [(d["duty"], d["status"]) for d in late if d["battery"]] == [("cn-upload-intake-reuse", "overdue")]
    assert call(*asked).exit_code == 1
    told = call("report", place, "cn-upload-intake-reuse", "--battery", CODE, "--reference", "R-17", "--by", "Ann")
    assert told.exit_code == 0, told.output
    rest = json.loads(call(*asked, "--all").stdout)["due"]
    assert {d["status"] for d in rest if d["duty"] == "cn-upload-intake-reuse"} == {"done"}
    assert "OVERDUE   site 2026-11-02/2026-11-23: daily self-inspection" in call(*asked[:-1]).stdout


def test_a_signed_daily_list_passes_and_an_incomplete_one_is_not_taken(call, place, tmp_path):
    items = ["ventilation", "fire-equipment", "smoke-alarm", "infrared", "discharge", "safety-box", "classes-apart",
             "temperature-humidity"]  # fmt: skip
    photo = tmp_path / "hall.jpg"
    photo.write_bytes(b"a picture")
    with_photo = items[1:7]
    answers = tmp_path / "answers.yaml"
    text = "day: 2026-11-02\nanswers: {" + ", ".join(f"{item}: 'no'" for item in items) + "}\nphotos:\n"
    answers.write_text(text + "".join(f"  {item}: [hall.jpg]\n" for item in with_photo[1:]))
    told = call("sign", place, answers, "--by", "Ann")
    assert (told.exit_code, "fire-equipment has no photo" in told.stderr) == (2, True)
    assert call("daily", place, "--day", "2026-11-02").exit_code == 1
    answers.write_text(text + "".join(f"  {item}: [hall.jpg]\n" for item in with_photo))
    assert call("sign", place, answers, "--by", "Ann").exit_code == 0
    shown = call("daily", place, "--day", "2026-11-02")
    assert (shown.exit_code, shown.stdout.startswith("2026-11-02: passed, signed by p-")) == (0, True)
    entry = entries(place)[0]
    assert entry.payload["items"][1]["photos"][0]["sha256"] == hashlib.sha256(b"a picture").hexdigest()


def test_an_inspection_of_the_outlet_finds_the_sites_records(call, place):
    before = call("outlet", place)
    assert (before.exit_code, "OPEN temperature-humidity" in before.stdout) == (1, True)
    for what in ("temperature_humidity", "smoke", "infrared", "brine_tank", "discharge_cabinet"):
        assert call("site", place, what, "temperature=21.5degC", "state=ready", "--by", "Ann").exit_code == 0
    after = call("outlet", place)
    assert (after.exit_code, "OPEN" in after.stdout) == (0, False)
    values = entries(place)[0].payload["values"]
    assert [(v["name"], v["value"], v["unit"]) for v in values] == [
        ("temperature", 21.5, "degC"),
        ("state", "ready", ""),
    ]


def test_the_factor_table_names_every_source(call):
    told = call("factors")
    rows = [line for line in told.stdout.splitlines() if line.startswith("  ")]
    assert len(rows) == 11
    assert all("/" in row and "[" in row.split("]")[0] for row in rows)


def test_what_is_no_record_is_said(call, tmp_path):
    told = call("footprint", tmp_path / "none.db", CODE)
    assert (told.exit_code, "no such file" in told.stderr) == (2, True)
    told = call("due", tmp_path / "none.db", "--region", "mars")
    assert (told.exit_code, "Known are: cn, eu" in told.stderr) == (2, True)


def test_a_battery_is_stored_where_its_class_belongs_and_leaves_once(call, place):
    before = len(entries(place))
    told = call("store", place, CODE, "hall A", "--serves", "A", "--class", "C", "--by", "Ann")
    assert (told.exit_code, "is of class C, and hall A is for A" in told.stderr) == (1, True)
    told = call("hand-over", place, CODE, "--to", "Bike Works", "--route", "reuse:e_bike:Bike Works", "--by", "Ann")
    assert (told.exit_code, len(entries(place))) == (1, before), "a rule refuses the use, and nothing is noted"
    told = call("store", place, CODE, "hall C", "--serves", "B", "--serves", "C", "--class", "C", "--by", "Ann")
    assert told.exit_code == 0, told.output
    own = call("store", place, CODE, "hall A", "--serves", "A", "--by", "Ann")
    assert (own.exit_code, "class A" in own.stdout) == (0, True), "the class that its judgement gave"
    gone = ("hand-over", place, CODE, "--to", "Smelter Ltd", "--route", "recycling:Smelter", "--by", "Ann")
    assert call(*gone, "--item", "busbar").exit_code == 0, "a part of it"
    assert call(*gone, "--document", "T-17").exit_code == 0
    last = entries(place)[0]
    assert (last.kind, last.payload["to"], last.payload["document"]) == ("hand_over", "Smelter Ltd", "T-17")
    for again in (call(*gone), call("store", place, CODE, "hall A", "--serves", "A")):
        assert (again.exit_code, f"left already: entry {last.seq}" in again.stderr) == (2, True)
