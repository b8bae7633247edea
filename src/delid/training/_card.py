"""The figures in a model card, written between two marks, so that they are always those of the last evaluation."""

from __future__ import annotations

from pathlib import Path

from delid.core import UsageError

from ._evaluate import Figures
from ._report import table

BEGIN, END = "<!-- figures: written by delid train evaluate --cards -->", "<!-- end of figures -->"
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pack-damage": (
        ("pack", "newly_taught", "damage"),
        ("real_packs_not_taught",),
    ),
    "fastener-detect": (
        ("detector_alone",),
        ("screws_and_holes", "scenes_of_electronic_waste", "stripped_screws", "twizy_pack"),
    ),
    "fastener-kind": (("fasteners",), ("kinds_of_screws_and_holes",)),
}
"""Model to the figures that belong to it: how those of rendered pictures begin, and names of those of photographs."""


def figures_block(model: str, figures: Figures) -> str:
    """The two tables of one model's card, marks included."""
    of_rendered, of_photographs = PARTS[model]
    rendered = {name: part for name, part in figures["rendered"].items() if name.startswith(of_rendered)}
    photographs = {name: part for name, part in (figures["photographs"] or {}).items() if name in of_photographs}
    lines = [BEGIN, "", f"Of the model with {figures['models'][model]}.", ""]
    lines += [f"Rendered pictures, split `{figures['split']}`:", "", "```", *table(rendered), "```"]
    if photographs:
        lines += ["", "Photographs, never mixed with the above:", "", "```", *table(photographs), "```"]
    return "\n".join([*lines, "", END])


def write_cards(models: Path, figures: Figures) -> None:
    """Put the figures into ``models/NAME/MODEL_CARD.md`` of the judged models; what is outside the marks stays."""
    for model in figures["models"]:
        path = models / model / "MODEL_CARD.md"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            raise UsageError(
                f"{path} has no place for the figures.", hint=f"Write {BEGIN} and {END} on lines of their own."
            )
        path.write_text(before + figures_block(model, figures) + after, encoding="utf-8")
