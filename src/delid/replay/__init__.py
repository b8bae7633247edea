"""Recorded runs again: inspections, decisions and wire bytes, compared with references. No socket, no thread."""

from ._addresses import Change, Settings, changes, settings_of
from ._cache import CacheUse, InspectionCache
from ._cached_eyes import CachedEyes
from ._closed_loop import replay_closed_loop
from ._compare import Difference, check_tolerances, compare_frames, compare_lines, compare_seams
from ._coverage import Coverage, Row, coverage_of, possible_rows, reached_rows
from ._coverage_minimum import CoverageFile, Demand, Shortfall, load_minimum, shortfalls
from ._coverage_words import Advice, advice, table_lines
from ._eyes import Eyes, InspectorLike, LiveEyes, decode
from ._impact import Impact, impact, with_version
from ._inspections import DEFAULT_TOLERANCES, FrameSeam, Tolerance, frame_seams, scores_of
from ._lines import decision_lines, wire_lines
from ._modes import Mode, replay_twice, seams_of
from ._open_eyes import open_eyes
from ._pictures import Mark, Picture
from ._recorded_seams import judge_by_itself, recorded_seams
from ._recorded_wire import recorded_wire_differences
from ._reference import Reference, Seams, load_reference, save_reference
from ._report_html import html_report
from ._report_junit import Result, junit
from ._run import Outcome, replay
from ._settings import code_digest, digest_of, vision_digest
from ._setup import cell_for_replay, recorded_cell, with_models, with_recipes
from ._verdict import Prepared, Verdict, judge_file, judge_what_if, reference_path, update_file
from ._wanted import Wanted, configure
from ._what_if import parse_assignment, with_model, with_recorded_settings, with_settings
from ._wire import Sent
from ._words import SEAMS, first_seam, summarise

__all__ = [
    "DEFAULT_TOLERANCES",
    "SEAMS",
    "Advice",
    "CacheUse",
    "CachedEyes",
    "Change",
    "Coverage",
    "CoverageFile",
    "Demand",
    "Difference",
    "Eyes",
    "FrameSeam",
    "Impact",
    "InspectionCache",
    "InspectorLike",
    "LiveEyes",
    "Mark",
    "Mode",
    "Outcome",
    "Picture",
    "Prepared",
    "Reference",
    "Result",
    "Row",
    "Seams",
    "Sent",
    "Settings",
    "Shortfall",
    "Tolerance",
    "Verdict",
    "Wanted",
    "advice",
    "cell_for_replay",
    "changes",
    "check_tolerances",
    "code_digest",
    "compare_frames",
    "compare_lines",
    "compare_seams",
    "configure",
    "coverage_of",
    "decision_lines",
    "decode",
    "digest_of",
    "first_seam",
    "frame_seams",
    "html_report",
    "impact",
    "judge_by_itself",
    "judge_file",
    "judge_what_if",
    "junit",
    "load_minimum",
    "load_reference",
    "open_eyes",
    "parse_assignment",
    "possible_rows",
    "reached_rows",
    "recorded_cell",
    "recorded_seams",
    "recorded_wire_differences",
    "reference_path",
    "replay",
    "replay_closed_loop",
    "replay_twice",
    "save_reference",
    "scores_of",
    "seams_of",
    "settings_of",
    "shortfalls",
    "summarise",
    "table_lines",
    "update_file",
    "vision_digest",
    "wire_lines",
    "with_model",
    "with_models",
    "with_recipes",
    "with_recorded_settings",
    "with_settings",
    "with_version",
]
