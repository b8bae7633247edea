"""The fastener detector to its model folder: calibrated probabilities, thresholds from validation pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from delid.core import UsageError
from delid.vision import FASTENER_KINDS, load_model

from ._evaluate_fasteners import confidences, judge
from ._export import load_provisional, manifest_of, onnx_bytes, write_folder
from ._fastener_net import STRIDE, FastenerNet, FastenerNetForExport
from ._fastener_thresholds import MOST_SEEN_EMPTY, MOST_WRONG_KIND, best_cuts, calibrated, min_confidence
from ._origin import Origin
from ._samples import Sample, of_split

NAME = "fastener-detect"
TASK: Literal["fastener_detect"] = "fastener_detect"
RADIUS_PX = 7.0
LOWEST = 0.08
"""Validation pictures are judged from this probability on; a threshold is chosen above it."""
OUTPUTS = ("heat", "offset")
SIDES_PX = ((64, 96), (128, 64))
INPUT: dict[str, Any] = {
    "name": "image",
    "shape": [1, 3, "height", "width"],
    "layout": "NCHW",
    "color": "RGB",
    "resize": "stretch",
    "pad": 114,
    "mean": [127.0, 127.0, 127.0],
    "scale": [128.0, 128.0, 128.0],
    "dtype": "float32",
}


AXES = {
    "image": {2: "height", 3: "width"},
    "heat": {2: "rows", 3: "columns"},
    "offset": {2: "rows", 3: "columns"},
}


def detector_bytes(net: FastenerNet, temperature: float = 1.0, shift: float = 0.0) -> bytes:
    """The network as slim ONNX for any height and width."""
    whole = FastenerNetForExport(net, temperature, shift)
    return onnx_bytes(whole, [(1, 3, *sides) for sides in SIDES_PX], "image", OUTPUTS, AXES)


def export_detector(
    net: FastenerNet, samples: Sequence[Sample], origin: Origin, folder: Path, say: Callable[[str], None]
) -> None:
    """Write the detector's folder: calibrate on validation pictures, then choose the thresholds there."""
    validation = of_split(list(samples), "validation", close_ups=True)
    if not validation:
        raise UsageError("there is no close-up of the split validation.", hint="Run delid train close-ups first.")
    manifest = _manifest(of_split(list(samples), "train", close_ups=True), origin)
    raw = _provisional(detector_bytes(net), manifest, dict.fromkeys(FASTENER_KINDS, LOWEST), folder)
    temperature, shift = calibrated(*confidences(judge(raw, validation)))
    content = detector_bytes(net, temperature, shift)
    model = _provisional(content, manifest, dict.fromkeys(FASTENER_KINDS, LOWEST), folder)
    cuts = best_cuts(judge(model, validation))
    pictures = judge(_provisional(content, manifest, cuts, folder), validation)
    fasteners = sum(len(p.true) for p in pictures)
    why = f"highest F1 on {fasteners} fasteners in {len(pictures)} pictures"
    why_sure = (
        f"lowest with which at most {MOST_SEEN_EMPTY:.1%} of the fasteners that are there are called empty "
        f"and at most {MOST_WRONG_KIND:.0%} of what is surely found is of another kind"
    )
    manifest = _with_thresholds(manifest, cuts, why, min_confidence(pictures), why_sure)
    write_folder(folder, content, manifest)
    load_model(folder, TASK)
    say(f"{folder}: {len(content) / 1e6:.1f} MB, temperature {temperature:.2f}, shift {shift:+.2f}, {cuts}")


def _manifest(train: Sequence[Sample], origin: Origin) -> dict[str, Any]:
    fasteners = sum(len(s.truth["fasteners"]) for s in train)
    note = "Boards and parts of lids with fasteners and things that look like them."
    return {
        **manifest_of(NAME, TASK, train, origin, note, fasteners),
        "input": INPUT,
        "outputs": [
            {"name": "heat", "shape": [1, 4, "height/4", "width/4"], "labels": list(FASTENER_KINDS)},
            {"name": "offset", "shape": [1, 2, "height/4", "width/4"]},
        ],
    }


def _with_thresholds(
    manifest: dict[str, Any], cuts: dict[str, float], why: str, sure: float, why_sure: str
) -> dict[str, Any]:
    return {
        **manifest,
        "detection": {
            "stride": STRIDE,
            "radius_px": RADIUS_PX,
            "thresholds": cuts,
            "from": "validation",
            "chosen": why,
        },
        "thresholds": {"fasteners": {"min_confidence": sure, "from": "validation", "chosen": why_sure}},
    }


def _provisional(content: bytes, manifest: dict[str, Any], cuts: dict[str, float], folder: Path) -> Any:
    whole = _with_thresholds(manifest, cuts, "nothing yet", 0.5, "nothing yet")
    return load_provisional(folder, content, whole, TASK)
