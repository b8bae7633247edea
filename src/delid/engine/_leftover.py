"""What the state keeps of the run, so that it can be said what was done when it breaks off."""

from __future__ import annotations

from dataclasses import dataclass, field

from delid.core import DISPOSED, PackState, Reconciliation, RunTrace


@dataclass(frozen=True, slots=True)
class Leftover:
    """
    Attributes:
        trace: the run so far, step by step.
        reconciliation: the list of a run that broke off, until the next one begins.
        carried: what is known of the pack from runs before, confirmed by a person.
        sure: a person has confirmed it although the camera seems to see something else.
    """

    trace: RunTrace = field(default_factory=RunTrace)
    reconciliation: Reconciliation | None = None
    carried: PackState | None = None
    sure: bool = False

    def next_run(self) -> Leftover:
        """What the next run begins with."""
        if self.reconciliation is not None:
            carried = self.reconciliation.pack_state()
        else:
            carried = None if self.trace.outcome in DISPOSED else self.carried
        return Leftover(RunTrace(carried=carried), None, carried)
