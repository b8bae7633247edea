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
from ruamel.yaml import YAML
from torch import nn

from delid.vision import FASTENER_KINDS, InputSpec, OnnxModel, load_model

from . import _thresholds as thresholds
from ._crops import places_of
from ._net import FastenerNet, FastenerNetForExport
from ._origin import Origin
from ._predict import kinds_of
from ._samples import Sample, of_split
from ._specs import FASTENER_CROP, FASTENER_INPUT

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
    example = torch.rand(batch, spec.shape[1], spec.height_px, spec.width_px) * 2 - 1
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


def export_fasteners(
    net: FastenerNet, samples: list[Sample], origin: Origin, folder: Path, say: Callable[[str], None]
) -> None:
    """Write the fastener model's folder."""
    content = onnx_bytes(FastenerNetForExport(net), FASTENER_INPUT, ("kind",))
    train = of_split(samples, "train", close_ups=True)
    manifest = {
        **common_of("fastener-kind", "fastener_kind", content, origin),
        "data": data_of(train, len(places_of(train)), origin, "Close-ups of boards full of fasteners of all kinds."),
        "input": plain_of(FASTENER_INPUT),
        "outputs": [{"name": "kind", "shape": ["batch", len(FASTENER_KINDS)], "labels": list(FASTENER_KINDS)}],
        "crop": {"size_px": FASTENER_CROP.size_px, "cover_mm": FASTENER_CROP.cover_mm},
        "thresholds": {"fasteners": _fastener_threshold(0.5, "nothing yet")},
    }
    model = load_provisional(folder, content, manifest, "fastener_kind")
    close_ups = of_split(samples, "validation", close_ups=True)
    if close_ups:
        probabilities, kinds, _ = kinds_of(model, close_ups)
        cut = thresholds.min_confidence(probabilities, kinds, EMPTY)
        most = f"at most {thresholds.MOST_SEEN_EMPTY:.1%} of {int((kinds != EMPTY).sum())} fasteners"
        chosen = f"lowest with which {most} that are there are called empty"
        manifest["thresholds"] = {"fasteners": _fastener_threshold(cut, chosen)}
    write_folder(folder, content, manifest)
    load_model(folder, "fastener_kind")
    say(f"{folder}: {len(content) / 1e6:.1f} MB")


def _fastener_threshold(cut: float, chosen: str) -> dict[str, Any]:
    return {"min_confidence": cut, "from": "validation", "chosen": chosen}


def common_of(name: str, task: str, content: bytes, origin: Origin) -> dict[str, Any]:
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


def data_of(train: Sequence[Sample], crops: int, origin: Origin, note: str) -> dict[str, Any]:
    return {
        "images": len(train),
        "families": len({s.family for s in train}),
        "crops": crops,
        "photographs": origin.photographs if crops else 0,
        "seeds": [origin.plan_seed],
        "recipe_sha256": origin.recipe_sha256,
        "note": f"{note} {origin.planned} pictures are planned; those that were rendered by then were used.",
    }


def plain_of(spec: InputSpec) -> dict[str, Any]:
    return spec.model_dump(mode="json")


def load_provisional(folder: Path, content: bytes, manifest: dict[str, Any], task: Any) -> OnnxModel:
    """The model with provisional thresholds, from a folder that is gone again when this returns."""
    with tempfile.TemporaryDirectory() as place:
        write_folder(Path(place) / folder.name, content, manifest)
        return load_model(Path(place) / folder.name, task)


def write_folder(folder: Path, content: bytes, manifest: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 110
    with (folder / "manifest.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(manifest, file)
