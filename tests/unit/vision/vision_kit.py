"""Small deterministic models and pictures: the logic around a model is tested without the big one.

The pack model's embedding is the average colour. Its heat fires where a picture is red (corrosion), blue (leak) or
green (dent). The fastener model finds dots: bright (bolt), dark (empty), red (nut), blue (stripped).
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from delid.config import PackFile, read_document
from delid.core import Frame
from delid.vision import Projection, load_model, prepare

DAMAGE = ["dent", "corrosion", "leak", "swelling", "burn"]
KINDS = ["bolt", "nut", "empty", "stripped"]
HEIGHT, WIDTH, CELL, DIM = 48, 64, 8, 4

Colour = tuple[int, int, int]
"""Blue, green, red."""

PACK_COLOURS: dict[str, Colour] = {
    "vw-meb-82": (150, 150, 150),
    "nissan-leaf-24": (90, 150, 120),
    "byd-blade": (150, 120, 90),
}


def picture(colour: Colour = (150, 150, 150), size: tuple[int, int] = (1600, 1200), seed: int = 1) -> NDArray[np.uint8]:
    """A plain colour with enough grain to pass for a sharp picture."""
    grain = np.random.default_rng(seed).integers(-24, 25, (size[1] // 4, size[0] // 4, 1))
    grain = np.repeat(np.repeat(grain, 4, axis=0), 4, axis=1)
    height, width = grain.shape[:2]
    image = np.clip(np.array(colour) + grain, 0, 255).astype(np.uint8)
    return np.asarray(cv2.copyMakeBorder(image, 0, size[1] - height, 0, size[0] - width, cv2.BORDER_REPLICATE))


def frame_of(image: NDArray[np.uint8], source: str = "overview#1", seq: int = 1) -> Frame:
    return Frame(image=image, source=source, sha256=hashlib.sha256(image.tobytes()).hexdigest(), seq=seq)


def jpeg(image: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def _constant(name: str, value: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def _pack_graph(raking: int = 0) -> onnx.ModelProto:
    """With ``raking`` further planes, of which the first, where it is bright, makes a swelling."""
    heat = np.array([[-5, 10, -5], [10, -5, -5], [-5, -5, 10], [0, 0, 0], [0, 0, 0]], np.float32)
    heat = np.hstack([heat, np.zeros((5, raking), np.float32)])
    heat[3, 3:4] = 30
    embed = np.hstack([np.vstack([np.eye(3), np.zeros((1, 3))]), np.zeros((DIM, raking))])
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Conv", ["mean", "embed_w", "embed_b"], ["raw"]),
        helper.make_node("Flatten", ["raw"], ["flat"]),
        helper.make_node("LpNormalization", ["flat"], ["embedding"], axis=1, p=2),
        helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        helper.make_node("Conv", ["cells", "heat_w", "heat_b"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["damage_heat"]),
        helper.make_node("GlobalMaxPool", ["damage_heat"], ["peak"]),
        helper.make_node("Flatten", ["peak"], ["peaks"]),
        helper.make_node("Mul", ["peaks", "half"], ["severity"]),
    ]
    weights = [
        _constant("embed_w", embed.reshape(DIM, 3 + raking, 1, 1)),
        _constant("embed_b", [0, 0, 0, 0.2]),
        _constant("heat_w", heat.reshape(5, 3 + raking, 1, 1)),
        _constant("heat_b", [-6, -6, -6, -9, -9]),
        _constant("half", 0.5),
    ]
    tensor = helper.make_tensor_value_info
    outputs = [
        tensor("embedding", TensorProto.FLOAT, [1, DIM]),
        tensor("damage_heat", TensorProto.FLOAT, [1, 5, HEIGHT // CELL, WIDTH // CELL]),
        tensor("severity", TensorProto.FLOAT, [1, 5]),
    ]
    inputs = [tensor("image", TensorProto.FLOAT, [1, 3 + raking, HEIGHT, WIDTH])]
    return _model(helper.make_graph(nodes, "pack", inputs, outputs, weights))


def _fastener_graph() -> onnx.ModelProto:
    """Dots that are brighter (bolt) or darker (empty), redder (nut) or bluer (stripped) than what lies around them."""
    small, wide = np.zeros((9, 9), np.float32), np.full((9, 9), 1 / 81, np.float32)
    small[3:6, 3:6] = 1 / 9
    colours = np.array([[1, 1, 1], [2, -1, -1], [-1, -1, -1], [-1, -1, 2]], np.float32) / 3
    contrast = colours[:, :, None, None] * (small - wide)
    nodes = [
        helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["cells", "heat_w", "heat_b"], ["logits"], pads=[4, 4, 4, 4]),
        helper.make_node("Sigmoid", ["logits"], ["heat"]),
        helper.make_node("Conv", ["cells", "offset_w"], ["offset"]),
    ]
    weights = [
        _constant("heat_w", 20 * contrast),
        _constant("heat_b", [-4, -4, -4, -4]),
        _constant("offset_w", np.zeros((2, 3, 1, 1))),
    ]
    tensor = helper.make_tensor_value_info
    outputs = [
        tensor("heat", TensorProto.FLOAT, [1, 4, "rows", "columns"]),
        tensor("offset", TensorProto.FLOAT, [1, 2, "rows", "columns"]),
    ]
    inputs = [tensor("image", TensorProto.FLOAT, [1, 3, "height", "width"])]
    return _model(helper.make_graph(nodes, "fasteners", inputs, outputs, weights))


DOTS: dict[str, Colour] = {"bolt": (255, 255, 255), "empty": (0, 0, 0), "nut": (0, 0, 255), "stripped": (255, 0, 0)}


def put_fasteners(image: NDArray[np.uint8], centres_px: Any, kinds: str | dict[int, str] = "bolt") -> None:
    """Paint a dot for each centre: all of one kind, or by number, bolts otherwise."""
    for number, (x, y) in enumerate(centres_px):
        kind = kinds if isinstance(kinds, str) else kinds.get(number, "bolt")
        column, row = 4 * round((x - 1.5) / 4), 4 * round((y - 1.5) / 4)
        image[max(0, row - 4) : row + 8, max(0, column - 4) : column + 8] = DOTS[kind]


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _chosen(**values: Any) -> dict[str, Any]:
    return {**values, "from": "validation", "chosen": "by hand, for tests"}


def _manifest(task: str, content: bytes, **rest: Any) -> dict[str, Any]:
    return {
        "model": f"tiny-{task}".replace("_", "-"),
        "version": "0",
        "task": task,
        "file": "model.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "trained_on": "rendered",
        "data": {"images": 0, "families": 0, "seeds": [1], "recipe_sha256": "0" * 64, "note": "not trained"},
        "made_by": {"command": "tests", "seed": 1},
        **rest,
    }


def _input(name: str, shape: list[Any]) -> dict[str, Any]:
    return {
        "name": name, "shape": shape, "layout": "NCHW", "color": "RGB", "resize": "letterbox", "pad": 127,
        "mean": [127, 127, 127], "scale": [128, 128, 128], "dtype": "float32",
    }  # fmt: skip


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.yaml").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.yaml").read_text(encoding="utf-8")))


def build_models(folder: Path, looks: tuple[str, ...] = ()) -> Path:
    """Write pack-damage and fastener-detect into ``folder``; ``looks`` are the pack model's planes besides rgb."""
    pack, fasteners = folder / "pack-damage", folder / "fastener-detect"
    for target, model in ((pack, _pack_graph(len(looks))), (fasteners, _fastener_graph())):
        target.mkdir(parents=True)
        (target / "model.onnx").write_bytes(model.SerializeToString())
    rows, columns = HEIGHT // CELL, WIDTH // CELL
    write_manifest(pack, _manifest(
        "pack_damage", (pack / "model.onnx").read_bytes(),
        input=_input("image", [1, 3 + len(looks), HEIGHT, WIDTH]) | ({"planes": ["rgb", *looks]} if looks else {}),
        outputs=[
            {"name": "embedding", "shape": [1, DIM]},
            {"name": "damage_heat", "shape": [1, 5, rows, columns], "labels": DAMAGE, "pooling": "max"},
            {"name": "severity", "shape": [1, 5], "labels": DAMAGE},
        ],
        thresholds={
            "pack": _chosen(min_score=0.97, margin=0.01, neighbours=1),
            "damage": {kind: _chosen(min_confidence=0.6) for kind in DAMAGE},
        },
    ))  # fmt: skip
    write_manifest(fasteners, _manifest(
        "fastener_detect", (fasteners / "model.onnx").read_bytes(),
        input=_input("image", [1, 3, "height", "width"]),
        outputs=[
            {"name": "heat", "shape": [1, 4, "height/4", "width/4"], "labels": KINDS},
            {"name": "offset", "shape": [1, 2, "height/4", "width/4"]},
        ],
        detection=_chosen(stride=4, radius_px=7.0, thresholds=dict.fromkeys(KINDS, 0.4)),
        thresholds={"fasteners": _chosen(min_confidence=0.7)},
    ))  # fmt: skip
    return folder


def prototype(pack: str, model_sha256: str, vectors: NDArray[np.float32], dim: int | None = None) -> dict[str, Any]:
    return {
        "pack": pack,
        "model_sha256": model_sha256,
        "dim": dim or vectors.shape[1],
        "provenance": "made for tests",
        "vectors": base64.b64encode(vectors.astype("<f4").tobytes()).decode(),
    }


def build_gallery(folder: Path, models: Path, colours: dict[str, Colour] | None = None) -> Path:
    """Teach one colour for each pack."""
    folder.mkdir(parents=True, exist_ok=True)
    model = load_model(models / "pack-damage", "pack_damage")
    for pack, colour in (PACK_COLOURS if colours is None else colours).items():
        vectors = model.run(prepare(picture(colour), model.manifest.input))["embedding"]
        file = prototype(pack, model.manifest.sha256, vectors)
        (folder / f"{pack}.json").write_text(json.dumps(file), encoding="utf-8")
    return folder


def write_cell(folder: Path, repository: Path, models: Path, gallery: Path) -> Path:
    """The demonstration cell with these models and one small recipe, as a file."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(
        'recipe: any/quarantine\nserves: {packs: ["*"], hazard: [C]}\n'
        "operations: [{id: quarantine, do: quarantine, to: brine tank}]\n",
        encoding="utf-8",
    )
    demo = repository / "cell_configs/cells/demo.yaml"
    data = dict(read_document(demo).data)
    data["models"] = {
        "pack_damage": str(models / "pack-damage"),
        "fasteners": str(models / "fastener-detect"),
        "gallery": str(gallery),
    }
    data["recipes"] = [str(recipe)]
    data["packs"] = [str((demo.parent / pack).resolve()) for pack in data["packs"]]
    data["health"] = str((demo.parent / data["health"]).resolve())
    data["plc"] = data["plc"] | {"map": str((demo.parent / data["plc"]["map"]).resolve())}
    path = folder / "cell.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def nominal_places(pack: PackFile, view: Projection) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Ids, robot points (n x 3, mm) and pixels (n x 2) of the fasteners whose nominal place the camera sees."""
    robot = view.pack_to_robot(pack.fastener_places().values(), pack)
    pixels = view.robot_to_px(robot)
    width, height = view.size_px
    seen = [bool(0 <= x <= width - 1 and 0 <= y <= height - 1) for x, y in pixels]
    return [name for name, ok in zip(pack.fastener_places(), seen, strict=True) if ok], robot[seen], pixels[seen]
