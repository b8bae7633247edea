"""A model in eight-bit integers: static quantisation per channel, ranges from training pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]


class _Feeds:
    """What the quantiser asks for: one input after the other, then None."""

    def __init__(self, name: str, tensors: Sequence[Tensor]) -> None:
        self._feeds: Iterator[dict[str, Tensor]] = iter([{name: tensor} for tensor in tensors])

    def get_next(self) -> dict[str, Tensor] | None:
        return next(self._feeds, None)


def quantised(model: Path, name: str, tensors: Sequence[Tensor], keep: Sequence[str] = ()) -> bytes:
    """The model file in QDQ form.

    Args:
        model: fp32 ONNX file.
        name: of its input.
        tensors: inputs that the ranges of the activations are taken from; a hundred training pictures are enough.
        keep: nodes that stay in fp32.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as place:
        clean, small = Path(place) / "clean.onnx", Path(place) / "int8.onnx"
        quant_pre_process(str(model), str(clean), skip_symbolic_shape=True)
        reader: Any = _Feeds(name, tensors)
        quantize_static(
            str(clean),
            str(small),
            reader,
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=list(keep),
            extra_options={"ActivationSymmetric": False, "WeightSymmetric": True},
        )
        return small.read_bytes()
