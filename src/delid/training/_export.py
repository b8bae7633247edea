"""What every model goes through on its way to a folder: slim ONNX, compared with its network, and a manifest."""

from __future__ import annotations

import hashlib
import io
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ruamel.yaml import YAML
from torch import nn

from delid.vision import OnnxModel, load_model

from ._origin import Origin
from ._samples import Sample

OPSET = 17
CLOSE = 2e-3
"""An exported model may answer this much differently from the network it came from."""
VERSION = "1.0.0"
Axes = Mapping[str, Mapping[int, str]]


class ExportError(Exception):
    """The exported model does not say what the network says."""


def onnx_bytes(
    net: nn.Module, shapes: Sequence[Sequence[int]], name: str, outputs: Sequence[str], axes: Axes | None = None
) -> bytes:
    """A network as slim ONNX; the answers of both are compared before it is handed on.

    Args:
        shapes: of inputs that both are asked about.
        name: of the input.
        axes: by name of input or output, the sides that may have any length.
    """
    import onnx
    import onnxslim

    examples = [torch.rand(*shape) * 2 - 1 for shape in shapes]
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter speaks of its successor
        torch.onnx.export(
            net.eval(),
            (examples[0],),
            buffer,
            input_names=[name],
            output_names=list(outputs),
            opset_version=OPSET,
            dynamic_axes=dict(axes or {}),
            dynamo=False,
        )
    content: bytes = onnxslim.slim(onnx.load_from_string(buffer.getvalue())).SerializeToString()
    for example in examples:
        _compare(net, content, example, outputs)
    return content


def _compare(net: nn.Module, content: bytes, example: torch.Tensor, outputs: Sequence[str]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), {session.get_inputs()[0].name: example.numpy()})
    with torch.no_grad():
        given = net(example)
    answer = (given,) if isinstance(given, torch.Tensor) else given
    for name, have, want in zip(outputs, found, answer, strict=True):
        off = float(np.abs(have - want.numpy()).max())
        if off > CLOSE:
            raise ExportError(f"output {name} of the exported model is off by {off:.4f}")


def manifest_of(
    name: str, task: str, train: Sequence[Sample], origin: Origin, note: str, crops: int = 0
) -> dict[str, Any]:
    """The part of a manifest that says what a model is and what it was made from."""
    return {
        "model": name,
        "version": VERSION,
        "task": task,
        "file": "model.onnx",
        "trained_on": "rendered and photographs" if origin.photographs else "rendered",
        "made_by": {"command": origin.command, "seed": origin.seed},
        "data": {
            "images": len(train),
            "families": len({s.family for s in train}),
            "crops": crops,
            "photographs": origin.photographs,
            "seeds": [origin.plan_seed],
            "recipe_sha256": origin.recipe_sha256,
            "note": f"{note} {origin.planned} pictures are planned; those that were rendered by then were used.",
        },
    }


def load_provisional(folder: Path, content: bytes, manifest: dict[str, Any], task: Any) -> OnnxModel:
    """The model with provisional thresholds, from a folder that is gone again when this returns."""
    with tempfile.TemporaryDirectory() as place:
        write_folder(Path(place) / folder.name, content, manifest)
        return load_model(Path(place) / folder.name, task)


def write_folder(folder: Path, content: bytes, manifest: dict[str, Any]) -> None:
    """model.onnx and manifest.yaml, which gets the checksum of the model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 110
    with (folder / "manifest.yaml").open("w", encoding="utf-8") as file:
        yaml.dump({**manifest, "sha256": hashlib.sha256(content).hexdigest()}, file)
