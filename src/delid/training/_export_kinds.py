"""The model of kinds to its folder: calibrated probabilities, thresholds from validation close-ups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delid.core import UsageError
from delid.vision import CENTRE, FASTENER_KINDS, KindJudge, OnnxModel, detect_fasteners, load_model, prepare_crops

from ._evaluate_fasteners import EMPTY, judged, mm_per_px_of
from ._export import load_provisional, manifest_of, onnx_bytes, write_folder
from ._kind_net import LABELS, KindNet, KindNetForExport
from ._kind_views import CROP, NOTHING_INDEX, places_of
from ._origin import Origin
from ._samples import Sample, of_split
from ._thresholds import temperature_of_classes

NAME, TASK = "fastener-kind", "fastener_kind"
INPUT: dict[str, Any] = {
    "name": "crops",
    "shape": ["batch", 3, CROP.size_px, CROP.size_px],
    "layout": "NCHW",
    "color": "RGB",
    "resize": "stretch",
    "pad": 114,
    "mean": [127.0, 127.0, 127.0],
    "scale": [128.0, 128.0, 128.0],
    "dtype": "float32",
}
AXES = {"crops": {0: "batch"}, "kind": {0: "batch"}, CENTRE: {0: "batch"}}
MOST_SEEN_EMPTY, MOST_WRONG_KIND = 0.005, 0.02
NOTHING_GRID = np.round(np.arange(0.20, 0.996, 0.01), 2)
ASK_GRID = np.round(np.arange(0.08, 0.50, 0.02), 2)
LIMIT_GRID = np.round(np.arange(0.30, 0.996, 0.01), 2)


def export_kinds(
    net: KindNet,
    detector: OnnxModel,
    samples: Sequence[Sample],
    origin: Origin,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Write the folder: calibrate on validation crops, then choose the thresholds on what the detector finds there."""
    validation = of_split(list(samples), "validation", close_ups=True)
    if not validation:
        raise UsageError("there is no close-up of the split validation.", hint="Run delid train close-ups first.")
    train = of_split(list(samples), "train", close_ups=True)
    manifest = _manifest(train, origin)
    raw = _loaded(_bytes(net, 1.0), manifest, folder)
    warmth = temperature_of_classes(np.log(np.maximum(_chances(raw, validation), 1e-9)), _truth(validation))
    content = _bytes(net, warmth)
    model = _loaded(content, manifest, folder)
    ask_from, nothing, f1 = last_word(KindJudge(model), detector, validation)
    chances, true = _chances(model, validation), _truth(validation)
    sure = sure_threshold(chances[true != NOTHING_INDEX], true[true != NOTHING_INDEX])
    chosen = (
        f"lowest with which at most {MOST_SEEN_EMPTY:.1%} of {int((true < EMPTY).sum() + (true == 3).sum())} fasteners "
        f"that are there are surely called empty and at most {MOST_WRONG_KIND:.0%} of what is sure is of another kind; "
        f"ask_from and nothing: highest F1 of detector and this model together ({f1:.3f})"
    )
    manifest["thresholds"] = _thresholds(sure, chosen, nothing=nothing, ask_from=ask_from)
    write_folder(folder, content, manifest)
    load_model(folder, "fastener_kind")
    right = float((chances.argmax(axis=1) == true).mean())
    say(f"{folder}: {len(content) / 1e6:.1f} MB, temperature {warmth:.2f}, right {right:.3f}, sure from {sure}")


def last_word(kinds: KindJudge, detector: OnnxModel, samples: Sequence[Sample]) -> tuple[float, float, float]:
    """From which probability of the detector's something is asked about, from which one it is nothing, and the F1."""
    hits: list[tuple[float, float]] = []
    alarms: list[tuple[float, float]] = []
    total = 0
    for sample in samples:
        picture = sample.picture()
        found = detect_fasteners(picture, detector, least=ASK_GRID[0])
        total += len(judged(sample, ()).true)
        for said, nothing in kinds.looked_at(picture, found, mm_per_px_of(sample)):
            alone = judged(sample, [said])
            if (alone.said >= 0).any():
                hits.append((max(said.kind_scores.values()), nothing))
            elif len(alone.alarms):
                alarms.append((max(said.kind_scores.values()), nothing))
    good, bad = np.array(hits).reshape(-1, 2), np.array(alarms).reshape(-1, 2)

    def f1(ask_from: float, nothing: float) -> float:
        right = int(((good[:, 0] >= ask_from) & (good[:, 1] < nothing)).sum())
        wrong = int(((bad[:, 0] >= ask_from) & (bad[:, 1] < nothing)).sum())
        return 2 * right / max(1, total + right + wrong)

    best, ask_from, least = max((f1(a, n), float(a), float(n)) for a in ASK_GRID for n in NOTHING_GRID)
    return ask_from, least, best


def sure_threshold(chances: NDArray[np.float32], true: NDArray[np.int64]) -> float:
    """The lowest limit above which what is said is what is there; chances (n, 5) of what is a fastener or a hole."""
    kinds = chances[:, : len(FASTENER_KINDS)]
    said, confidence = kinds.argmax(axis=1), kinds.max(axis=1)
    there = true != EMPTY
    for limit in LIMIT_GRID:
        sure = confidence >= limit
        seen_empty = (there & sure & (said == EMPTY)).sum() / max(1, there.sum())
        wrong = (sure & (said != true)).sum() / max(1, sure.sum())
        if seen_empty <= MOST_SEEN_EMPTY and wrong <= MOST_WRONG_KIND:
            return float(limit)
    return 1.0


def _bytes(net: KindNet, warmth: float) -> bytes:
    shapes = [(1, 3, CROP.size_px, CROP.size_px), (3, 3, CROP.size_px, CROP.size_px)]
    return onnx_bytes(KindNetForExport(net, warmth), shapes, "crops", ("kind", CENTRE), AXES)


def _loaded(content: bytes, manifest: dict[str, Any], folder: Path) -> OnnxModel:
    whole = {**manifest, "thresholds": _thresholds(0.5, "nothing yet")}
    return load_provisional(folder, content, whole, TASK)


def _thresholds(sure: float, chosen: str, **more: float) -> dict[str, Any]:
    return {"fasteners": {"min_confidence": sure, "from": "validation", "chosen": chosen, **more}}


def _chances(model: OnnxModel, samples: Sequence[Sample]) -> NDArray[np.float32]:
    rows = []
    for sample in samples:
        places = places_of(sample)
        if places:
            centres, scales = [p.at_px for p in places], [p.mm_per_px for p in places]
            rows.append(model.run(prepare_crops(sample.picture(), centres, scales, model.manifest.input, CROP))["kind"])
    return np.concatenate(rows)


def _truth(samples: Sequence[Sample]) -> NDArray[np.int64]:
    return np.array([place.kind for sample in samples for place in places_of(sample)], np.int64)


def _manifest(train: Sequence[Sample], origin: Origin) -> dict[str, Any]:
    crops = sum(len(places_of(s)) for s in train)
    note = "Crops of close-ups: fasteners, holes, and things that only look like them."
    return {
        **manifest_of(NAME, TASK, train, origin, note, crops),
        "input": INPUT,
        "outputs": [
            {"name": "kind", "shape": ["batch", len(LABELS)], "labels": list(LABELS)},
            {"name": CENTRE, "shape": ["batch", 2]},
        ],
        "crop": CROP.model_dump(),
    }
