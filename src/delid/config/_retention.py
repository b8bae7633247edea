"""How long a site keeps pictures and names that belong to its ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ._keep_out import Name
from ._yaml import StrictModel, read_document


class Kept(StrictModel):
    """How long, and why so long."""

    days: Annotated[int, Field(ge=30, le=36_500)]
    """From the newest entry that needs it."""
    why: Annotated[str, Field(min_length=12)]
    """The rule, or the site's reason."""


class RetentionRules(StrictModel):
    """The rules of one site. What is on legal hold is kept however old it is."""

    retention: Name
    version: Annotated[int, Field(ge=1)]
    photos: Kept
    """Pictures; their digests stay in the entries."""
    names: Kept
    """Whom an id in the entries stands for; the ids stay."""


def load_retention(path: Path | str) -> RetentionRules:
    """Raises ConfigError with every fault, each with file and line."""
    return read_document(Path(path)).validate(RetentionRules)
