"""A frame to what is known of it: pack, damage, hazard class, fasteners, codes. The only folder with onnxruntime."""

from ._battery_code import decode_battery_code
from ._codes import read_codes
from ._decode import read_frame
from ._fuse import fuse
from ._gallery import Gallery, PrototypeFile, load_gallery
from ._geometry import Projection
from ._inspector import Inspector
from ._manifest import (
    DAMAGE_KINDS,
    FASTENER_KINDS,
    CropSpec,
    DamageThreshold,
    FastenerThreshold,
    InputSpec,
    Manifest,
    OutputSpec,
    PackThreshold,
    Thresholds,
)
from ._prepare import Letterbox, letterbox_for, prepare, prepare_crops
from ._quality import FrozenWatch, QualityLimits, check_quality
from ._session import OnnxModel, load_model

__all__ = [
    "DAMAGE_KINDS",
    "FASTENER_KINDS",
    "CropSpec",
    "DamageThreshold",
    "FastenerThreshold",
    "FrozenWatch",
    "Gallery",
    "InputSpec",
    "Inspector",
    "Letterbox",
    "Manifest",
    "OnnxModel",
    "OutputSpec",
    "PackThreshold",
    "Projection",
    "PrototypeFile",
    "QualityLimits",
    "Thresholds",
    "check_quality",
    "decode_battery_code",
    "fuse",
    "letterbox_for",
    "load_gallery",
    "load_model",
    "prepare",
    "prepare_crops",
    "read_codes",
    "read_frame",
]
