"""The run's journal, durable before it returns, and its recording, which never makes the run wait."""

from ._journal import Entry, Journal
from ._read_journal import JournalContents, LastRun, UnfinishedRun, find_last, find_unfinished, read_journal
from ._read_recording import RepairReport, read_recording, repair_recording
from ._recorded_at import recorded_at_s
from ._recording import Losses, RecordedFrame, Recording, RecordingHeader, header_of
from ._tags_in import recorded_tags
from ._trace import trace_of
from ._writer import RecordingWriter

__all__ = [
    "Entry",
    "Journal",
    "JournalContents",
    "LastRun",
    "Losses",
    "RecordedFrame",
    "Recording",
    "RecordingHeader",
    "RecordingWriter",
    "RepairReport",
    "UnfinishedRun",
    "find_last",
    "find_unfinished",
    "header_of",
    "read_journal",
    "read_recording",
    "recorded_at_s",
    "recorded_tags",
    "repair_recording",
    "trace_of",
]
