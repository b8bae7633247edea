"""What vision shows to the other folders."""

from __future__ import annotations

import delid.vision


def test_the_public_names() -> None:
    assert delid.vision.__all__ == [
        "ACCEPTABLE", "BOARD_FORMATS", "CENTRE", "DAMAGE_KINDS", "FASTENER_KINDS", "NOTHING", "ConfusionRow",
            "CropSpec",
        "DamageThreshold", "DamageVerdict", "Detection", "DetectionSpec",
        "Detector", "Evidence", "FastenerThreshold", "FlangePose",
        "FrozenWatch", "Gallery", "HandEyeReport", "InputSpec", "Inspector", "KindJudge", "LeftOut", "LensReport",
        "Lesson", "Letterbox", "Manifest", "Match", "Objection", "OnnxModel", "OutputSpec", "PackFileNote", "PackPose",
        "PackThreshold", "Pair", "Photo", "Place", "PointError", "PoseStatus", "Projection", "PrototypeFile",
        "QualityLimits", "StandingReport", "TaughtPack", "Teaching", "Thresholds", "ToolView", "calibrate_hand_eye",
        "calibrate_lens", "check_pack_name", "check_points", "check_quality", "confusion", "decode_battery_code",
        "detect_fasteners", "explain", "find_damage", "fuse", "gallery_of", "judge_damage", "letterbox_for",
        "load_gallery", "load_model", "locate_fastener", "locate_fasteners", "merge_fasteners", "place_camera",
        "prepare", "prepare_crops", "print_board", "read_codes", "read_frame", "read_labels", "read_manifest",
        "read_photos", "ready_gallery", "register_pack", "remove_pack", "robot_from_flange", "standing_projection",
        "store_pack", "taught_packs", "teach_pack",
    ]  # fmt: skip
    for name in delid.vision.__all__:
        assert getattr(delid.vision, name) is not None
