"""The compliance clock: what is due, by when, whether it was done; the daily list; what an inspection asks for."""

import datetime as dt

import pytest
from accounting_kit import PACK, Record

from delid.accounting import DAILY, asked_for, daily_list, due_list
from delid.config import load_rules


def at(day, hour=12):
    """Noon in Beijing unless said otherwise."""
    return dt.datetime.fromisoformat(f"{day}T{hour:02d}:00:00+08:00").timestamp()


@pytest.fixture
def cn(repository):
    rules = load_rules(repository / "cell_configs/compliance/cn.yaml")
    return rules.model_copy(update={"daily": []})


@pytest.fixture
def eu(repository):
    return load_rules(repository / "cell_configs/compliance/eu.yaml").model_copy(update={"daily": []})


def stamp(day, hour=4):
    return f"{day}T{hour:02d}:00:00.000Z"


def one(found, duty):
    return next(due for due in found if due.duty == duty)


UPLOAD = "cn-upload-intake-reuse"


@pytest.mark.parametrize(
    ("today", "status"),
    [("2026-11-02", "open"), ("2026-11-19", "open"), ("2026-11-20", "due_soon"), ("2026-11-23", "due_soon"),
     ("2026-11-24", "overdue")],
)  # fmt: skip
def test_fifteen_working_days_after_the_intake(cn, today, status):
    record = Record().intake(at=stamp("2026-11-02"))
    due = one(due_list(record.entries, cn, at(today), ["reuse"]), UPLOAD)
    assert (due.until, due.status) == ("2026-11-23", status)
    assert "Article 14" in due.source


def test_holidays_and_worked_weekends_move_the_end(cn):
    record = Record().intake(at=stamp("2026-11-02"))
    moved = cn.model_copy(
        update={"holidays": [dt.date(2026, 11, 4), dt.date(2026, 11, 5)], "work_days": [dt.date(2026, 11, 7)]}
    )
    assert one(due_list(record.entries, moved, at("2026-11-02"), ["reuse"]), UPLOAD).until == "2026-11-24"


def test_the_day_is_the_regions_own(cn):
    late = Record().intake(at="2026-11-02T17:30:00.000Z")  # the third of November in China
    assert one(due_list(late.entries, cn, at("2026-11-03"), ["reuse"]), UPLOAD).since == "2026-11-03"


@pytest.mark.parametrize(("day", "status"), [("2026-11-23", "done"), ("2026-11-24", "done_late")])
def test_a_report_ends_its_duty(cn, day, status):
    record = Record().intake(at=stamp("2026-11-02")).add("report", report=UPLOAD, rule="x", by="p-1", at=stamp(day))
    due = one(due_list(record.entries, cn, at("2026-12-24"), ["reuse"]), UPLOAD)
    assert (due.status, due.done) == (status, day)


def test_another_duties_report_ends_nothing(cn):
    record = (
        Record().intake(at=stamp("2026-11-02")).add("report", report="cn-upload-handover-reuse", rule="x", by="p-1")
    )
    assert one(due_list(record.entries, cn, at("2026-12-24"), ["reuse"]), UPLOAD).status == "overdue"


def test_each_intake_is_a_duty_of_its_own(cn):
    record = (
        Record().intake(at=stamp("2026-11-02")).add("report", report=UPLOAD, rule="x", by="p-1", at=stamp("2026-11-03"))
    )
    record.add("hand_over", to="x", route="reuse", by="p-1", at=stamp("2026-11-04")).intake(at=stamp("2026-11-05"))
    found = [d for d in due_list(record.entries, cn, at("2026-12-24"), ["reuse"]) if d.duty == UPLOAD]
    assert sorted((d.since, d.status) for d in found) == [("2026-11-02", "done"), ("2026-11-05", "overdue")]


def test_roles_choose_the_duties(cn):
    entries = Record().intake(at=stamp("2026-11-02")).entries
    duties = {due.duty for due in due_list(entries, cn, at("2026-11-02"), ["outlet"])}
    assert "cn-upload-intake-outlet" in duties
    assert UPLOAD not in duties
    assert {UPLOAD, "cn-upload-intake-outlet"} <= {due.duty for due in due_list(entries, cn, at("2026-11-02"))}


JUDGED = "cn-judgement-before-transport"


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((), "open"),
        (("judged",), "done"),
        (("judged", "gone"), "done"),
        (("gone",), "overdue"),
        (("gone", "judged"), "done_late"),
    ],
)
def test_the_judgement_comes_before_the_hand_over(cn, kinds, status):
    record = Record().intake()
    for kind in kinds:
        record.judged() if kind == "judged" else record.add("hand_over", to="x", route="recycling", by="p-1")
    due = one(due_list(record.entries, cn, at("2026-11-03")), JUDGED)
    assert (due.status, due.before) == (status, "handed_over")


def test_a_code_read_later_ends_its_duty_under_the_new_name(cn):
    record = Record("provisional-7").intake(identity="provisional")
    assert one(due_list(record.entries, cn, at("2026-11-03")), "cn-code-read").status == "open"
    record.add("identity_linked", PACK, provisional="provisional-7", reason="label cleaned")
    due = one(due_list(record.entries, cn, at("2026-11-03")), "cn-code-read")
    assert (due.status, due.battery) == ("done", PACK)


STORED = "eu-storage-before-recovery"


def store(record, day, place="rack 1"):
    return record.add("storage", place=place, hazard_class="B", at=stamp(day))


def test_storage_runs_from_the_first_place_and_moving_does_not_begin_it_anew(eu):
    record = store(store(Record().intake(at=stamp("2026-01-10")), "2026-01-12"), "2027-06-01", "rack 2")
    found = [d for d in due_list(record.entries, eu, at("2028-06-01")) if d.duty == STORED]
    assert [(d.since, d.until, d.status) for d in found] == [("2026-01-12", "2029-01-12", "open")]
    record.add("hand_over", to="Smelter", route="recycling", by="p-1", at=stamp("2028-12-02"))
    store(record, "2028-12-20")
    found = [d for d in due_list(record.entries, eu, at("2029-02-01")) if d.duty == STORED]
    assert sorted((d.since, d.status) for d in found) == [("2026-01-12", "done"), ("2028-12-20", "open")]


def test_the_yearly_report_is_due_six_months_after_the_year_and_once_for_it(eu):
    record = Record().intake(at=stamp("2025-06-01")).intake(at=stamp("2026-03-01")).intake(at=stamp("2026-09-01"))
    record.add("intake", "other", site="x", identity="code", at=stamp("2026-10-01"))
    found = [d for d in due_list(record.entries, eu, at("2027-05-20")) if d.duty == "eu-yearly-report"]
    assert [(d.period, d.until, d.status, d.battery) for d in found] == [("2026", "2027-06-30", "due_soon", "")]
    record.add("report", "", report="eu-yearly-report", rule="x", period="2026", by="p-1", at=stamp("2027-06-30"))
    assert one(due_list(record.entries, eu, at("2027-07-20")), "eu-yearly-report").status == "done"


def test_the_most_pressing_comes_first(cn):
    record = Record().intake(at=stamp("2026-11-02")).judged()
    statuses = [due.status for due in due_list(record.entries, cn, at("2026-11-24"), ["reuse"])]
    assert statuses[0] == "overdue"
    assert statuses[-1] == "done"


# --- the daily list -----------------------------------------------------------------------------------------------


def signed(rules, day, **answers):
    items = [
        {"id": item.item, "text": item.fault, "answer": "no", "photos": [{"sha256": "ab" * 32}]} for item in rules.daily
    ]
    for item in items:
        item |= answers.get(item["id"].replace("-", "_"), {})
    return {"site": "hall-1", "day": day, "items": items, "by": "p-1"}


@pytest.fixture
def full_cn(repository):
    return load_rules(repository / "cell_configs/compliance/cn.yaml")


def test_a_signed_list_with_every_item_and_photo_passes(full_cn):
    record = Record().add("self_inspection", "", **signed(full_cn, "2026-11-02"))
    found = daily_list(record.entries, full_cn, "2026-11-02")
    assert (found.passed, found.signed_by, [line.wrong for line in found.lines]) == (True, "p-1", [""] * 8)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"answer": "yes"}, "a smoke alarm does not show ready"),
        ({"answer": "not_judged"}, "not answered"),
        ({"photos": []}, "the photo is missing"),
    ],
)
def test_what_is_wrong_with_the_list_is_said(full_cn, answer, wrong):
    record = Record().add("self_inspection", "", **signed(full_cn, "2026-11-02", smoke_alarm=answer))
    found = daily_list(record.entries, full_cn, "2026-11-02")
    assert not found.passed
    assert [(line.item, line.wrong) for line in found.lines if line.wrong] == [("smoke-alarm", wrong)]


def test_a_day_without_a_list_is_open_item_by_item(full_cn):
    found = daily_list([], full_cn, "2026-11-02")
    assert (found.passed, found.signed_by, len(found.lines)) == (False, None, 8)
    assert {line.wrong for line in found.lines} == {"not answered"}


def test_days_without_a_list_are_overdue_in_rows_and_today_is_due(full_cn):
    record = Record().intake(at=stamp("2026-11-02"))
    record.add("self_inspection", "", at=stamp("2026-11-04"), **signed(full_cn, "2026-11-04"))
    found = [d for d in due_list(record.entries, full_cn, at("2026-11-07")) if d.duty == DAILY]
    assert [(d.period, d.status) for d in found] == [
        ("2026-11-02/2026-11-03", "overdue"), ("2026-11-05/2026-11-06", "overdue"), ("2026-11-07", "due_soon"),
    ]  # fmt: skip


def test_where_only_working_days_count_the_weekend_is_free(full_cn):
    rules = full_cn.model_copy(update={"daily_on": "working_days"})
    record = Record().intake(at=stamp("2026-11-06"))  # a Friday
    found = [d for d in due_list(record.entries, rules, at("2026-11-09")) if d.duty == DAILY]
    assert [d.period for d in found] == ["2026-11-06", "2026-11-09"]


# --- what an inspection asks for ----------------------------------------------------------------------------------


def test_an_inspection_finds_what_is_there_and_what_is_not(full_cn):
    record = Record().intake().judged().add("intake", "provisional-7", site="x", identity="provisional")
    record.add("measurement", "", what="temperature_humidity", at=stamp("2026-11-05"),
               values=[{"name": "temperature", "value": 21.5, "unit": "degC"}])  # fmt: skip
    found = {row.record: row for row in asked_for(record.entries, full_cn, at("2026-11-06"))}
    assert set(found) == {
        "intake", "code-reader", "safety-judgement", "temperature-humidity", "smoke", "infrared", "brine-tank",
        "discharge-cabinet",
    }  # fmt: skip
    assert found["intake"].shown
    assert (found["code-reader"].shown, found["code-reader"].missing) == (False, ("provisional-7",))
    assert (found["temperature-humidity"].shown, found["temperature-humidity"].newest) == (True, "2026-11-05")
    assert (found["smoke"].shown, found["smoke"].words) == (False, "nothing recorded")
    assert all(row.source for row in found.values())


def test_a_record_that_is_too_old_is_not_shown(full_cn):
    asked = [row.model_dump() | {"newest_within": {"days": 2}} for row in full_cn.asked if row.site_record]
    rules = type(full_cn).model_validate(full_cn.model_dump() | {"asked": asked})
    record = Record().add("measurement", "", what="smoke", at=stamp("2026-11-02"), values=[])
    for day, shown in (("2026-11-04", True), ("2026-11-05", False)):
        found = {row.record: row for row in asked_for(record.entries, rules, at(day))}
        assert found["smoke"].shown is shown
