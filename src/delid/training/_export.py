"""Networks to model folders: plain ONNX, its manifest, thresholds from validation pictures, and the gallery."""

from __future__ import annotations

import hashlib
import io
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ruamel.yaml import YAML
from torch import nn

from delid.vision import DAMAGE_KINDS, FASTENER_KINDS, Gallery, InputSpec, OnnxModel, load_model

from . import _thresholds as thresholds
from ._crops import places_of
from ._gallery import as_gallery, teach, write_gallery
from ._net import EMBEDDING, FastenerNet, FastenerNetForExport, PackNet, PackNetForExport
from ._origin import Origin
from ._predict import answers_to, kinds_of, turned_views
from ._samples import Sample, of_split
from ._specs import FASTENER_CROP, FASTENER_INPUT, HEAT_GRID, PACK_INPUT

OPSET = 17
CLOSE = 2e-3
"""An exported model may answer this much differently from the network it came from."""
VERSION = "1.0.0"
EMPTY = FASTENER_KINDS.index("empty")


class ExportError(Exception):
    """The exported model does not say what the network says."""


def onnx_bytes(net: nn.Module, spec: InputSpec, outputs: Sequence[str]) -> bytes:
    """A network as slim ONNX; the answers of both are compared before it is handed on."""
    import onnx
    import onnxslim

    batch = 1 if spec.shape[0] == "batch" else spec.shape[0]
    example = torch.rand(batch, 3, spec.height_px, spec.width_px) * 2 - 1
    axes = {name: {0: "batch"} for name in (spec.name, *outputs)} if spec.shape[0] == "batch" else {}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter speaks of its successor
        torch.onnx.export(
            net.eval(),
            (example,),
            buffer,
            input_names=[spec.name],
            output_names=list(outputs),
            opset_version=OPSET,
            dynamic_axes=axes,
            dynamo=False,
        )
    slim = onnxslim.slim(onnx.load_from_string(buffer.getvalue()))
    content: bytes = slim.SerializeToString()
    _compare(net, content, example, outputs)
    return content


def _compare(net: nn.Module, content: bytes, example: torch.Tensor, outputs: Sequence[str]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), {session.get_inputs()[0].name: example.numpy()})
    with torch.no_grad():
        answer = net(example)
    wanted = answer if isinstance(answer, tuple) else (answer,)
    for name, have, want in zip(outputs, found, wanted, strict=True):
        off = float(np.abs(have - want.numpy()).max())
        if off > CLOSE:
            raise ExportError(f"output {name} of the exported model is off by {off:.4f}")


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
    content = onnx_bytes(PackNetForExport(net), PACK_INPUT, ("embedding", "damage_heat", "severity"))
    train = of_split(samples, "train", close_ups=False)
    note = (
        "Whole packs. Fictional families are split as a whole; the named packs appear in every split with other scenes."
    )
    manifest = {
        **_common("pack-damage", "pack_damage", content, origin),
        "data": _data(train, 0, origin, note),
        "input": _plain(PACK_INPUT),
        "outputs": [
            {"name": "embedding", "shape": [1, EMBEDDING]},
            {
                "name": "damage_heat",
                "shape": [1, len(DAMAGE_KINDS), *HEAT_GRID],
                "labels": list(DAMAGE_KINDS),
                "pooling": "max",
            },
            {"name": "severity", "shape": [1, len(DAMAGE_KINDS)], "labels": list(DAMAGE_KINDS)},
        ],
        "thresholds": {"pack": _pack_threshold(0.5, 0.0, "nothing yet"), "damage": _damage_thresholds({})},
    }
    model = _load(folder, content, manifest, "pack_damage")
    first = as_gallery(teach(model, samples, packs, at_s))
    manifest["thresholds"] = pack_thresholds(model, first, of_split(samples, "validation", close_ups=False))
    _write(folder, content, manifest)
    files = teach(load_model(folder, "pack_damage"), samples, packs, at_s)
    write_gallery(files, gallery_dir)
    say(f"{folder}: {len(content) / 1e6:.1f} MB, taught {', '.join(files)}")


def pack_thresholds(model: OnnxModel, gallery: Gallery, validation: Sequence[Sample]) -> dict[str, Any]:
    """Thresholds for identity and damage from validation pictures, each seen in four positions."""
    pictures = [view for sample in validation for view in turned_views(sample.picture())]
    owners = [sample for sample in validation for _ in range(4)]
    if not pictures:
        return {"pack": _pack_threshold(0.5, 0.0, "no validation pictures"), "damage": _damage_thresholds({})}
    answers = answers_to(model, pictures)
    taught = gallery.prototypes
    verdicts = [thresholds.judged(gallery, vector) for vector in answers.embedding] if taught else []
    pairs = list(zip(owners, verdicts, strict=bool(taught)))
    known = np.array([v.score for s, v in pairs if s.family == v.pack])
    strangers = np.array([v.score for s, v in pairs if s.family not in taught])
    leads = np.array([v.lead for s, v in pairs if s.family == v.pack])
    score = thresholds.min_score(known, strangers) if len(known) else 0.5
    chosen = (
        f"most known packs accepted less strangers accepted, {len(known)} views of known packs and "
        f"{len(strangers)} of families that were never trained on; margin: half the smallest lead of a known pack"
    )
    present = np.array([s.present() for s in owners])
    return {
        "pack": _pack_threshold(score, thresholds.min_lead(leads), chosen),
        "damage": _damage_thresholds(_chosen_cuts(answers.peak, present)),
    }


def _chosen_cuts(peak: NDArray[np.float32], present: NDArray[np.bool_]) -> dict[str, tuple[float, str]]:
    cuts = {}
    for index, kind in enumerate(DAMAGE_KINDS):
        there, absent = peak[present[:, index], index], peak[~present[:, index], index]
        cut = thresholds.damage_threshold(there, absent) if len(there) else 0.5
        quiet = f"about the best F1 with at most {thresholds.MOST_ALARMS:.0%} false alarms"
        cuts[kind] = cut, f"{quiet}, {len(there)} views with and {len(absent)} without"
    return cuts


def _pack_threshold(score: float, margin: float, chosen: str) -> dict[str, Any]:
    return {
        "min_score": round(score, 4),
        "margin": round(margin, 4),
        "neighbours": thresholds.NEIGHBOURS,
        "from": "validation",
        "chosen": chosen,
    }


def _damage_thresholds(cuts: dict[str, tuple[float, str]]) -> dict[str, Any]:
    found = {}
    for kind in DAMAGE_KINDS:
        cut, chosen = cuts.get(kind, (0.5, "no validation pictures"))
        found[kind] = {"min_confidence": round(min(max(cut, 0.0), 1.0), 4), "from": "validation", "chosen": chosen}
    return found


def export_fasteners(
    net: FastenerNet, samples: list[Sample], origin: Origin, folder: Path, say: Callable[[str], None]
) -> None:
    """Write the fastener model's folder."""
    content = onnx_bytes(FastenerNetForExport(net), FASTENER_INPUT, ("kind",))
    train = of_split(samples, "train", close_ups=True)
    manifest = {
        **_common("fastener-kind", "fastener_kind", content, origin),
        "data": _data(train, len(places_of(train)), origin, "Close-ups of boards full of fasteners of all kinds."),
        "input": _plain(FASTENER_INPUT),
        "outputs": [{"name": "kind", "shape": ["batch", len(FASTENER_KINDS)], "labels": list(FASTENER_KINDS)}],
        "crop": {"size_px": FASTENER_CROP.size_px, "cover_mm": FASTENER_CROP.cover_mm},
        "thresholds": {"fasteners": _fastener_threshold(0.5, "nothing yet")},
    }
    model = _load(folder, content, manifest, "fastener_kind")
    close_ups = of_split(samples, "validation", close_ups=True)
    if close_ups:
        probabilities, kinds, _ = kinds_of(model, close_ups)
        cut = thresholds.min_confidence(probabilities, kinds, EMPTY)
        most = f"at most {thresholds.MOST_SEEN_EMPTY:.1%} of {int((kinds != EMPTY).sum())} fasteners"
        chosen = f"lowest with which {most} that are there are called empty"
        manifest["thresholds"] = {"fasteners": _fastener_threshold(cut, chosen)}
    _write(folder, content, manifest)
    load_model(folder, "fastener_kind")
    say(f"{folder}: {len(content) / 1e6:.1f} MB")


def _fastener_threshold(cut: float, chosen: str) -> dict[str, Any]:
    return {"min_confidence": cut, "from": "validation", "chosen": chosen}


def _common(name: str, task: str, content: bytes, origin: Origin) -> dict[str, Any]:
    photographs = origin.photographs and task == "fastener_kind"
    return {
        "model": name,
        "version": VERSION,
        "task": task,
        "file": "model.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "trained_on": "rendered and photographs" if photographs else "rendered",
        "made_by": {"command": origin.command, "seed": origin.seed},
    }


def _data(train: Sequence[Sample], crops: int, origin: Origin, note: str) -> dict[str, Any]:
    return {
        "images": len(train),
        "families": len({s.family for s in train}),
        "crops": crops,
        "photographs": origin.photographs if crops else 0,
        "seeds": [origin.plan_seed],
        "recipe_sha256": origin.recipe_sha256,
        "note": f"{note} {origin.planned} pictures are planned; those that were rendered by then were used.",
    }


def _plain(spec: InputSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json")


def _load(folder: Path, content: bytes, manifest: dict[str, Any], task: Any) -> OnnxModel:
    """The model with provisional thresholds, from a folder that is gone again when this returns."""
    with tempfile.TemporaryDirectory() as place:
        _write(Path(place) / folder.name, content, manifest)
        return load_model(Path(place) / folder.name, task)


def _write(folder: Path, content: bytes, manifest: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 110
    with (folder / "manifest.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(manifest, file)
