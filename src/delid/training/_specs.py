"""The input of the pack model: one place for training, export and the manifest."""

from __future__ import annotations

from delid.vision import InputSpec

PACK_SHAPE = (1, 6, 320, 416)
PACK_INPUT = InputSpec(
    name="image",
    shape=PACK_SHAPE,
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
