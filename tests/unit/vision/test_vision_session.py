"""A model that is not what its manifest says is refused, each way with its own code."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import vision_kit as kit

from delid.core import ModelError
from delid.vision import load_model


@pytest.fixture
def pack_model(models: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(models / "pack-damage", tmp_path / "pack-damage"))


def refusal(folder: Path, task: Any = "pack_damage") -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_model(folder, task)
    assert caught.value.hint, "an error says what to do next"
    return caught.value


def change(folder: Path, *keys: str | int, value: Any) -> None:
    manifest = kit.read_manifest(folder)
    node: Any = manifest
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    kit.write_manifest(folder, manifest)


def test_a_model_answers_under_the_names_of_its_manifest(pack_model: Path) -> None:
    model = load_model(pack_model, "pack_damage")
    assert model.digest == "sha256:" + hashlib.sha256((pack_model / "model.onnx").read_bytes()).hexdigest()
    outputs = model.run(np.ones((1, 3, kit.HEIGHT, kit.WIDTH), np.float32))
    assert set(outputs) == {"embedding", "damage_heat", "severity"}
    assert np.linalg.norm(outputs["embedding"]) == pytest.approx(1.0)


@pytest.mark.parametrize("gone", ["", "manifest.yaml", "model.onnx"])
def test_what_is_not_there_is_missing(pack_model: Path, gone: str) -> None:
    shutil.rmtree(pack_model) if not gone else (pack_model / gone).unlink()
    assert refusal(pack_model).code == "model.missing"


def test_one_changed_byte_is_tampering(pack_model: Path) -> None:
    content = bytearray((pack_model / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (pack_model / "model.onnx").write_bytes(content)
    error = refusal(pack_model)
    assert error.code == "model.tampered"
    assert hashlib.sha256(content).hexdigest()[:12] in error.message


def test_a_file_that_fits_its_digest_but_is_no_model_is_broken(pack_model: Path) -> None:
    (pack_model / "model.onnx").write_bytes(b"no model")
    change(pack_model, "sha256", value=hashlib.sha256(b"no model").hexdigest())
    assert refusal(pack_model).code == "model.broken"


def test_a_model_for_another_task_is_a_mismatch(models: Path) -> None:
    assert refusal(models / "fastener-detect").code == "model.mismatch"
    assert refusal(models / "pack-damage", "fastener_detect").code == "model.mismatch"


@pytest.mark.parametrize(
    ("keys", "value", "word"),
    [
        (("input", "name"), "pixels", "pixels"),
        (("input", "shape"), [1, 3, 48, 48], "input image"),
        (("input", "shape"), ["batch", 3, kit.HEIGHT, kit.WIDTH], "input image"),
        (("outputs", 0, "shape"), [1, 128], "output embedding"),
        (("outputs", 0, "shape"), [1, 2, 2], "output embedding"),
        (("outputs", 1, "shape"), [1, 5, 3, 3], "output damage_heat"),
        (("outputs", 2, "labels"), ["dent", "burn"], "labels"),
    ],
)
def test_names_shapes_and_labels_must_agree(pack_model: Path, keys: tuple[Any, ...], value: Any, word: str) -> None:
    change(pack_model, *keys, value=value)
    error = refusal(pack_model)
    assert error.code == "model.mismatch"
    assert word in error.message


def test_an_output_that_the_file_does_not_give(pack_model: Path) -> None:
    manifest = kit.read_manifest(pack_model)
    manifest["outputs"].append({"name": "mood", "shape": [1, 2]})
    kit.write_manifest(pack_model, manifest)
    error = refusal(pack_model)
    assert error.code == "model.mismatch"
    assert "mood" in error.message


@pytest.mark.parametrize(
    ("keys", "value", "line_word"),
    [
        (("input", "layout"), "NHWC", "input.layout"),
        (("outputs", 1, "labels"), ["dent"] * 5, "damage_heat.labels"),
        (("thresholds", "damage"), None, "thresholds.damage"),
        (("input", "gamma"), 2.2, "input.gamma"),
    ],
)
def test_a_manifest_off_its_contract_names_file_line_and_key(
    pack_model: Path, keys: tuple[Any, ...], value: Any, line_word: str
) -> None:
    change(pack_model, *keys, value=value)
    error = refusal(pack_model)
    assert error.code == "model.manifest"
    assert "manifest.yaml:" in error.message
    assert line_word in error.message


def test_an_answer_that_is_no_number_is_a_fault(pack_model: Path) -> None:
    path = pack_model / "model.onnx"
    model = onnx.load(path)
    for weight in model.graph.initializer:
        if weight.name == "half":
            weight.CopyFrom(onnx.numpy_helper.from_array(np.asarray(np.nan, np.float32), "half"))
    path.write_bytes(model.SerializeToString())
    change(pack_model, "sha256", value=hashlib.sha256(path.read_bytes()).hexdigest())
    error = refusal(pack_model)
    assert error.code == "model.failed"
    assert "severity" in error.message


def test_a_tensor_of_another_shape_is_a_fault_with_its_cause(models: Path) -> None:
    model = load_model(models / "pack-damage", "pack_damage")
    with pytest.raises(ModelError) as caught:
        model.run(np.zeros((1, 3, 8, 8), np.float32))
    assert caught.value.code == "model.failed"
    assert caught.value.__cause__ is not None
