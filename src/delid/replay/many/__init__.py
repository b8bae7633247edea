"""Thousands of recordings: judged by many processes or a cluster, kept as they are done, and reported on."""

from ._dask import DaskPool
from ._drift import Bin, Drift, Series, SeriesKey, stability_index
from ._many import ManyOptions, ManyReplays, Tally
from ._pool import ProcessPool
from ._report import Case, Report, make_report
from ._report_data import pictures_of, report_data
from ._report_html import report_html
from ._results import ResultLog, latest_results, read_done, read_results
from ._scores import FrameScore, NotingEyes
from ._setup import MAX_BYTES, Setup
from ._sources import Source, find_sources, local_copy, stamp_of
from ._worker import Judged, Worker

__all__ = [
    "MAX_BYTES",
    "Bin",
    "Case",
    "DaskPool",
    "Drift",
    "FrameScore",
    "Judged",
    "ManyOptions",
    "ManyReplays",
    "NotingEyes",
    "ProcessPool",
    "Report",
    "ResultLog",
    "Series",
    "SeriesKey",
    "Setup",
    "Source",
    "Tally",
    "Worker",
    "find_sources",
    "latest_results",
    "local_copy",
    "make_report",
    "pictures_of",
    "read_done",
    "read_results",
    "report_data",
    "report_html",
    "stability_index",
    "stamp_of",
]
