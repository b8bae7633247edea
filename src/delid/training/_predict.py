"""What exported models say of samples: the same session and preprocessing as in the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delid.vision import DAMAGE_KINDS, DamageThreshold, InputSpec, OnnxModel, find_damage, letterbox_for, prepare

from ._samples import Picture

Array = NDArray[np.float32]


View = Mapping[str, Picture]
"""The frames of one scene by look, ``ambient`` among them, each (h, w, 3) in BGR."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Of n views: embedding (n, 128), heat (n, kinds, rows, columns), presence and severity (n, kinds), frame sizes."""

    embedding: Array
    heat: Array
    presence: Array
    severity: Array
    sizes: tuple[tuple[int, int], ...]
    raking: bool
    spec: InputSpec

    def outputs(self, number: int) -> dict[str, Array]:
        """The model's own outputs for one view."""
        rows = slice(number, number + 1)
        return {
            "embedding": self.embedding[rows],
            "damage_heat": self.heat[rows],
            "damage_presence": self.presence[rows],
            "severity": self.severity[rows],
        }

    def boxes(self, number: int, kind: int, region: float) -> list[tuple[float, float, float, float]]:
        """Boxes of one kind in one view, whatever its presence, where its heat reaches ``region``."""
        label = DAMAGE_KINDS[kind]
        always: dict[Any, DamageThreshold] = {label: DamageThreshold.model_validate(ALWAYS | {"region": region})}
        box = letterbox_for(*self.sizes[number], self.spec)
        layers = self.heat[number, kind : kind + 1], self.severity[number, kind : kind + 1]
        found = find_damage(*layers, (label,), always, box, self.spec, np.ones(1, np.float32))
        return [damage.box_px for damage in found.found]

    def part(self, rows: Sequence[int]) -> Answers:
        """The same for some of the views."""
        chosen = list(rows)
        return replace(
            self,
            embedding=self.embedding[chosen],
            heat=self.heat[chosen],
            presence=self.presence[chosen],
            severity=self.severity[chosen],
            sizes=tuple(self.sizes[k] for k in chosen),
        )


OUTPUTS = ("embedding", "damage_heat", "damage_presence", "severity")
ALWAYS = {"min_confidence": 0.0, "from": "validation", "chosen": "every view"}


def answers_to(model: OnnxModel, views: Sequence[View]) -> Answers:
    """The pack model's answers to views that have all the same looks.

    Where a model gives no presence, the highest heat of a kind is its presence, as it is in the cell.
    """
    found, sizes = [], []
    for view in views:
        looks = {name: frame for name, frame in view.items() if name != "ambient"}
        found.append(model.run(prepare(view["ambient"], model.manifest.input, looks)))
        sizes.append((view["ambient"].shape[1], view["ambient"].shape[0]))
    embedding, heat, severity = (
        np.concatenate([answer[name] for answer in found]) for name in ("embedding", "damage_heat", "severity")
    )
    own = "damage_presence" in found[0]
    presence = np.concatenate([a["damage_presence"] for a in found]) if own else heat.max(axis=(2, 3))
    return Answers(embedding, heat, presence, severity, tuple(sizes), len(views[0]) > 2, model.manifest.input)


def turned_views(view: View) -> list[View]:
    """The view as it is, upside down and mirrored: four views of the same truth, their lamps turned with them."""
    other = {"rake_left": "rake_right", "rake_right": "rake_left"}
    swapped = {other.get(name, name): frame for name, frame in view.items()}
    turned: list[tuple[View, tuple[slice, slice]]] = [
        (view, (slice(None), slice(None))),
        (swapped, (slice(None, None, -1), slice(None, None, -1))),
        (swapped, (slice(None), slice(None, None, -1))),
        (view, (slice(None, None, -1), slice(None))),
    ]
    return [{name: np.ascontiguousarray(frame[cut]) for name, frame in frames.items()} for frames, cut in turned]
