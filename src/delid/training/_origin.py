"""What a manifest says of where its model comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """The recipe of the data, and how to make the model again."""

    recipe_sha256: str
    plan_seed: int
    planned: int
    seed: int
    command: str
    photographs: int = 0


PHOTOS = "--photos PHOTOS/screw_hole_crops/train"
"""How photographs join the fits of the fastener models."""


def begun(weights: Path | None) -> dict[str, Any]:
    """What is known of the fit that another one goes on from, and of those before it."""
    if weights is None:
        return {}
    note = json.loads(weights.with_suffix(".json").read_text())
    kept = ("seed", "epochs", "steps", "rate", "photographs", "folders", "begin")
    return {"begin": {key: note[key] for key in kept if key in note}}


def fits_command(only: str, data: str, unit: str, note: dict[str, Any], option: str, photos: str) -> str:
    """The fits that make these weights again, the first of them first.

    Args:
        only, data: the model, and the folder of its pictures where the note of a fit names none.
        unit, option: how long a fit is, in its note and on the command line.
        photos: the option for photographs, given to those fits that saw some.
    """
    chain = [note]
    while "begin" in chain[0]:
        chain.insert(0, chain[0]["begin"])
    lines = []
    for number, fit in enumerate(chain):
        folders = " ".join(f"--data {folder}" for folder in fit.get("folders", [data]))
        line = f"delid train fit --only {only} {folders} --seed {fit['seed']} --{option} {fit[unit]}"
        line += f" --rate {fit['rate']:g}" if "rate" in fit else ""
        line += f" {photos}" if fit["photographs"] else ""
        line += f" --begin build/fit-{number}" if number else ""
        line += f" --out build/fit-{number + 1}" if fit is not note else ""
        lines.append(line)
    return " && ".join(lines)
