"""The same model files in onnxruntime, OpenVINO and cv2.dnn: milliseconds a run, and the ratio to onnxruntime.

Run from the repository: ``python tests/bench/bench_engines.py``. OpenVINO is asked only where it is installed
(``pip install openvino``); delid itself runs onnxruntime. Engines take turns in one process on the same tensors.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import delid  # noqa: F401  switches onnxruntime's telemetry off, before it is loaded

# isort: split
import cv2
import numpy as np
import onnxruntime as ort

REPOSITORY = Path(__file__).resolve().parents[2]
DYNAMIC_SIDE_PX = 512
Run = Callable[[], object]


def engines(file: Path, tensor: np.ndarray, threads: int) -> dict[str, Run]:
    """A runner for each engine that is installed and can load the file."""
    found = {"onnxruntime": _onnxruntime(file, tensor, threads)}
    if importlib.util.find_spec("openvino"):
        found["openvino"] = _openvino(file, tensor, threads)
    try:
        found["cv2.dnn"] = _cv2(file, tensor, threads)
    except cv2.error as error:
        print(f"  cv2.dnn cannot load {file.parent.name}: {str(error).splitlines()[0][:90]}")
    return found


def _onnxruntime(file: Path, tensor: np.ndarray, threads: int) -> Run:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: tensor})


def _openvino(file: Path, tensor: np.ndarray, threads: int) -> Run:
    import openvino

    core = openvino.Core()
    model = core.read_model(str(file))
    model.reshape(list(tensor.shape))
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer([tensor])


def _cv2(file: Path, tensor: np.ndarray, threads: int) -> Run:
    cv2.setNumThreads(threads)
    net = cv2.dnn.readNetFromONNX(str(file))
    names = net.getUnconnectedOutLayersNames()

    def run() -> object:
        net.setInput(tensor)
        return net.forward(names)

    run()
    return run


def tensor_for(file: Path) -> np.ndarray:
    shape = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"]).get_inputs()[0].shape
    sides = [s if isinstance(s, int) else 1 if k == 0 else DYNAMIC_SIDE_PX for k, s in enumerate(shape)]
    return np.random.default_rng(1).uniform(-1, 1, sides).astype(np.float32)


def measure(file: Path, rounds: int, threads: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds and median ratio to onnxruntime of each engine."""
    tensor = tensor_for(file)
    runs = engines(file, tensor, threads)
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 2):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            spent[name].append((time.perf_counter() - start) * 1000)
    warm = {name: times[2:] for name, times in spent.items()}
    reference = warm["onnxruntime"]
    return {
        name: (statistics.median(times), statistics.median(a / b for a, b in zip(times, reference, strict=True)))
        for name, times in warm.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    for file in sorted((REPOSITORY / "models").glob("*/model.onnx")):
        print(f"{file.parent.name}, input {tensor_for(file).shape}, {arguments.threads} thread(s)")
        for name, (ms, ratio) in measure(file, arguments.rounds, arguments.threads).items():
            print(f"  {name:<12} {ms:8.2f} ms   ratio to onnxruntime {ratio:5.2f}")


if __name__ == "__main__":
    main()
