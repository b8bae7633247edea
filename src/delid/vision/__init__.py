"""A frame to what is known of it: pack, damage, hazard class, fasteners, codes. The only folder with onnxruntime."""

from delid.core import decode_battery_code

from ._calibration_board import BOARD_FORMATS, print_board
from ._calibration_hand_eye import FlangePose, HandEyeReport, calibrate_hand_eye, robot_from_flange
from ._calibration_lens import LensReport, calibrate_lens
from ._calibration_plane import Pair, PointError, StandingReport, check_points, place_camera, standing_projection
from ._codes import read_codes, read_labels
from ._confusion import ConfusionRow, LeftOut, confusion
from ._damage import DamageVerdict, find_damage, judge_damage
from ._decode import read_frame
from ._detect import Detection, Detector, detect_fasteners
from ._explain import Evidence, explain
from ._fuse import fuse
from ._gallery import Gallery, Match, PackFileNote, PrototypeFile, gallery_of, load_gallery
from ._gallery_files import TaughtPack, check_pack_name, ready_gallery, remove_pack, store_pack, taught_packs
from ._geometry import Projection
from ._inspector import Inspector
from ._kinds import KindJudge
from ._locate import ToolView, locate_fastener
from ._manifest import (
    CENTRE,
    DAMAGE_KINDS,
    FASTENER_KINDS,
    NOTHING,
    CropSpec,
    DamageThreshold,
    DetectionSpec,
    FastenerThreshold,
    InputSpec,
    Manifest,
    OutputSpec,
    PackThreshold,
    Thresholds,
)
from ._merge import merge_fasteners
from ._pack_fasteners import locate_fasteners
from ._photos import Objection, Photo, read_photos
from ._pose import PackPose, Place, PoseStatus
from ._prepare import Letterbox, letterbox_for, prepare, prepare_crops
from ._quality import FrozenWatch, QualityLimits, check_quality
from ._registration import register_pack
from ._session import OnnxModel, load_model, read_manifest
from ._teach import ACCEPTABLE, Lesson, Teaching, teach_pack

__all__ = [
    "ACCEPTABLE",
    "BOARD_FORMATS",
    "CENTRE",
    "DAMAGE_KINDS",
    "FASTENER_KINDS",
    "NOTHING",
    "ConfusionRow",
    "CropSpec",
    "DamageThreshold",
    "DamageVerdict",
    "Detection",
    "DetectionSpec",
    "Detector",
    "Evidence",
    "FastenerThreshold",
    "FlangePose",
    "FrozenWatch",
    "Gallery",
    "HandEyeReport",
    "InputSpec",
    "Inspector",
    "KindJudge",
    "LeftOut",
    "LensReport",
    "Lesson",
    "Letterbox",
    "Manifest",
    "Match",
    "Objection",
    "OnnxModel",
    "OutputSpec",
    "PackFileNote",
    "PackPose",
    "PackThreshold",
    "Pair",
    "Photo",
    "Place",
    "PointError",
    "PoseStatus",
    "Projection",
    "PrototypeFile",
    "QualityLimits",
    "StandingReport",
    "TaughtPack",
    "Teaching",
    "Thresholds",
    "ToolView",
    "calibrate_hand_eye",
    "calibrate_lens",
    "check_pack_name",
    "check_points",
    "check_quality",
    "confusion",
    "decode_battery_code",
    "detect_fasteners",
    "explain",
    "find_damage",
    "fuse",
    "gallery_of",
    "judge_damage",
    "letterbox_for",
    "load_gallery",
    "load_model",
    "locate_fastener",
    "locate_fasteners",
    "merge_fasteners",
    "place_camera",
    "prepare",
    "prepare_crops",
    "print_board",
    "read_codes",
    "read_frame",
    "read_labels",
    "read_manifest",
    "read_photos",
    "ready_gallery",
    "register_pack",
    "remove_pack",
    "robot_from_flange",
    "standing_projection",
    "store_pack",
    "taught_packs",
    "teach_pack",
]
