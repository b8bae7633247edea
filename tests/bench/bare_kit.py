"""What an inspection cannot do without: the shipped models on tensors made beforehand."""

from __future__ import annotations

from pathlib import Path

import delid  # noqa: F401  switches onnxruntime's telemetry off, before it is loaded

# isort: split
import numpy as np
import onnxruntime as ort

from delid.vision import Manifest
from delid.vision._detect import tensor_of, tiles_of

Feed = tuple[ort.InferenceSession, dict[str, np.ndarray]]


def session_of(folder: Path, threads: int = 1) -> ort.InferenceSession:
    """The model of a folder with the options that the cell uses."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])


def detector_feeds(session: ort.InferenceSession, manifest: Manifest, image: np.ndarray) -> list[Feed]:
    """One run of the fastener detector for each tile of a picture."""
    height, width = image.shape[:2]
    boxes = [tile.seen for tile in tiles_of((0, 0, width, height))]
    return [
        (session, {manifest.input.name: tensor_of(image[y0:y1, x0:x1], manifest.input)}) for x0, y0, x1, y1 in boxes
    ]
