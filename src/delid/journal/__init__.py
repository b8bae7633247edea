"""The run's journal, durable before it returns, and its recording, which never makes the run wait."""

from ._journal import Entry, Journal
from ._read_journal import JournalContents, UnfinishedRun, find_unfinished, read_journal
from ._read_recording import RepairReport, read_recording, repair_recording
from ._recording import Losses, RecordedFrame, Recording, RecordingHeader, header_of
from ._writer import RecordingWriter

__all__ = [
    "Entry",
    "Journal",
    "JournalContents",
    "Losses",
    "RecordedFrame",
    "Recording",
    "RecordingHeader",
    "RecordingWriter",
    "RepairReport",
    "UnfinishedRun",
    "find_unfinished",
    "header_of",
    "read_journal",
    "read_recording",
    "repair_recording",
]
