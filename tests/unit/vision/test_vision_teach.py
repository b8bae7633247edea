"""Teaching a pack: what is taken, what stands in the way, and what the gallery keeps of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import vision_kit as kit
from numpy.typing import NDArray

from delid.core import ModelError, PackStatus, UsageError
from delid.vision import (
    Gallery,
    Lesson,
    OnnxModel,
    Photo,
    Teaching,
    load_gallery,
    load_model,
    read_photos,
    ready_gallery,
    remove_pack,
    store_pack,
    taught_packs,
    teach_pack,
)
from delid.vision._gallery import Provenance
from delid.vision._photos import ADVICE, LOOK_SUFFIXES, sketch_of
from delid.vision._teach import ACCEPTABLE, LEFT_OUT, own_threshold

VIOLET: kit.Colour = (200, 60, 200)
LESSON = Lesson("new-pack", by="A. Tester", at_s=1_800_000_000.0)


@pytest.fixture(scope="module")
def model(models: Path) -> OnnxModel:
    return load_model(models / "pack-damage", "pack_damage")


@pytest.fixture(scope="module")
def known(gallery: Path, model: OnnxModel) -> Gallery:
    return load_gallery(gallery, model.manifest.sha256, kit.DIM)


def shot(colour: kit.Colour, seed: int) -> NDArray[np.uint8]:
    return kit.picture(colour, (320, 240), seed)


@cache
def shot_bytes(colour: kit.Colour, seed: int) -> bytes:
    return kit.jpeg(shot(colour, seed))


def photo(seed: int, colour: kit.Colour = VIOLET, name: str = "") -> Photo:
    return Photo(name or f"lid-{seed}.jpg", {"ambient": shot_bytes(colour, seed)})


def photos(count: int = 6) -> list[Photo]:
    return [photo(seed, (200, 58 + seed, 200)) for seed in range(count)]


def codes(teaching: Teaching) -> list[tuple[str, str]]:
    return [(o.code, o.photo) for o in teaching.objections]


def test_a_good_set_is_taught_and_recognised(model: OnnxModel, known: Gallery, tmp_path: Path) -> None:
    teaching = teach_pack(photos(), LESSON, model, known)
    assert teaching.ok
    assert teaching.file is not None
    assert store_pack(tmp_path, teaching.file, LESSON.at_s) is None
    gallery = load_gallery(tmp_path, model.manifest.sha256, kit.DIM)
    threshold = model.manifest.thresholds.pack
    assert threshold is not None
    seen = kit.prepare(shot(VIOLET, 99), model.manifest.input)
    verdict = gallery.judge(model.run(seen)["embedding"][0], threshold)
    assert (verdict.status, verdict.model) == (PackStatus.KNOWN, "new-pack")
    other = kit.prepare(shot((90, 150, 120), 99), model.manifest.input)
    assert gallery.judge(model.run(other)["embedding"][0], threshold).status is PackStatus.UNKNOWN


def test_provenance_says_who_when_with_what_and_from_which_files(model: OnnxModel, known: Gallery) -> None:
    teaching = teach_pack(photos(), LESSON, model, known)
    assert teaching.file is not None
    lesson = teaching.file.provenance
    assert isinstance(lesson, Provenance)
    assert (lesson.taught_at, lesson.taught_by, lesson.model) == (
        "2027-01-15T08:00:00Z", "A. Tester", "tiny-pack-damage 0",
    )  # fmt: skip
    assert teaching.file.model_sha256 == model.manifest.sha256
    assert [p.file for p in lesson.pictures] == [p.name for p in photos()]
    assert lesson.pictures[0].size_px == (320, 240)
    assert len({p.sha256 for p in lesson.pictures}) == 6


def test_the_expected_confusion_covers_every_pack(model: OnnxModel, known: Gallery) -> None:
    teaching = teach_pack(photos(), LESSON, model, known)
    rows = {row.pack: row for row in teaching.confusion}
    assert set(rows) == {*kit.PACK_COLOURS, "new-pack"}
    assert (rows["new-pack"].pictures, rows["new-pack"].right) == (6, 6)
    assert rows["vw-meb-82"].pictures == 0, "one prototype cannot be judged without itself"
    assert [one.judged for one in teaching.photos] == ["new-pack"] * 6
    assert all(one.own > one.other_score for one in teaching.photos)


@pytest.mark.parametrize(
    ("bad", "code", "words"),
    [
        (Photo("bad.jpg", {"ambient": b""}), "unreadable", "empty"),
        (Photo("bad.jpg", {"ambient": kit.jpeg(shot(VIOLET, 9))[:-900]}), "unreadable", "cut short"),
        (Photo("bad.jpg", {"ambient": kit.jpeg(np.full((240, 320, 3), 120, np.uint8))}), "unusable", "blurred"),
        (Photo("bad.jpg", {"ambient": kit.jpeg(shot((5, 5, 5), 9))}), "unusable", "dark"),
        (Photo("bad.jpg", {"ambient": kit.jpeg(np.full((240, 320, 3), 255, np.uint8))}), "unusable", "over-exposed"),
        (Photo("bad.jpg", {"rake_left": kit.jpeg(shot(VIOLET, 9))}), "stray_look", "rake_left"),
        (photo(3, (200, 61, 200), "bad.jpg"), "too_alike", "the same file as lid-3.jpg"),
        (photo(3, (220, 75, 215), "bad.jpg"), "too_alike", "the same scene as lid-3.jpg"),
        (photo(9, (20, 200, 20), "bad.jpg"), "outlier", "0.97 is needed"),
    ],
)
def test_a_photograph_that_is_not_fit_is_named_with_what_to_do(
    model: OnnxModel, known: Gallery, bad: Photo, code: str, words: str
) -> None:
    teaching = teach_pack([*photos(), bad], LESSON, model, known)
    assert not teaching.ok
    assert codes(teaching) == [(code, "bad.jpg")]
    assert words in teaching.objections[0].words
    assert teaching.objections[0].advice == ADVICE[code] != ""
    left_out = teach_pack([*photos(), bad], replace(LESSON, leave_out=True), model, known)
    assert left_out.ok
    assert left_out.file is not None
    assert isinstance(left_out.file.provenance, Provenance)
    assert [p.file for p in left_out.file.provenance.pictures] == [p.name for p in photos()]
    assert [note.split(",")[0] for note in left_out.file.provenance.notes] == ["bad.jpg left out"]


def test_too_few_and_too_many(model: OnnxModel, known: Gallery) -> None:
    few = teach_pack(photos(4), replace(LESSON, leave_out=True, accept=ACCEPTABLE), model, known)
    assert codes(few) == [("too_few", "")], "a small set cannot be talked away"
    many = teach_pack(photos(21), LESSON, model, known)
    assert codes(many) == [("too_many", "")]
    nothing = teach_pack([], LESSON, model, known)
    assert (nothing.ok, nothing.file, codes(nothing)) == (False, None, [("too_few", "")])
    assert {row.pack for row in nothing.confusion} == set(kit.PACK_COLOURS)


def test_a_set_of_all_sorts_is_scattered(model: OnnxModel, known: Gallery) -> None:
    colours: list[kit.Colour] = [(20, 200, 20), (200, 20, 20), (20, 20, 200), (200, 200, 20), (20, 200, 200)]
    sorts = [photo(seed, colour) for seed, colour in enumerate(colours)]
    teaching = teach_pack(sorts, replace(LESSON, leave_out=True), model, known)
    assert codes(teaching) == [("scattered", "")]
    assert "5 of 5 photographs" in teaching.objections[0].words
    assert teach_pack(sorts, replace(LESSON, accept=frozenset({"scattered"})), model, known).ok


def test_an_outlier_that_is_accepted_is_not_left_out(model: OnnxModel, known: Gallery) -> None:
    odd = [*photos(), photo(9, (20, 200, 20), "odd.jpg")]
    teaching = teach_pack(odd, replace(LESSON, leave_out=True, accept=frozenset({"outlier"})), model, known)
    assert teaching.ok
    assert [one.picture for one in teaching.photos][-1] == "odd.jpg"
    assert [o.code for o in teaching.overruled] == ["outlier"]


def test_too_near_an_existing_pack_names_pack_photograph_and_scores(model: OnnxModel, known: Gallery) -> None:
    grey = [photo(seed, (150, 148 + seed, 150)) for seed in range(6)]
    teaching = teach_pack(grey, LESSON, model, known)
    assert {o.code for o in teaching.objections} == {"near_pack"}
    assert {o.photo for o in teaching.objections} == {p.name for p in grey}
    assert "against vw-meb-82 and 1.00 against the other photographs" in teaching.objections[0].words
    assert not teach_pack(grey, replace(LESSON, leave_out=True), model, known).ok, "hard cases are not left out"
    accepted = teach_pack(grey, replace(LESSON, accept=frozenset({"near_pack"})), model, known)
    assert accepted.ok
    assert accepted.file is not None
    assert isinstance(accepted.file.provenance, Provenance)
    assert accepted.file.provenance.pictures[0].notes[0].startswith("taken all the same, near_pack")


def test_a_new_pack_that_would_hide_an_old_one_disturbs(model: OnnxModel, known: Gallery) -> None:
    old = teach_pack(photos(), replace(LESSON, pack="old-pack"), model, known)
    assert old.file is not None
    both = known.added("old-pack", old.file.matrix(), None, old.file.picture_names())
    twin = [photo(seed + 50, (200, 58 + seed, 200)) for seed in range(6)]
    found = {o.code: o for o in teach_pack(twin, LESSON, model, both).objections}
    assert set(found) == {"near_pack", "disturbs"}
    assert "6 pictures of old-pack would no longer be recognised: lid-0.jpg (ambiguous)" in found["disturbs"].words


def test_a_pack_taught_anew_is_not_near_itself(model: OnnxModel, known: Gallery) -> None:
    grey = [photo(seed, (150, 148 + seed, 150)) for seed in range(6)]
    assert teach_pack(grey, replace(LESSON, pack="vw-meb-82"), model, known).ok


def test_every_objection_can_be_answered_or_stands(model: OnnxModel) -> None:
    assert set(ADVICE) - LEFT_OUT - ACCEPTABLE == {"too_few", "too_many"}
    with pytest.raises(ValueError, match="same name"):
        teach_pack([photo(1), photo(1)], LESSON, model, Gallery({}))


@pytest.mark.parametrize(
    ("own", "reach", "wanted", "words"),
    [
        ([0.99, 0.98], -1.0, 0.88, "raised from the model's 0.800; photographs score 0.980 or more"),
        ([0.99, 0.98], 0.6, 0.88, "other packs reach 0.600"),
        ([0.99, 0.98], 0.85, 0.9, "raised from the model's 0.800"),
        ([0.99, 0.92], 0.91, 0.87, "raised"),
        ([0.89, 0.88], -1.0, 0.8, "the model's own; photographs score 0.880 or more"),
        ([0.7, 0.6], 0.9, 0.8, "the model's own"),
        ([], 0.9, 0.8, "no second photograph"),
    ],
)
def test_the_own_threshold_is_never_below_the_models(
    model: OnnxModel, own: list[float], reach: float, wanted: float, words: str
) -> None:
    rule = model.manifest.thresholds.pack
    assert rule is not None
    found = own_threshold(own, reach, rule.model_copy(update={"min_score": 0.8, "margin": 0.05}), 0.1)
    assert found.min_score == pytest.approx(wanted)
    assert words in found.chosen


def test_a_sketch_tells_scenes_apart_and_not_their_brightness() -> None:
    image = shot(VIOLET, 1)
    noisy = np.clip(image + np.random.default_rng(1).normal(0, 4, image.shape), 0, 255).astype(np.uint8)
    brighter = np.asarray(cv2.convertScaleAbs(image, alpha=1.15), np.uint8)
    sketch = sketch_of(image)
    assert float(sketch @ sketch_of(noisy)) > 0.98
    assert float(sketch @ sketch_of(brighter)) > 0.98
    assert float(sketch @ sketch_of(shot(VIOLET, 2))) < 0.6


def test_a_look_goes_with_its_photograph(tmp_path: Path) -> None:
    picture = kit.jpeg(shot(VIOLET, 1))
    for name in ("a.jpg", "a.left.jpg", "a.right.png", "b.JPG", "b.png", "c.left.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(picture)
    (tmp_path / "folder.jpg").mkdir()
    found = {p.name: set(p.images) for p in read_photos(tmp_path)}
    assert found == {
        "a.jpg": {"ambient", "rake_left", "rake_right"},
        "b.JPG": {"ambient"},
        "b.png": {"ambient"},
        "c.left.jpg": {"rake_left"},
    }
    assert set(LOOK_SUFFIXES.values()) == {"rake_left", "rake_right"}


def test_a_look_of_another_size_is_refused_and_one_without_planes_is_not_kept(model: OnnxModel, known: Gallery) -> None:
    whole = [Photo(p.name, {**p.images, "rake_left": p.images["ambient"]}) for p in photos()]
    teaching = teach_pack(whole, LESSON, model, known)
    assert teaching.file is not None
    assert len(teaching.file.matrix()) == 6, "this model has no plane for it"
    other = Photo("odd.jpg", {"ambient": photo(9).images["ambient"], "rake_left": kit.jpeg(kit.picture(VIOLET))})
    assert codes(teach_pack([*whole, other], LESSON, model, known)) == [("unusable", "odd.jpg")]


@dataclass
class SixPlanes:
    """A model with planes for the raking looks: its embedding is the mean of every plane."""

    manifest: Any

    def run(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        means = tensor.mean(axis=(2, 3))
        return {"embedding": np.concatenate([means, np.full((1, 1), 0.2, np.float32)], axis=1)}


def test_a_photograph_with_looks_is_taught_with_and_without_them(model: OnnxModel) -> None:
    spec = model.manifest.input
    planes = ("rgb", "rake_left", "rake_right", "rake_ratio")
    wider = spec.model_copy(update={"shape": (1, 6, *spec.shape[2:]), "planes": planes})
    eyes: Any = SixPlanes(model.manifest.model_copy(update={"input": wider}))
    lamps = {"rake_left": shot_bytes((90, 90, 90), 1), "rake_right": shot_bytes((70, 70, 70), 2)}
    some = [replace(p, images={**p.images, **lamps}) if n == 0 else p for n, p in enumerate(photos())]
    teaching = teach_pack(some, LESSON, eyes, Gallery({}))
    assert teaching.file is not None
    assert isinstance(teaching.file.provenance, Provenance)
    looks = [(p.file, p.looks) for p in teaching.file.provenance.pictures]
    assert looks[:3] == [
        ("lid-0.jpg", ("ambient",)), ("lid-0.jpg", ("ambient", "rake_left", "rake_right")), ("lid-1.jpg", ("ambient",)),
    ]  # fmt: skip
    assert len(looks) == len(teaching.file.matrix()) == 7
    assert [one.picture for one in teaching.photos] == [p.name for p in some], (
        "judged once, without both of its vectors"
    )
    assert teaching.photos[0].own < 0.9 < teaching.photos[1].own, "the worse of its two counts"


def taught(model: OnnxModel, known: Gallery, **changes: Any) -> Any:
    teaching = teach_pack(photos(), replace(LESSON, **changes), model, known)
    assert teaching.file is not None
    return teaching.file


def test_teaching_anew_and_removing_keep_what_was_there(model: OnnxModel, known: Gallery, tmp_path: Path) -> None:
    first, second = taught(model, known), taught(model, known, by="B. Other")
    store_pack(tmp_path, first, 1_800_000_000.0)
    (tmp_path / "new-pack.json").rename(tmp_path / "by-hand.json")
    kept = [store_pack(tmp_path, second, 1_800_000_060.0), store_pack(tmp_path, first, 1_800_000_060.0)]
    assert [p.name for p in kept if p] == ["by-hand.20270115T080100Z.json", "new-pack.20270115T080100Z.json"]
    assert [p.name for p in tmp_path.glob("*.json")] == ["new-pack.json"], "one file for one pack"
    gone = remove_pack(tmp_path, "new-pack", 1_800_000_060.0)
    assert gone.name == "new-pack.20270115T080100Z-2.json"
    assert json.loads(gone.read_text())["provenance"]["taught_by"] == "A. Tester"
    assert load_gallery(tmp_path, model.manifest.sha256, kit.DIM).prototypes == {}
    with pytest.raises(UsageError):
        remove_pack(tmp_path, "new-pack", 0.0)


def test_a_file_is_written_whole_or_not_at_all(
    model: OnnxModel, known: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_pack(tmp_path, taught(model, known), 0.0)
    before = (tmp_path / "new-pack.json").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store_pack(tmp_path, taught(model, known, by="B. Other"), 0.0)
    assert (tmp_path / "new-pack.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


@pytest.mark.parametrize("name", ["", "../vw", "VW", "a/b", "-a"])
def test_a_name_cannot_lead_out_of_the_gallery(model: OnnxModel, known: Gallery, tmp_path: Path, name: str) -> None:
    file = taught(model, known).model_copy(update={"pack": name})
    with pytest.raises(UsageError, match="no name for a pack"):
        store_pack(tmp_path, file, 0.0)


def test_a_gallery_is_looked_over_without_stopping_at_bad_files(
    model: OnnxModel, known: Gallery, gallery: Path, tmp_path: Path
) -> None:
    store_pack(tmp_path, taught(model, known), 0.0)
    foreign = json.loads((gallery / "byd-blade.json").read_text()) | {"model_sha256": "cd" * 32}
    (tmp_path / "byd-blade.json").write_text(json.dumps(foreign))
    (tmp_path / "vw-meb-82.json").write_text("{")
    found = taught_packs(tmp_path, model.manifest.sha256, kit.DIM)
    assert [(t.pack, t.state) for t in found] == [
        ("byd-blade", "foreign"), ("new-pack", "ready"), ("vw-meb-82", "broken"),
    ]  # fmt: skip
    assert set(ready_gallery(found).prototypes) == {"new-pack"}
    assert remove_pack(tmp_path, "vw-meb-82", 0.0).is_file(), "a broken file can be put away by its name"
    assert taught_packs(tmp_path / "none", model.manifest.sha256, kit.DIM) == ()


def test_a_file_of_version_2_must_be_complete(model: OnnxModel, known: Gallery, tmp_path: Path) -> None:
    plain = taught(model, known).model_dump(mode="json", exclude_none=True)
    broken = (
        plain | {"provenance": "by hand"},
        plain | {"provenance": plain["provenance"] | {"mood": "good"}},
        plain | {"provenance": plain["provenance"] | {"pictures": plain["provenance"]["pictures"][1:]}},
        plain | {"threshold": {"min_score": 1.2, "chosen": "by hand"}},
        plain | {"version": 3},
    )
    for content in broken:
        (tmp_path / "new-pack.json").write_text(json.dumps(content))
        with pytest.raises(ModelError) as caught:
            load_gallery(tmp_path, model.manifest.sha256, kit.DIM)
        assert caught.value.code == "model.gallery_broken"


def test_the_nearest_prototype_is_known_by_its_picture(model: OnnxModel, known: Gallery) -> None:
    file = taught(model, known)
    gallery = known.added("new-pack", file.matrix(), 0.99, file.picture_names())
    match = gallery.nearest(file.matrix()[2], "new-pack")
    assert match is not None
    assert (match.number, match.picture, round(match.score, 3)) == (2, "lid-2.jpg", 1.0)
    old = gallery.nearest(file.matrix()[2], "vw-meb-82")
    assert old is not None
    assert old.picture == ""
    assert gallery.nearest(file.matrix()[2], "nobody") is None


def test_a_pack_with_a_stricter_threshold_of_its_own_stays_unknown_longer(model: OnnxModel) -> None:
    rule = model.manifest.thresholds.pack
    assert rule is not None
    vectors = np.array([[1, 0, 0, 0]], np.float32)
    query = np.array([0.98, 0.199, 0, 0], np.float32)
    assert Gallery({"a": vectors}).judge(query, rule).status is PackStatus.KNOWN
    assert Gallery({"a": vectors}, {"a": 0.99}).judge(query, rule).status is PackStatus.UNKNOWN
    assert Gallery({"a": vectors}, {"a": 0.5}).judge(query, rule).status is PackStatus.KNOWN
    below = np.array([0.96, 0.28, 0, 0], np.float32)
    assert Gallery({"a": vectors}, {"a": 0.5}).judge(below, rule).status is PackStatus.UNKNOWN, "never laxer"
