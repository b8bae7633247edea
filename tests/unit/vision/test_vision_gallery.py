"""The open-set question: known, unknown or ambiguous; and galleries that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vision_kit as kit
from hypothesis import given
from hypothesis import strategies as st

from delid.core import ModelError, PackCandidate, PackStatus
from delid.vision import Gallery, PackThreshold, load_gallery
from delid.vision._gallery import judge_pack

SHA = "ab" * 32
RULE = PackThreshold.model_validate(
    {"min_score": 0.8, "margin": 0.05, "neighbours": 2, "from": "validation", "chosen": "by hand"}
)


def unit(*values: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    vector = np.array(values, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@pytest.mark.parametrize(
    ("scores", "status", "model"),
    [
        ({"a": 0.95, "b": 0.5}, PackStatus.KNOWN, "a"),
        ({"a": 0.8, "b": 0.5}, PackStatus.KNOWN, "a"),
        ({"a": 0.79, "b": 0.5}, PackStatus.UNKNOWN, None),
        ({"a": 0.95, "b": 0.91}, PackStatus.AMBIGUOUS, None),
        ({"a": 0.95, "b": 0.95}, PackStatus.AMBIGUOUS, None),
        ({"a": 0.7, "b": 0.7}, PackStatus.UNKNOWN, None),
        ({"a": 0.9}, PackStatus.KNOWN, "a"),
        ({"a": -0.4}, PackStatus.UNKNOWN, None),
        ({}, PackStatus.UNKNOWN, None),
    ],
)
def test_the_open_set_decision(scores: dict[str, float], status: PackStatus, model: str | None) -> None:
    candidates = tuple(PackCandidate(name, score) for name, score in scores.items())
    verdict = judge_pack(candidates, RULE)
    assert (verdict.status, verdict.model) == (status, model)
    assert verdict.confidence == max(0.0, max(scores.values(), default=0.0))


def test_a_verdict_that_names_no_pack_says_why() -> None:
    assert judge_pack((PackCandidate("a", 0.99),), RULE).reasons == ()
    assert judge_pack((), RULE).reasons == ("no pack is taught",)
    (far,) = judge_pack((PackCandidate("a", 0.1),), RULE).reasons
    assert far == f"nearest is a with 0.10, at least {RULE.min_score:.2f} is needed"
    (close,) = judge_pack((PackCandidate("a", 0.99), PackCandidate("b", 0.99)), RULE).reasons
    assert close == f"a leads b by 0.000 only, {RULE.margin:.3f} is needed"


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(-1, 1), max_size=8))
def test_a_stranger_is_never_the_nearest_friend(scores: dict[str, float]) -> None:
    candidates = tuple(sorted((PackCandidate(n, s) for n, s in scores.items()), key=lambda c: (-c.score, c.model)))
    verdict = judge_pack(candidates, RULE)
    if verdict.status is PackStatus.KNOWN:
        assert verdict.model == candidates[0].model
        assert all(candidates[0].score - c.score >= RULE.margin for c in candidates[1:])
    else:
        assert verdict.model is None
    assert 0.0 <= verdict.confidence <= 1.0
    assert len(verdict.candidates) <= 5


def test_a_pack_scores_the_mean_of_its_nearest_prototypes() -> None:
    gallery = Gallery({"b": np.stack([unit(0, 1)]), "a": np.stack([unit(1, 0), unit(1, 0), unit(0, -1)])})
    found = gallery.scores(unit(1, 0), neighbours=2)
    assert [(c.model, round(c.score, 3)) for c in found] == [("a", 1.0), ("b", 0.0)]
    assert gallery.scores(unit(1, 0), neighbours=3)[0].score == pytest.approx(2 / 3)
    assert gallery.scores(unit(1, 1), neighbours=1)[0].model == "a", "equal scores stand by name"


def write(folder: Path, name: str, **changes: Any) -> Path:
    file = kit.prototype("vw-meb-82", SHA, np.stack([unit(1, 2, 3), unit(3, 2, 1)])) | changes
    path = folder / f"{name}.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    return path


def test_prototypes_come_back_with_length_one(tmp_path: Path) -> None:
    write(tmp_path, "vw-meb-82")
    gallery = load_gallery(tmp_path, SHA, 3)
    assert list(gallery.prototypes) == ["vw-meb-82"]
    assert np.linalg.norm(gallery.prototypes["vw-meb-82"], axis=1) == pytest.approx([1.0, 1.0])


def test_an_empty_gallery_has_taught_nothing(tmp_path: Path) -> None:
    assert load_gallery(tmp_path, SHA, 3).prototypes == {}


def test_a_gallery_of_another_model_is_refused_with_advice(tmp_path: Path) -> None:
    write(tmp_path, "vw-meb-82", model_sha256="cd" * 32)
    with pytest.raises(ModelError) as caught:
        load_gallery(tmp_path, SHA, 3)
    assert caught.value.code == "model.gallery_foreign"
    assert "vw-meb-82" in caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"dim": 4},
        {"vectors": "not base64!"},
        {"vectors": ""},
        {"vectors": "AAAA"},
        {"vectors": "AAAAAAAAAAAAAAAA"},
        {"model_sha256": "short"},
        {"mood": "good"},
        {"pack": ""},
    ],
)
def test_a_file_that_is_no_gallery_file_is_broken(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = write(tmp_path, "vw-meb-82", **changes)
    with pytest.raises(ModelError) as caught:
        load_gallery(tmp_path, SHA, 3)
    assert caught.value.code == "model.gallery_broken"
    assert str(path) in caught.value.message


def test_text_a_second_file_for_one_pack_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.json").write_text("{", encoding="utf-8")
    (tmp_path / "b").mkdir()
    write(tmp_path / "b", "one")
    write(tmp_path / "b", "two")
    codes = []
    for folder in ("a", "b", "none"):
        with pytest.raises(ModelError) as caught:
            load_gallery(tmp_path / folder, SHA, 3)
        codes.append(caught.value.code)
    assert codes == ["model.gallery_broken", "model.gallery_broken", "model.gallery_missing"]
