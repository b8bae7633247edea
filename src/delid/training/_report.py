"""Evaluation of model folders on rendered test pictures and on photographs, the two always apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from delid.core import PackStatus
from delid.vision import DAMAGE_KINDS, FASTENER_KINDS, Gallery, OnnxModel, load_gallery, load_model
from delid.vision._gallery import judge_pack

from ._crops import photo_crops, read_photos
from ._evaluate import EMPTY, Figures, damage_figures, fastener_figures, newly_taught, pack_figures, share
from ._predict import Answers, answers_to, kinds_of, probabilities
from ._samples import Picture, Sample, of_split

AT_THE_CELL_MM_PER_PX = (1.2, 1.5)


def evaluate(models: Path, gallery_dir: Path, samples: Sequence[Sample], photos: Path | None, split: str) -> Figures:
    """All figures as plain data: ``rendered`` and ``photographs``."""
    pack, fastener = (
        load_model(models / "pack-damage", "pack_damage"),
        load_model(models / "fastener-kind", "fastener_kind"),
    )
    dim = int(pack.manifest.output("embedding").shape[-1])
    gallery = load_gallery(gallery_dir, pack.manifest.sha256, dim)
    return {
        "models": {"pack-damage": pack.digest, "fastener-kind": fastener.digest},
        "split": split,
        "rendered": _rendered(pack, fastener, gallery, list(samples), split),
        "photographs": _photographs(pack, fastener, gallery, photos) if photos else None,
    }


def _rendered(pack: OnnxModel, fastener: OnnxModel, gallery: Gallery, samples: list[Sample], split: str) -> Figures:
    wholes, close_ups = (of_split(samples, split, close_ups=flag) for flag in (False, True))
    found: Figures = {}
    if wholes:
        answers = answers_to(pack, [s.picture() for s in wholes])
        found["pack"] = pack_figures(wholes, answers, gallery, pack.manifest)
        found["newly_taught"] = newly_taught(wholes, answers)
        found["damage"] = damage_figures(wholes, answers, pack.manifest)
        for name, kinds in (("unseen_families", ("family",)), ("cell_camera", ("cell",))):
            chosen = [k for k, s in enumerate(wholes) if s.kind in kinds]
            part = Answers(answers.embedding[chosen], answers.heat[chosen], answers.severity[chosen])
            if chosen:
                found[f"damage_{name}"] = damage_figures([wholes[k] for k in chosen], part, pack.manifest)
    if close_ups:
        limit = fastener.manifest.thresholds.fasteners
        assert limit is not None
        said, kinds_true, scale = kinds_of(fastener, close_ups)
        found["fasteners"] = fastener_figures(said, kinds_true, limit.min_confidence)
        near = (scale >= AT_THE_CELL_MM_PER_PX[0]) & (scale <= AT_THE_CELL_MM_PER_PX[1])
        found["fasteners_at_1.2_to_1.5_mm_per_px"] = fastener_figures(
            said[near], kinds_true[near], limit.min_confidence
        )
    return found


def _photographs(pack: OnnxModel, fastener: OnnxModel, gallery: Gallery, folder: Path) -> Figures:
    found: Figures = {}
    for name in ("screw_hole_crops/validate", "screw_hole_crops"):
        if (folder / name / "screw").is_dir():
            found["screws_and_holes"] = _screws_and_holes(fastener, folder / name)
            break
    stripped = list(_pictures(folder / "stripped_screws"))
    if stripped:
        said = probabilities(fastener, photo_crops(stripped)).argmax(axis=1)
        found["stripped_screws"] = {
            "pictures": len(stripped),
            "called": {kind: int((said == k).sum()) for k, kind in enumerate(FASTENER_KINDS)},
        }
    packs = list(_pictures(folder / "twizy_pack"))
    if packs:
        found["real_packs_not_taught"] = _real_packs(pack, gallery, packs)
    return found


def _screws_and_holes(fastener: OnnxModel, folder: Path) -> Figures:
    pictures, there = read_photos(folder)
    said = probabilities(fastener, photo_crops(pictures)).argmax(axis=1) != EMPTY
    return {
        "screws": int(there.sum()),
        "holes": int((~there).sum()),
        "screws_called_empty": share(float((there & ~said).sum()), float(there.sum())),
        "holes_called_present": share(float((~there & said).sum()), float((~there).sum())),
    }


def _real_packs(pack: OnnxModel, gallery: Gallery, pictures: list[Picture]) -> Figures:
    """Undamaged packs and parts that nobody taught: all should be strangers, none should be called damaged."""
    threshold, damage = pack.manifest.thresholds.pack, pack.manifest.thresholds.damage
    assert threshold is not None
    assert damage is not None
    answers = answers_to(pack, pictures)
    verdicts = [judge_pack(gallery.scores(v, threshold.neighbours), threshold) for v in answers.embedding]
    limits = np.array([{str(k): t.min_confidence for k, t in damage.items()}[kind] for kind in DAMAGE_KINDS])
    alarms = answers.peak >= limits
    return {
        "pictures": len(pictures),
        "accepted_as_a_taught_pack": share(sum(v.status is PackStatus.KNOWN for v in verdicts), len(pictures)),
        "called_damaged": share(float(alarms.any(axis=1).sum()), len(pictures)),
        "by_kind": {kind: int(alarms[:, k].sum()) for k, kind in enumerate(DAMAGE_KINDS)},
    }


def _pictures(folder: Path) -> Iterator[Picture]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is not None:
                yield np.asarray(picture, np.uint8)


def table(figures: Figures) -> list[str]:
    """The figures as lines of text, one to a figure, indented by depth."""
    return list(_lines(figures, 0))


def _lines(value: Any, depth: int) -> Iterator[str]:
    for name, content in value.items():
        label = "  " * depth + str(name).replace("_", " ")
        if isinstance(content, dict) and content and not any(isinstance(v, dict) for v in content.values()) and depth:
            yield f"{label:<46} " + ", ".join(f"{k} {_shown(v)}" for k, v in content.items())
        elif isinstance(content, dict):
            yield label
            yield from _lines(content, depth + 1)
        else:
            yield f"{label:<46} {_shown(content)}"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
