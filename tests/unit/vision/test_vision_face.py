"""What vision shows to the other folders."""

from __future__ import annotations

import delid.vision


def test_the_public_names() -> None:
    assert delid.vision.__all__ == [
        "ACCEPTABLE", "DAMAGE_KINDS", "FASTENER_KINDS", "ConfusionRow", "CropSpec", "DamageThreshold",
        "FastenerThreshold", "FrozenWatch", "Gallery", "InputSpec", "Inspector", "LeftOut", "Lesson",
        "Letterbox", "Manifest", "Match", "Objection", "OnnxModel", "OutputSpec", "PackFileNote", "PackPose",
        "PackThreshold", "Photo", "Place", "PoseStatus", "Projection", "PrototypeFile", "QualityLimits",
        "TaughtPack", "Teaching", "Thresholds", "check_pack_name", "check_quality", "confusion",
        "decode_battery_code", "fuse", "gallery_of", "letterbox_for", "load_gallery", "load_model",
        "locate_fasteners", "merge_fasteners", "prepare", "prepare_crops", "read_codes", "read_frame",
        "read_labels", "read_manifest", "read_photos", "ready_gallery", "register_pack", "remove_pack",
        "store_pack", "taught_packs", "teach_pack",
    ]  # fmt: skip
    for name in delid.vision.__all__:
        assert getattr(delid.vision, name) is not None
