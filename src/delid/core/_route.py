"""Where a pack goes after the cell."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """The customer's route for a pack or what is taken out of it."""

    REUSE = "reuse"
    """Modules go on into another use and must come out whole."""
    RECYCLING = "recycling"
    """Material is recovered; modules need not be usable."""
    QUARANTINE = "quarantine"
    """Nothing is taken apart; the pack is stored apart."""
