"""The run's journal, durable before it returns, and its recording, which never makes the run wait."""

from ._coco import CATEGORIES, SetReport, write_training_set
from ._copy import CutReport, RepairReport, cut_recording, repair_recording
from ._import import ImportReport, import_bag, import_folder
from ._journal import Entry, Journal
from ._keeper import NOTE_FILE, RECORDING_FILE, Keeper, keep_rules_of, kept_runs, limits_of
from ._labels import DamageLabel, FastenerLabel, LabelledFrame, labelled_frames
from ._mcap_in import PART, parts_of
from ._no_recorder import NoRecorder
from ._part_files import PartLimits
from ._read_journal import (
    JournalContents,
    LastRun,
    UnfinishedRun,
    find_journals,
    find_last,
    find_unfinished,
    read_journal,
)
from ._read_recording import read_recording, recorded_traffic
from ._recorded_at import recorded_at_s
from ._recording import Losses, RecordedFrame, Recording, RecordingHeader, header_of
from ._redact import Box, Redaction, RedactionReport, redact_recording
from ._retention import KeepRules, KeptRun, Removal, removals
from ._tags_in import recorded_series
from ._trace import trace_of
from ._views import LensFacts, lenses_of
from ._writer import RecordingWriter

__all__ = [
    "CATEGORIES",
    "NOTE_FILE",
    "PART",
    "RECORDING_FILE",
    "Box",
    "CutReport",
    "DamageLabel",
    "Entry",
    "FastenerLabel",
    "ImportReport",
    "Journal",
    "JournalContents",
    "KeepRules",
    "Keeper",
    "KeptRun",
    "LabelledFrame",
    "LastRun",
    "LensFacts",
    "Losses",
    "NoRecorder",
    "PartLimits",
    "RecordedFrame",
    "Recording",
    "RecordingHeader",
    "RecordingWriter",
    "Redaction",
    "RedactionReport",
    "Removal",
    "RepairReport",
    "SetReport",
    "UnfinishedRun",
    "cut_recording",
    "find_journals",
    "find_last",
    "find_unfinished",
    "header_of",
    "import_bag",
    "import_folder",
    "keep_rules_of",
    "kept_runs",
    "labelled_frames",
    "lenses_of",
    "limits_of",
    "parts_of",
    "read_journal",
    "read_recording",
    "recorded_at_s",
    "recorded_series",
    "recorded_traffic",
    "redact_recording",
    "removals",
    "repair_recording",
    "trace_of",
    "write_training_set",
]
