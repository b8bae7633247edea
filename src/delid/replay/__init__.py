"""Recorded runs again: inspections, decisions and wire bytes, compared with references. No socket, no thread."""

from ._cache import CacheUse, InspectionCache
from ._cached_eyes import CachedEyes
from ._compare import Difference, check_tolerances, compare_frames, compare_lines
from ._eyes import Eyes, InspectorLike, LiveEyes, decode
from ._impact import Impact, impact, with_version
from ._inspections import DEFAULT_TOLERANCES, FrameSeam, Tolerance, frame_seams, scores_of
from ._lines import decision_lines, wire_lines
from ._open_eyes import open_eyes
from ._recorded_seams import judge_by_itself, recorded_seams
from ._recorded_wire import recorded_wire_differences
from ._reference import Reference, Seams, load_reference, save_reference
from ._run import Outcome, replay
from ._settings import code_digest, digest_of, vision_digest
from ._setup import cell_for_replay, recorded_cell, with_models, with_recipes
from ._verdict import Verdict, compare_seams, judge_file, reference_path, replay_twice, seams_of, update_file
from ._wire import Sent

__all__ = [
    "DEFAULT_TOLERANCES",
    "CacheUse",
    "CachedEyes",
    "Difference",
    "Eyes",
    "FrameSeam",
    "Impact",
    "InspectionCache",
    "InspectorLike",
    "LiveEyes",
    "Outcome",
    "Reference",
    "Seams",
    "Sent",
    "Tolerance",
    "Verdict",
    "cell_for_replay",
    "check_tolerances",
    "code_digest",
    "compare_frames",
    "compare_lines",
    "compare_seams",
    "decision_lines",
    "decode",
    "digest_of",
    "frame_seams",
    "impact",
    "judge_by_itself",
    "judge_file",
    "load_reference",
    "open_eyes",
    "recorded_cell",
    "recorded_seams",
    "recorded_wire_differences",
    "reference_path",
    "replay",
    "replay_twice",
    "save_reference",
    "scores_of",
    "seams_of",
    "update_file",
    "vision_digest",
    "wire_lines",
    "with_models",
    "with_recipes",
    "with_version",
]
