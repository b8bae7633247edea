"""What the inference library would tell its makers stays untold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

INFER = """
import sys
if sys.argv[1] == "delid":
    import delid
import numpy, onnx
from onnx import TensorProto, helper
import onnxruntime

x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, {"x": numpy.zeros(1, numpy.float32)})
"""
QUIET = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
"""By these the library may be quiet of its own accord."""


def left_by(program: str, home: Path) -> list[str]:
    """Files that an inference leaves in the home of whoever runs it."""
    home.mkdir()
    surroundings = {name: value for name, value in os.environ.items() if name not in QUIET and "XDG" not in name}
    subprocess.run(
        [sys.executable, "-c", INFER, program], env=surroundings | {"HOME": str(home)}, check=True, timeout=60
    )
    return sorted(path.name for path in home.rglob("*") if path.is_file())


def test_inference_with_delid_leaves_no_number_of_the_machine_and_nothing_to_send(tmp_path: Path) -> None:
    assert left_by("delid", tmp_path / "with") == []
