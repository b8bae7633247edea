"""The inputs of the two models: one place for training, export and the manifests."""

from __future__ import annotations

from delid.vision import CropSpec, InputSpec

PACK_INPUT = InputSpec(
    name="image",
    shape=(1, 6, 256, 320),
    planes=("rgb", "rake_left", "rake_right", "rake_ratio"),
    layout="NCHW",
    color="RGB",
    resize="letterbox",
    pad=114,
    mean=(127.0, 127.0, 127.0),
    scale=(128.0, 128.0, 128.0),
    dtype="float32",
)
STRIDE = 8
HEAT_GRID = (PACK_INPUT.height_px // STRIDE, PACK_INPUT.width_px // STRIDE)

FASTENER_INPUT = InputSpec(
    name="crops",
    shape=("batch", 3, 48, 48),
    layout="NCHW",
    color="RGB",
    resize="stretch",
    pad=114,
    mean=(127.0, 127.0, 127.0),
    scale=(128.0, 128.0, 128.0),
    dtype="float32",
)
FASTENER_CROP = CropSpec(size_px=48, cover_mm=40.0)
