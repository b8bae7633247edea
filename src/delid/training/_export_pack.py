"""The pack and damage network to its model folder: ONNX, calibrated presence, thresholds, and the taught gallery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from delid.core import HazardLimits
from delid.vision import DAMAGE_KINDS, Gallery, OnnxModel, load_model

from . import _thresholds as thresholds
from ._evaluate import overlap
from ._export import load_provisional, manifest_of, onnx_bytes, write_folder
from ._gallery import as_gallery, looks_of, teach, write_gallery
from ._net import EMBEDDING, PackNet, PackNetForExport
from ._origin import Origin
from ._predict import Answers, View, answers_to, turned_views
from ._samples import Sample, of_split
from ._specs import HEAT_GRID, PACK_INPUT, PACK_SHAPE

OUTPUTS = ("embedding", "damage_heat", "damage_presence", "severity")
GRAVE = {
    "dent": 0.6 * HazardLimits().dent_severity,
    "swelling": 0.6 * HazardLimits().swelling_severity,
    "leak": 0.0,
    "burn": 0.0,
}
"""Severity from which on a damage makes a pack dangerous, or nearly so; it must not be overlooked. Others may be."""
LIKELIER = 0.5
"""A grave damage that is likelier there than not is never ruled out, however sure the model was of the few it met."""
REGIONS = tuple(round(float(v), 2) for v in np.arange(0.15, 0.81, 0.05))


def export_pack(
    net: PackNet,
    samples: list[Sample],
    packs: Sequence[str],
    origin: Origin,
    folder: Path,
    gallery_dir: Path,
    say: Callable[[str], None],
    at_s: float,
) -> None:
    """Write the pack model's folder and one gallery file for each named pack, taught at ``at_s`` (UTC)."""
    train, validation = (of_split(samples, split, close_ups=False) for split in ("train", "validation"))
    raw = load_provisional(folder, *_package(PackNetForExport(net), train, origin), "pack_damage")
    temperature = _temperature(raw, validation)
    say(f"temperature of the presence: {temperature:.2f}")
    calibrated = PackNetForExport(net, torch.full((len(DAMAGE_KINDS),), temperature))
    content, manifest = _package(calibrated, train, origin)
    model = load_provisional(folder, content, manifest, "pack_damage")
    first = as_gallery(teach(model, samples, packs, at_s))
    manifest["thresholds"] = pack_thresholds(model, first, validation)
    write_folder(folder, content, manifest)
    files = teach(load_model(folder, "pack_damage"), samples, packs, at_s)
    write_gallery(files, gallery_dir)
    say(f"{folder}: {len(content) / 1e6:.1f} MB, taught {', '.join(files)}")


def _package(net: PackNetForExport, train: Sequence[Sample], origin: Origin) -> tuple[bytes, dict[str, Any]]:
    content = onnx_bytes(net, [PACK_SHAPE], PACK_INPUT.name, OUTPUTS)
    kinds = list(DAMAGE_KINDS)
    note = "Whole packs of fictional families; no named pack is among them, and families are split as a whole."
    outputs = [
        {"name": "embedding", "shape": [1, EMBEDDING]},
        {"name": "damage_heat", "shape": [1, len(kinds), *HEAT_GRID], "labels": kinds},
        {"name": "damage_presence", "shape": [1, len(kinds)], "labels": kinds},
        {"name": "severity", "shape": [1, len(kinds)], "labels": kinds},
    ]
    manifest = {
        **manifest_of("pack-damage", "pack_damage", train, origin, note),
        "input": PACK_INPUT.model_dump(mode="json"),
        "outputs": outputs,
        "thresholds": {"pack": _pack_threshold(0.0, 0.0, "nothing yet"), "damage": _damage_thresholds({})},
    }
    return content, manifest


def _temperature(model: OnnxModel, validation: Sequence[Sample]) -> float:
    """What the presence logits are divided by so that a confidence is right as often as it says; 1 without pictures."""
    if not validation:
        return 1.0
    views = [s.frames(looks_of(model)) for s in validation]
    chance = np.clip(answers_to(model, views).presence, 1e-6, 1 - 1e-6)
    logits, true = np.log(chance / (1 - chance)), np.array([s.present() for s in validation])
    return thresholds.temperature(logits, true)


def pack_thresholds(model: OnnxModel, gallery: Gallery, validation: Sequence[Sample]) -> dict[str, Any]:
    """Thresholds for identity and damage from validation scenes, each in four positions, with and without lamps."""
    if not validation:
        return {"pack": _pack_threshold(0.5, 0.0, "no validation pictures"), "damage": _damage_thresholds({})}
    owners = [sample for sample in validation for _ in range(4)]
    lit = [view for sample in validation for view in turned_views(sample.frames(looks_of(model)))]
    bare: list[View] = [{"ambient": view["ambient"]} for view in lit]
    full, single = answers_to(model, lit), answers_to(model, bare)
    closed = [k for k, sample in enumerate(owners) if sample.kind != "open"]
    return {
        "pack": _identity([owners[k] for k in closed] * 2, _embeddings(full, single, closed), gallery),
        "damage": _damage_thresholds(_chosen_cuts(full, owners)),
        "damage_single": _damage_thresholds(_chosen_cuts(single, owners)),
    }


def _embeddings(full: Answers, single: Answers, rows: list[int]) -> NDArray[np.float32]:
    return np.concatenate([full.embedding[rows], single.embedding[rows]])


def _identity(owners: Sequence[Sample], embeddings: NDArray[np.float32], gallery: Gallery) -> dict[str, Any]:
    taught = gallery.prototypes
    verdicts = [thresholds.judged(gallery, vector) for vector in embeddings] if taught else []
    pairs = list(zip(owners, verdicts, strict=bool(taught)))
    known = np.array([v.score for s, v in pairs if s.family == v.pack])
    strangers = np.array([v.score for s, v in pairs if s.family not in taught])
    leads = np.array([v.lead for s, v in pairs if s.family == v.pack])
    score = thresholds.min_score(known, strangers) if len(known) else 0.5
    chosen = (
        f"most known packs accepted less strangers accepted, {len(known)} views of taught packs and {len(strangers)} "
        "of families that nobody taught, none of them in training; margin: half the smallest lead of a taught pack"
    )
    return _pack_threshold(score, thresholds.min_lead(leads), chosen)


class Cut(NamedTuple):
    """Where a kind of damage is found, ruled out, and how far it reaches, with the reason."""

    found: float
    ruled_out: float
    region: float
    chosen: str


def _chosen_cuts(answers: Answers, owners: Sequence[Sample]) -> dict[str, Cut]:
    present, severity = (np.array(rows) for rows in zip(*((s.present(), s.severity()) for s in owners), strict=True))
    cuts = {}
    for index, kind in enumerate(DAMAGE_KINDS):
        chance = answers.presence[:, index]
        there, absent = chance[present[:, index]], chance[~present[:, index]]
        cut = thresholds.damage_threshold(there, absent) if len(there) else 0.5
        quiet = f"about the best F1 with at most {thresholds.MOST_ALARMS:.0%} false alarms"
        grave = chance[present[:, index] & (severity[:, index] >= GRAVE[kind])] if kind in GRAVE else chance[:0]
        ruled_out = min(thresholds.rule_out(grave), cut, LIKELIER) if kind in GRAVE else cut
        chosen = (
            f"{quiet}, {len(there)} views with and {len(absent)} without; rule_out: half the odds of all but one of "
            f"{thresholds.RARELY} of {len(grave)} views where it is grave, never above {LIKELIER}; region: most boxes "
            "right"
        )
        cuts[kind] = Cut(cut, ruled_out, _region(answers, owners, kind), chosen)
    return cuts


def _region(answers: Answers, owners: Sequence[Sample], kind: str) -> float:
    """The heat from which on a cell belongs to the damage, so that most boxes overlap the true ones by half.

    Only views that are not turned count: the truth's boxes are those of the picture as it was taken.
    """
    shares = []
    index = DAMAGE_KINDS.index(kind)
    for region in REGIONS:
        hits = tries = 0
        for k in range(0, len(owners), 4):
            boxes = [d["box_px"] for d in owners[k].truth["damages"] if d["kind"] == kind and d["box_px"]]
            for box in boxes:
                tries += 1
                found = answers.boxes(k, index, region)
                hits += any(overlap(other, box) >= 0.5 for other in found)
        shares.append(hits / max(1, tries))
    best = np.flatnonzero(np.array(shares) >= max(shares) - 1e-9)
    return REGIONS[int(best[len(best) // 2])]


def _pack_threshold(score: float, margin: float, chosen: str) -> dict[str, Any]:
    return {
        "min_score": round(score, 4),
        "margin": round(margin, 4),
        "neighbours": thresholds.NEIGHBOURS,
        "from": "validation",
        "chosen": chosen,
    }


def _damage_thresholds(cuts: dict[str, Cut]) -> dict[str, Any]:
    found = {}
    for kind in DAMAGE_KINDS:
        cut = cuts.get(kind, Cut(0.5, 0.5, 0.5, "no validation pictures"))
        found[kind] = {
            "min_confidence": round(min(max(cut.found, 0.0), 1.0), 4),
            "rule_out": round(min(max(cut.ruled_out, 0.0), 1.0), 4),
            "region": cut.region,
            "from": "validation",
            "chosen": cut.chosen,
        }
    return found
