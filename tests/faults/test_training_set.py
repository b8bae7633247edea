"""A recording becomes pictures and labels in COCO, with what people and tools said, and fitting reads them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from recording_kit import HEADER, jpeg_frame

from delid.core import (
    Assessment,
    Damage,
    DamageKind,
    Decide,
    Event,
    Fastener,
    FastenerKind,
    Frame,
    FrameFacts,
    HazardClass,
    Inspection,
    Locate,
    Located,
    Look,
    Looked,
    ManualClock,
    PackStatus,
    PackVerdict,
    Quality,
    Record,
    Sighting,
    Started,
    UsageError,
)
from delid.journal import CATEGORIES, RecordingWriter, write_training_set
from delid.training._coco import coco_crops, is_coco, sound_pictures
from delid.training._sound_photos import photo_paths
from delid.vision import FASTENER_KINDS

BOX = (20.0, 30.0, 59.0, 49.0)
DENT = Damage(DamageKind.DENT, 0.6, 0.4, BOX)
RUST = Damage(DamageKind.CORROSION, 0.95, 0.3, BOX)
BOLTS = (
    Fastener("lid.01", FastenerKind.BOLT, (100.0, 50.0), (0.0, 0.0), 0.97),
    Fastener("lid.02", FastenerKind.BOLT, (200.0, 50.0), (60.0, 0.0), 0.5),
    Fastener("lid.03", FastenerKind.NUT, (200.0, 150.0), (60.0, -60.0), 0.97),
)
UNKNOWN = PackVerdict(PackStatus.AMBIGUOUS, None, 0.5, (), ((10.0, 10.0), (280.0, 10.0), (280.0, 280.0)))
KNOWN = dataclasses.replace(UNKNOWN, status=PackStatus.KNOWN, model="vw-meb-82")


def inspection(
    frame: Frame, pack: PackVerdict, damage=(), unclear=(), fasteners=BOLTS, hazard=HazardClass.B
) -> Inspection:
    facts = FrameFacts(300, 300, frame.sha256)
    return Inspection(frame.source, facts, Quality(True), pack, damage, hazard, (), fasteners, unclear=unclear)


def assessment(seen: Inspection) -> Assessment:
    return Assessment(seen.pack, seen.damage, seen.hazard_class, (), seen.fasteners, unclear=seen.unclear)


class Told:
    """Writes one run, picture by picture."""

    def __init__(self, path: Path, run: str = "20270301T080000.000-a") -> None:
        self.writer = RecordingWriter(path, ManualClock(2.0), dataclasses.replace(HEADER, run_id=run))
        self.writer.event(Started(2.0))
        self.number = 0

    def look(self, seen: Inspection, frame: Frame, raking: Frame | None = None) -> None:
        self.number += 1
        name = f"look.{self.number}"
        looks = {}
        if raking is not None:
            self.writer.effect(Look(f"{name}.left", "find", 1, 5.0, look="rake_left"))
            self.writer.frame(dataclasses.replace(raking, look="rake_left"), f"{name}.left")
            looks = {"rake_left": f"{name}.left"}
        self.writer.effect(Look(name, "find", 1, 5.0, looks=looks))
        self.writer.frame(frame, name)
        self.writer.event(Looked(3.0, name, (seen,), assessment(seen)))

    def say(self, *facts: Event | Decide | Record | Locate) -> None:
        for fact in facts:
            self.writer.event(fact) if isinstance(fact, Event) else self.writer.effect(fact)


def picture(number: int) -> Frame:
    return jpeg_frame(number, 300)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """An ambiguous pack that a person names; a dent that is not there; a stripped bolt; a fine look."""
    run = Told(tmp_path / "told.mcap")
    first = inspection(picture(1), UNKNOWN, damage=(RUST,), unclear=(DENT,))
    run.look(first, picture(1), raking=picture(2))
    named = Decide("d", assessment(first), {}, assume_pack="vw-meb-82", ruled_out=(DamageKind.DENT,))
    run.say(named, Record("failure", {"key": "r/lid_bolts/lid.02", "kind": "stripped", "detail": "", "number": 1}))
    run.look(inspection(picture(3), KNOWN, hazard=HazardClass.A), picture(3))
    run.say(Locate("fine", "lid.03", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1, 1.0))
    run.writer.frame(picture(4), "fine", "close")
    run.say(Located(4.0, "fine", Sighting(FastenerKind.NUT, (150.0, 149.0), (60.0, -60.0), 0.99)))
    run.writer.close()
    assert run.writer.healthy
    return tmp_path / "told.mcap"


def coco(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "annotations.json").read_text())
    return found


def labels(data: dict[str, Any], image: int) -> dict[str, dict[str, Any]]:
    """Annotations of one image by category, fasteners by their id."""
    names = {number: name for name, number in CATEGORIES.items()}
    own = [a for a in data["annotations"] if a["image_id"] == image]
    return {a["attributes"].get("fastener") or names[a["category_id"]]: a for a in own}


def test_pictures_and_labels_with_what_people_and_tools_said(told, tmp_path):
    report = write_training_set([told], tmp_path / "set")
    assert (report.recordings, report.images, report.corrected_images) == (1, 4, 2)
    data = coco(tmp_path / "set")
    first, raking, second, fine = data["images"]
    assert (tmp_path / "set" / first["file_name"]).read_bytes() == picture(1).encoded
    assert first["delid"]["pack"] == "vw-meb-82"
    assert first["delid"]["pack_source"] == "operator"
    assert first["delid"]["absent"] == ["dent"]
    assert first["date_captured"] == "2027-03-01T08:00:00+00:00"
    assert raking["delid"]["look"] == "rake_left"
    assert raking["delid"]["ambient_image_id"] == first["id"]
    assert labels(data, raking["id"]) == {}
    seen = labels(data, first["id"])
    assert set(seen) == {"pack", "corrosion", "lid.01", "lid.02", "lid.03"}, "the dent was ruled out by a person"
    assert seen["corrosion"]["bbox"] == [20.0, 30.0, 40.0, 20.0]
    assert seen["lid.02"]["category_id"] == CATEGORIES["stripped"]
    assert seen["lid.02"]["attributes"]["source"] == "tool"
    assert seen["lid.01"]["keypoints"] == [100.5, 50.5, 2]
    assert seen["lid.01"]["bbox"] == [80.5, 30.5, 40.0, 40.0], "24 mm at 0.6 mm to a pixel"
    assert labels(data, second["id"])["lid.02"]["category_id"] == CATEGORIES["bolt"], "seen after the tool was there"
    assert labels(data, fine["id"])["lid.03"]["bbox"] == [126.5, 125.5, 48.0, 48.0]


def test_a_damage_that_a_person_found_is_one(tmp_path):
    run = Told(tmp_path / "a.mcap")
    first = inspection(picture(1), KNOWN, unclear=(DENT,))
    run.look(first, picture(1))
    run.say(Decide("d", assessment(first), {}, ruled_in=(DamageKind.DENT,)))
    run.writer.close()
    write_training_set([tmp_path / "a.mcap"], tmp_path / "set")
    told = labels(coco(tmp_path / "set"), 1)["dent"]["attributes"]
    assert (told["source"], told["unclear"]) == ("operator", False)


STEP = {"key": "r/lid_bolts/lid.01", "status": "done", "detail": "confirmed"}
NOT_FOUND = Record("failure", {"key": "r/lid_bolts/lid.01", "kind": "not_found", "detail": "", "number": 1})
LEFT = {"key": "r/seen", "kind": "still_seen", "detail": "not seen empty: lid.01, lid.03", "number": 1}
HAND = {"key": "r/seen", "status": "done", "detail": "by hand after still_seen"}


@pytest.mark.parametrize(
    ("before", "after", "kind", "source", "doubtful"),
    [
        ((), (Record("step", STEP),), "bolt", "model", False),
        ((), (NOT_FOUND,), "bolt", "tool", True),
        ((Record("step", STEP),), (), "bolt", "tool", True),
        ((Record("step", STEP),), (NOT_FOUND,), "empty", "tool", False),
        ((), (Record("step", STEP), NOT_FOUND), "bolt", "model", False),
        ((Record("failure", LEFT), Record("step", HAND)), (), "empty", "operator", False),
        ((Record("step", STEP),), (Record("failure", LEFT), Record("step", HAND)), "bolt", "tool", True),
    ],
)
def test_what_a_picture_shows_is_known_afterwards(tmp_path, before, after, kind, source, doubtful):
    """The camera says bolt each time; what the tool and people did before and after decides whether it was one."""
    run = Told(tmp_path / "a.mcap")
    run.say(*before)
    run.look(inspection(picture(1), KNOWN), picture(1))
    run.say(*after)
    run.writer.close()
    write_training_set([tmp_path / "a.mcap"], tmp_path / "set")
    found = labels(coco(tmp_path / "set"), 1)["lid.01"]
    told = found["attributes"]
    assert (found["category_id"], told["source"], told["doubtful"]) == (CATEGORIES[kind], source, doubtful)


def test_what_a_person_said_is_done_is_an_empty_place(tmp_path):
    run = Told(tmp_path / "a.mcap")
    run.say(Record("reconciled", {"run": "r0", "same_pack": True, "answers": {"lid.01": "done", "lid.03": "not done"}}))
    run.look(inspection(picture(1), KNOWN), picture(1))
    run.writer.close()
    write_training_set([tmp_path / "a.mcap"], tmp_path / "set")
    seen = labels(coco(tmp_path / "set"), 1)
    assert (seen["lid.01"]["category_id"], seen["lid.01"]["attributes"]["source"]) == (CATEGORIES["empty"], "operator")
    assert (seen["lid.03"]["category_id"], seen["lid.03"]["attributes"]["source"]) == (CATEGORIES["nut"], "model")


def test_several_recordings_and_no_picture_twice(told, tmp_path):
    (tmp_path / "again.mcap").write_bytes(told.read_bytes())
    report = write_training_set([told, tmp_path / "again.mcap"], tmp_path / "set")
    assert (report.recordings, report.images) == (2, 4)
    numbers = [a["id"] for a in coco(tmp_path / "set")["annotations"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_only_what_was_corrected(told, tmp_path):
    report = write_training_set([told], tmp_path / "set", corrected_only=True)
    looks = [image["delid"]["look"] for image in coco(tmp_path / "set")["images"]]
    assert looks == ["ambient", "rake_left", "ambient"], "the raking picture belongs to a corrected one"
    assert report.corrected_images == 2


def test_a_folder_that_is_not_empty_is_left_alone(told, tmp_path):
    with pytest.raises(UsageError):
        write_training_set([told], tmp_path)


# --- read by the training pipeline ----------------------------------------------------------------------------------


def test_fitting_takes_fasteners_that_are_sure_by_their_kind(told, tmp_path):
    write_training_set([told], tmp_path / "set")
    assert is_coco(tmp_path / "set")
    crops = coco_crops(tmp_path / "set")
    counts = {FASTENER_KINDS[kind]: len(found) for kind, found in crops.items()}
    assert counts == {"bolt": 2, "nut": 3, "stripped": 1}, (
        "lid.02 counts where the tool spoke, not where it is doubtful"
    )
    (stripped,) = crops[FASTENER_KINDS.index("stripped")]
    whole = cv2.imdecode(np.frombuffer(picture(1).encoded, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(stripped, whole[30:70, 180:220])


def test_fitting_takes_sound_packs_as_sound_and_no_others(told, tmp_path):
    write_training_set([told], tmp_path / "set")
    data = coco(tmp_path / "set")
    sound = [tmp_path / "set" / image["file_name"] for image in data["images"] if image["delid"]["hazard_class"] == "A"]
    assert sound_pictures(tmp_path / "set") == sound
    assert photo_paths([tmp_path / "set"]) == sound
    assert len(sound) == 1


def test_the_fit_of_fasteners_reads_them(told, tmp_path):
    pytest.importorskip("torch")
    from delid.training._fit_fasteners import count_photos

    write_training_set([told], tmp_path / "set")
    assert count_photos(tmp_path / "set") == 6
