"""Retention and legal hold: what goes, what stays, and that it is written down before it goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delid.config import RetentionRules, load_retention
from delid.core import HazardClass, ManualClock, UsageError
from delid.keeping import PhotoStore, apply_plan, is_on_hold, make_plan
from delid.ledger import Intake, JudgementItem, Ledger, LegalHold, ModuleOut, Photo, SafetyJudgement, SigningKey

JPEG = b"\xff\xd8\xff picture of "
DAY_S = 86_400.0
RULES = RetentionRules.model_validate(
    {"retention": "t", "version": 1, "photos": {"days": 100, "why": "chosen by this test"},
     "names": {"days": 60, "why": "chosen by this test"}}
)  # fmt: skip


class Yard:
    """A ledger with one judged battery for each name given, all of them judged now."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.ledger = Ledger.begin(folder / "ledger.sqlite", "yard", SigningKey.new().public, self.clock)
        self.store = PhotoStore(folder / "photos")

    def judge(self, battery: str, by: str) -> str:
        photo = self.store.keep(JPEG + battery.encode())
        item = JudgementItem(id="leak", text="Leaks", answer="yes", photos=(Photo(sha256=photo.sha256),))
        self.ledger.append(Intake(site="yard", identity="code"), battery)
        self.ledger.append(
            SafetyJudgement(items=(item,), passed=False, hazard_class=HazardClass.C, by=self.ledger.person(by)), battery
        )
        return photo.sha256

    def hold(self, battery: str, on: bool) -> None:
        self.ledger.append(LegalHold(on=on, reason="claim", by=self.ledger.person("judge")), battery)

    def plan(self, days: float) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        found = make_plan(self.ledger, self.store, RULES, self.clock.wall_s() + days * DAY_S)
        return found.photos, found.people, found.held


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def test_pictures_and_names_go_when_they_are_old_enough(yard: Yard) -> None:
    digest = yard.judge("A", "Li Na")
    assert yard.plan(59) == ((), (), ())
    assert yard.plan(61) == ((), (yard.ledger.person("Li Na"),), ())
    assert yard.plan(101)[0] == (digest,)


def test_a_hold_keeps_both_and_says_so_until_it_is_lifted(yard: Yard) -> None:
    digest = yard.judge("A", "Li Na")
    yard.hold("A", True)
    assert yard.plan(400) == ((), (), ("A",))
    yard.hold("A", False)
    photos, people, held = yard.plan(400)
    assert photos == (digest,)
    assert yard.ledger.person("Li Na") in people
    assert held == ()


def test_the_hold_of_a_pack_is_the_hold_of_its_modules(yard: Yard) -> None:
    yard.judge("A", "Li Na")
    yard.ledger.append(ModuleOut(parent="A", position="module.01", identity="derived"), "A-m1")
    yard.hold("A", True)
    assert is_on_hold(yard.ledger, "A-m1")
    assert not is_on_hold(yard.ledger, "B")


def test_a_name_that_stands_in_one_held_record_stays(yard: Yard) -> None:
    yard.judge("A", "Li Na")
    yard.judge("B", "Li Na")
    yard.hold("B", True)
    photos, people, _ = yard.plan(400)
    assert len(photos) == 1
    assert people == ()


def test_what_goes_is_written_down_and_the_entries_stay(yard: Yard) -> None:
    digest = yard.judge("A", "Li Na")
    who = yard.ledger.person("Li Na")
    bodies = [e.body for e in yard.ledger.entries_of("A")]
    plan = make_plan(yard.ledger, yard.store, RULES, yard.clock.wall_s() + 400 * DAY_S)
    entry = apply_plan(yard.ledger, yard.store, plan, "admin")
    assert entry is not None
    assert (entry.payload["photos"], entry.payload["people"]) == ([digest], [who])
    assert yard.store.read(digest) is None
    assert who not in yard.ledger.names()
    assert [e.body for e in yard.ledger.entries_of("A")] == bodies
    assert apply_plan(yard.ledger, yard.store, make_plan(yard.ledger, yard.store, RULES, 1.0), "admin") is None


def test_a_picture_that_no_entry_names_goes_after_a_week(yard: Yard) -> None:
    photo = yard.store.keep(JPEG)
    now = yard.clock.wall_s()
    os.utime(photo.path, (now, now))
    assert yard.plan(6)[0] == ()
    assert yard.plan(8)[0] == (photo.sha256,)


def test_the_store_takes_pictures_only_and_knows_changed_ones(yard: Yard) -> None:
    with pytest.raises(UsageError, match="no JPEG or PNG"):
        yard.store.keep(b"#!/bin/sh")
    photo = yard.store.keep(JPEG)
    assert yard.store.keep(JPEG).path == photo.path
    assert yard.store.read(photo.sha256) == JPEG
    photo.path.write_bytes(JPEG + b"!")
    assert yard.store.read(photo.sha256) is None
    assert yard.store.find("../../etc/passwd") is None


def test_the_shipped_rules_give_a_reason_for_each_number(repository: Path) -> None:
    found = load_retention(repository / "cell_configs/record/retention.yaml")
    assert found.photos.days >= found.names.days >= 30
