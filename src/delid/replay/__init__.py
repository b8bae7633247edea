"""Recorded runs again: inspections, decisions and wire bytes, compared with references. No socket, no thread."""

from ._compare import Difference, check_tolerances, compare_frames, compare_lines
from ._impact import Impact, impact, with_version
from ._inspections import DEFAULT_TOLERANCES, FrameSeam, Tolerance, frame_seams
from ._lines import decision_lines, wire_lines
from ._recorded_wire import recorded_wire_differences
from ._reference import Reference, Seams, load_reference, save_reference
from ._run import InspectorLike, Outcome, replay
from ._setup import cell_for_replay, recorded_cell, with_models, with_recipes
from ._verdict import Verdict, compare_seams, judge_file, reference_path, replay_twice, seams_of, update_file
from ._wire import Sent

__all__ = [
    "DEFAULT_TOLERANCES",
    "Difference",
    "FrameSeam",
    "Impact",
    "InspectorLike",
    "Outcome",
    "Reference",
    "Seams",
    "Sent",
    "Tolerance",
    "Verdict",
    "cell_for_replay",
    "check_tolerances",
    "compare_frames",
    "compare_lines",
    "compare_seams",
    "decision_lines",
    "frame_seams",
    "impact",
    "judge_file",
    "load_reference",
    "recorded_cell",
    "recorded_wire_differences",
    "reference_path",
    "replay",
    "replay_twice",
    "save_reference",
    "seams_of",
    "update_file",
    "wire_lines",
    "with_models",
    "with_recipes",
    "with_version",
]
