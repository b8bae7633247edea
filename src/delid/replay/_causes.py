"""Why a replay differs: what is another one than before, or, where nothing is, whose code it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._addresses import Change, Settings, changes
from ._compare import Difference
from ._reference import Seams
from ._words import first_seam, seam_of

SHOWN = 6
NO_PART = frozenset({"title", "runs", "record", "recordings", "ledger", "socket"})
"""Parts of a cell file that nothing of a replay hangs on: its name for people, and where things are kept."""
CODE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "inspection": (
        ("codes", "the reading of codes"),
        ("quality", "the rules of picture quality"),
        ("hazard", "the rules of the hazard class"),
        ("", "vision"),
    ),
    "decision": (
        ("recipe", "the planner's choice of a recipe"),
        ("candidate ", "the planner's choice of a recipe"),
        ("plan", "the planner"),
        ("", "the engine"),
    ),
    "wire": (
        ("motion ", "the motion driver's codec, or the places that the planner and the engine work out"),
        ("plc ", "the PLC driver's codec, or the parameters that the engine gives to a command"),
        ("", "the drivers"),
    ),
}
"""Seam to the beginning of what differs first, and whose code that is."""


def causes(
    differences: Sequence[Difference],
    now: Settings,
    before: Settings,
    libraries: Sequence[Change] = (),
    sides: Sequence[Seams] = (),
) -> tuple[str, ...]:
    """Lines that name what changed, the likeliest first; none where nothing differs.

    Args:
        libraries: models and libraries that are other ones.
        sides: both sides, to leave out recipes and packs that have nothing to do with these runs.
    """
    seam = first_seam(differences)
    if not seam:
        return ()
    told = [change for change in changes(now, before) if _concerns(change, sides)]
    models = [str(change) for change in libraries] if seam == "inspection" else []
    lines = [str(change) for change in _likeliest_first(told, seam)]
    shown = [*models, *lines][:SHOWN]
    if len(models) + len(lines) > SHOWN:
        shown.append(f"and {len(models) + len(lines) - SHOWN} more settings are other ones")
    if shown:
        return tuple(shown)
    if not before.digests:
        return (f"{_code(differences, seam)}, or the configuration: nothing says which one it was before",)
    return (f"code: configuration and models are the same as before, so it is {_code(differences, seam)}",)


def _concerns(change: Change, sides: Sequence[Seams]) -> bool:
    """Leave out recipes and packs that stand in neither side, and what of the cell file has no part in a run."""
    file, _, way = change.address.partition(":")
    kind, _, name = file.partition("/")
    if kind == "cell" and way.partition(".")[0] in NO_PART:
        return False
    if kind not in ("recipe", "pack") or not sides:
        return True
    return any(_speaks_of(kind, name, side) for side in sides)


def _speaks_of(kind: str, name: str, side: Seams) -> bool:
    if kind == "pack":
        return any(frame.exact.get("pack", "").endswith(f" {name}") for frame in side.inspection)
    return any(label == f"candidate {name}" or words.startswith(f"{name},") for label, words in side.decision)


def _likeliest_first(told: Sequence[Change], seam: str) -> list[Change]:
    """Models for what is seen; recipes, and how sure a model must be, for what is decided; maps and the cell for what
    is sent.
    """
    ranks = {
        "inspection": ("model", "pack", "calibration", "cell"),
        "decision": ("recipe", "fragment", "model", "cell", "pack", "health"),
        "wire": ("map", "cell", "recipe", "fragment", "pack"),
    }[seam]

    def rank(change: Change) -> int:
        kind = change.address.partition("/")[0]
        return ranks.index(kind) if kind in ranks else len(ranks)

    return sorted(told, key=rank)


def _code(differences: Sequence[Difference], seam: str) -> str:
    first = next(d for d in differences if seam_of(d) == seam)
    field = first.where.rpartition(": ")[2] if seam == "inspection" else first.where
    return next(words for begin, words in CODE[seam] if field.startswith(begin))
