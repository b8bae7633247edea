"""Figures of the pack-damage model: rendered test scenes with and without the light program, photographs apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from delid.core import Damage, PackStatus
from delid.vision import DAMAGE_KINDS, DamageVerdict, Gallery, OnnxModel

from ._evaluate import Figures, damage_figures, newly_taught, share, true_damage, verdicts_of
from ._gallery import looks_of
from ._leave_one_out import leave_one_out
from ._predict import Answers, View, answers_to
from ._samples import Picture, Sample, of_split

WORST = 20


def rendered_packs(model: OnnxModel, packs: Sequence[str], samples: Sequence[Sample], split: str) -> Figures:
    """Identity of taught packs and strangers, and damage: ``full`` light program, and ``ambient``, a single frame."""
    wholes, looks = of_split(list(samples), split, close_ups=False), looks_of(model)
    if not wholes:
        return {}
    views: list[View] = [s.frames(looks) for s in wholes]
    ways = {"ambient": answers_to(model, [{"ambient": view["ambient"]} for view in views])}
    if looks:
        ways = {"full": answers_to(model, views), **ways}
    best = next(iter(ways.values()))
    families = [k for k, s in enumerate(wholes) if s.kind == "family"]
    found: Figures = {
        "pack": leave_one_out(model, samples, packs, 0.0, split=split),
        "newly_taught_families": newly_taught([wholes[k] for k in families], best.part(families)),
    }
    for way, answers in ways.items():
        found[f"damage_{way}"] = damage_figures(wholes, answers, model.manifest)
        for name, kinds in PARTS.items():
            rows = [k for k, s in enumerate(wholes) if s.kind in kinds]
            if rows:
                part = damage_figures([wholes[k] for k in rows], answers.part(rows), model.manifest)
                found[f"damage_{way}_{name}"] = {key: part[key] for key in BRIEF}
    found["worst"] = worst_of(wholes, best, model)
    return found


PARTS = {"fictional_families": ("family",), "named_packs": ("pack",), "cell_camera": ("cell",), "opened": ("open",)}
BRIEF = (
    *("pictures", "macro_f1", "sound_pictures", "sound_called_damaged", "sound_unclear"),
    *("damaged_nothing_found", "damaged_called_sound", "hazard_c_called_a"),
)


def worst_of(samples: Sequence[Sample], answers: Answers, model: OnnxModel) -> list[dict[str, Any]]:
    """The scenes whose damage the model judged worst: most certain and most wrong."""
    found = verdicts_of(answers, model.manifest)
    rows = []
    for k, sample in enumerate(samples):
        off = np.abs(answers.presence[k] - sample.present())
        kind = int(off.argmax())
        rows.append((float(off[kind]), k, DAMAGE_KINDS[kind]))
    return [
        {
            "image": str(samples[k].path),
            "name": samples[k].path.stem,
            "score": round(off, 4),
            "truth": _words(true_damage(samples[k])),
            "said": _said(found[k]),
            "why": f"{kind}: presence {answers.presence[k][DAMAGE_KINDS.index(kind)]:.2f}",
        }
        for off, k, kind in sorted(rows, reverse=True)[:WORST]
    ]


def _said(verdict: DamageVerdict) -> str:
    unclear = f"; unclear: {_words(verdict.unclear)}" if verdict.unclear else ""
    return _words(verdict.found) + unclear


def _words(damages: Sequence[Damage]) -> str:
    return ", ".join(f"{d.kind.value} {d.severity:.2f}" for d in damages) or "no damage"


def photographed_packs(model: OnnxModel, gallery: Gallery, folder: Path) -> Figures:
    """Photographs of undamaged packs that nobody taught: all should be strangers, none should be called damaged.

    Each folder below is reported by itself: a model may have learnt from one and not from another.
    """
    folders = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    found = {part.name: _photographed(model, gallery, list(pictures_in(part))) for part in folders}
    found = {name: figures for name, figures in found.items() if figures}
    return found or _photographed(model, gallery, list(pictures_in(folder)))


def _photographed(model: OnnxModel, gallery: Gallery, pictures: list[Picture]) -> Figures:
    if not pictures:
        return {}
    threshold = model.manifest.thresholds.pack
    assert threshold is not None
    answers = answers_to(model, [{"ambient": picture} for picture in pictures])
    verdicts = [gallery.judge(vector, threshold) for vector in answers.embedding]
    harm = verdicts_of(answers, model.manifest)
    found = [one.found for one in harm]
    return {
        "pictures": len(pictures),
        "accepted_as_a_taught_pack": share(sum(v.status is PackStatus.KNOWN for v in verdicts), len(pictures)),
        "called_damaged": share(sum(bool(one) for one in found), len(pictures)),
        "unclear": share(sum(bool(one.unclear) and not one.found for one in harm), len(pictures)),
        "by_kind": {kind: sum(any(d.kind.value == kind for d in one) for one in found) for kind in DAMAGE_KINDS},
    }


def pictures_in(folder: Path) -> Iterator[Picture]:
    """Every photograph below a folder, in BGR, by name."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is not None:
                yield np.asarray(picture, np.uint8)
