"""The named packs: taught by the same way as photographs are, and judged on scenes of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from delid.training._gallery import as_gallery, chosen_to_teach, lessons, looks_of, photo_of, teach, write_gallery
from delid.training._leave_one_out import figures_of, leave_one_out
from delid.vision import Gallery, InputSpec, PackThreshold, load_gallery
from delid.vision._gallery import Provenance

PIXELS = NDArray[np.uint8]
COLOURS = {"a-pack": (40, 90, 200), "b-pack": (200, 90, 40), "c-pack": (60, 200, 60)}
RULE = PackThreshold.model_validate(
    {"min_score": 0.9, "margin": 0.02, "neighbours": 3, "from": "validation", "chosen": "by hand"}
)


@dataclass
class Eyes:
    """A model whose embedding is the mean of every plane; a lamp's plane counts little."""

    planes: tuple[str, ...] = ("rgb", "rake_left", "rake_right", "rake_ratio")
    manifest: Any = field(init=False)

    def __post_init__(self) -> None:
        spec = InputSpec.model_validate({
            "name": "image", "shape": (1, 2 + len(self.planes), 24, 32), "planes": self.planes, "layout": "NCHW",
            "color": "RGB", "resize": "letterbox", "pad": 114, "mean": (127, 127, 127), "scale": (128, 128, 128),
            "dtype": "float32",
        })  # fmt: skip
        embedding = SimpleNamespace(shape=(1, 2 + len(self.planes)))
        self.manifest = SimpleNamespace(
            model="eyes", version="1", sha256="e" * 64, input=spec, output=lambda _: embedding,
            thresholds=SimpleNamespace(pack=RULE),
        )  # fmt: skip

    def run(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        means = tensor.mean(axis=(2, 3))
        means[:, 3:] *= 0.2
        return {"embedding": means}


@dataclass
class Shot:
    """A sample whose frames are plain colours with grain."""

    name: str
    split: str
    family: str
    kind: str = "pack"
    damaged: bool = False
    seed: int = 0

    @property
    def path(self) -> Path:
        return Path(f"{self.name}.png")

    def picture(self) -> PIXELS:
        return self.frames()["ambient"]

    def frames(self, looks: tuple[str, ...] = ()) -> dict[str, PIXELS]:
        colour = COLOURS.get(self.family, (30, 30, 250))
        grain = np.random.default_rng(self.seed).integers(-24, 25, (60, 80, 1)).repeat(4, 0).repeat(4, 1)
        ambient = np.clip(np.array(colour) + grain, 0, 255).astype(np.uint8)
        lamp = np.asarray(cv2.convertScaleAbs(ambient, alpha=0.5), np.uint8)
        return {"ambient": ambient, **dict.fromkeys(looks, lamp)}

    def present(self) -> NDArray[np.bool_]:
        return np.array([self.damaged])


def shots(split: str, count: int, base: int) -> list[Any]:
    found = []
    for number, pack in enumerate(COLOURS):
        for k in range(count):
            kind, seed = ("cell", "pack")[k % 2], base + 100 * number + k
            found.append(Shot(f"{split}-{pack}-{k:02d}", split, pack, kind, k % 3 == 0, seed))
    return found


def test_ten_pictures_of_the_split_teach_half_of_them_from_the_cell() -> None:
    samples = [*shots("teach", 14, 0), *shots("train", 6, 5000), *shots("test", 6, 6000)]
    chosen = chosen_to_teach(samples, "b-pack")
    assert len(chosen) == 10
    assert {s.split for s in chosen} == {"teach"}
    assert {s.family for s in chosen} == {"b-pack"}
    assert [s.kind for s in chosen] == ["cell"] * 5 + ["pack"] * 5
    assert {s.damaged for s in chosen} == {True, False}
    assert chosen_to_teach(shots("train", 6, 0), "b-pack") == []


def test_a_sample_is_shown_as_a_photograph_with_the_looks_that_the_model_uses() -> None:
    eyes: Any = Eyes()
    sample: Any = shots("teach", 1, 0)[0]
    photo = photo_of(sample, looks_of(eyes))
    assert set(photo.images) == {"ambient", "rake_left", "rake_right"}
    blind: Any = Eyes(("rgb",))
    assert set(photo_of(sample, looks_of(blind)).images) == {"ambient"}


def test_the_shipped_gallery_is_one_that_the_cell_loads(tmp_path: Path) -> None:
    eyes: Any = Eyes()
    samples: Any = shots("teach", 6, 0)
    files = teach(eyes, samples, [*COLOURS, "nobody"], 1_800_000_000.0)
    assert set(files) == set(COLOURS)
    write_gallery(files, tmp_path)
    write_gallery(files, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-pack.json", "b-pack.json", "c-pack.json"]
    gallery = load_gallery(tmp_path, "e" * 64, 6)
    lesson = files["a-pack"].provenance
    assert isinstance(lesson, Provenance)
    assert (lesson.made_from, lesson.taught_by) == ("rendered pictures", "delid train export")
    assert {p.looks for p in lesson.pictures} == {("ambient",), ("ambient", "rake_left", "rake_right")}
    assert gallery.pictures["a-pack"] == tuple(p.file for p in lesson.pictures)
    assert all(score >= RULE.min_score for score in gallery.min_scores.values())


def test_each_pack_is_weighed_against_all_the_others() -> None:
    eyes: Any = Eyes()
    samples: Any = shots("teach", 6, 0)
    photos = {pack: [photo_of(s, ()) for s in samples if s.family == pack] for pack in COLOURS}
    found = lessons(eyes, photos, 0.0)
    for teaching in found.values():
        assert {row.pack for row in teaching.confusion} == set(COLOURS)
        assert all(row.right == row.pictures == 6 for row in teaching.confusion)
    assert set(as_gallery({p: t.file for p, t in found.items() if t.file}).prototypes) == set(COLOURS)


def test_packs_that_were_never_trained_on_are_judged_on_unseen_scenes() -> None:
    eyes: Any = Eyes()
    stranger: Any = Shot("test-family-1", "test", "family-1", "family")
    samples: Any = [*shots("teach", 10, 0), *shots("test", 4, 1000), stranger]
    found = leave_one_out(eyes, samples, list(COLOURS), 0.0)
    assert found["taught_from"] == dict.fromkeys(sorted(COLOURS), 10)
    assert set(found) == {"taught_from", "threshold", "full", "ambient"}
    for way in ("full", "ambient"):
        assert found[way]["all"] == {
            "pictures": 12, "right": 1.0, "top1_of_accepted": 1.0, "rejected": 0.0, "nearest_is_right": 1.0,
        }  # fmt: skip
        assert found[way]["by_pack"]["b-pack"]["called"] == {"b-pack": 4}
        assert (found[way]["strangers"], found[way]["lowest_share_right"]) == (1, 1.0)
    single: Any = Eyes(("rgb",))
    assert set(leave_one_out(single, samples, list(COLOURS), 0.0)) == {"taught_from", "threshold", "ambient"}


def test_figures_count_the_right_the_wrong_and_the_rejected() -> None:
    gallery = Gallery({"a": np.array([[1, 0, 0]], np.float32), "b": np.array([[0, 1, 0]], np.float32)})
    near = np.array([0.99, 0.1, 0.0], np.float32)
    vectors = np.stack([near, near, near, np.array([0, 0, 1], np.float32)])
    strangers = np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    found = figures_of(["a", "a", "b", "b"], vectors, strangers, gallery, RULE)
    assert found["all"]["right"] == 0.5
    assert found["all"]["top1_of_accepted"] == pytest.approx(2 / 3, abs=1e-4)
    assert (found["all"]["rejected"], found["all"]["nearest_is_right"]) == (0.25, 0.5)
    assert found["by_pack"]["a"]["called"] == {"a": 2}
    assert found["by_pack"]["b"]["called"] == {"a": 1, "unknown": 1}
    assert (found["lowest_share_right"], found["strangers_accepted"]) == (0.0, 0.5)
    assert found["own_pack_not_taught_accepted"] == 0.25, "the picture of b that is taken for a"
    assert found["open_set_auroc"] == 0.4375, "three pairs and a tie of eight"
    nothing = figures_of([], np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), gallery, RULE)
    assert nothing["all"]["right"] is None
    assert nothing["open_set_auroc"] is None
