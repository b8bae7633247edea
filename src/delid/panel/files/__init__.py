"""What lies on the disk of a cell: its files, its runs, photographs, recipes, logs, and longer work upon them."""

from ._cell_files import CellFiles
from ._diagnostics import log_tail, model_facts, support_bundle, versions, without_secrets
from ._jobs import DELID, Job, Jobs
from ._photos import MOST_PHOTO_BYTES, Photos
from ._recipes import FILE, Finding, Recipes, difference, findings
from ._records import Records
from ._runs import RECORDING, Runs
from ._summary import RunSummary

__all__ = [
    "DELID",
    "FILE",
    "MOST_PHOTO_BYTES",
    "RECORDING",
    "CellFiles",
    "Finding",
    "Job",
    "Jobs",
    "Photos",
    "Recipes",
    "Records",
    "RunSummary",
    "Runs",
    "difference",
    "findings",
    "log_tail",
    "model_facts",
    "support_bundle",
    "versions",
    "without_secrets",
]
