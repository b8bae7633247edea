"""What vision shows to the other folders."""

from __future__ import annotations

import delid.vision


def test_the_public_names() -> None:
    assert delid.vision.__all__ == [
        "DAMAGE_KINDS", "FASTENER_KINDS", "CropSpec", "DamageThreshold", "FastenerThreshold", "FrozenWatch", "Gallery",
        "InputSpec", "Inspector", "Letterbox", "Manifest", "OnnxModel", "OutputSpec", "PackThreshold", "Projection",
        "PrototypeFile", "QualityLimits", "Thresholds", "check_quality", "decode_battery_code", "fuse",
        "letterbox_for", "load_gallery", "load_model", "prepare", "prepare_crops", "read_codes", "read_frame",
    ]  # fmt: skip
    for name in delid.vision.__all__:
        assert getattr(delid.vision, name) is not None
