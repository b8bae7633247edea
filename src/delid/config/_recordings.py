"""How recordings are cut into files and how long they are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ._pack import Positive
from ._yaml import StrictModel

NotNegative = Annotated[float, Field(ge=0)]


class Recordings(StrictModel):
    """Space and age. Journals are never removed; of a recording that was, a note stays."""

    part_mb: Annotated[float, Field(ge=1)] = 256.0
    """A file that has grown to this ends, and the recording goes on in the next one."""
    part_h: Positive = 6.0
    """And so does one that is this old."""
    keep_days: Positive = 30.0
    """Recordings of ordinary runs are removed when they are older."""
    keep_failures_days: Positive = 365.0
    """Those with an alarm or a failure, and those of runs that were cut off."""
    keep_gb: Positive = 50.0
    """All recordings together; beyond it the oldest go first, ordinary ones before the others."""
    min_free_gb: NotNegative = 1.0
    """With less free on the disk a recording ends, so that the journal has room."""

    @model_validator(mode="after")
    def _failures_stay_longer(self) -> Recordings:
        if self.keep_failures_days < self.keep_days:
            raise ValueError("keep_failures_days is less than keep_days: failures are kept at least as long")
        return self
