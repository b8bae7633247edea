"""Which pack a frame shows, and what damage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from delid.core import AMBIENT, Frame, PackVerdict

from ._damage import DamageVerdict, judge_damage
from ._explain import Evidence, evidence_of
from ._gallery import Gallery
from ._lamps import Lamps
from ._laps import Laps
from ._quality import QualityLimits
from ._session import OnnxModel


@dataclass(frozen=True, slots=True)
class Whole:
    """What the pack model says of a frame; ``notes`` name looks that could not be used."""

    verdict: PackVerdict
    damage: DamageVerdict
    looks: tuple[str, ...]
    notes: tuple[str, ...]


class PackJudge:
    """The pack_damage model with its gallery."""

    def __init__(self, model: OnnxModel, gallery: Gallery, limits: QualityLimits) -> None:
        self._model, self._gallery = model, gallery
        self._lamps = Lamps(model.manifest.input, limits)

    def judge(self, frame: Frame, looks: Mapping[str, Frame], laps: Laps) -> Whole:
        """Pack and damage, under the looks that the model has planes for and that can be used."""
        manifest = self._model.manifest
        threshold = manifest.thresholds.pack
        assert threshold is not None, "the manifest of a pack_damage model has pack thresholds"
        with laps("preprocess"):
            lit, notes = self._lamps.usable(frame, looks)
            tensor = self._lamps.tensor(frame, lit)
        with laps("infer"):
            outputs = self._model.run(tensor)
        with laps("postprocess"):
            height, width = frame.image.shape[:2]
            damage = judge_damage(outputs, manifest, width, height, raking=len(lit) > 1)
            verdict = self._gallery.judge(outputs["embedding"][0], threshold)
        return Whole(verdict, damage, (AMBIENT, *sorted(lit)), notes)

    def evidence(self, frame: Frame, looks: Mapping[str, Frame]) -> Evidence:
        """What the judgement rests on; runs the model again."""
        lit, _ = self._lamps.usable(frame, looks)
        spec = self._model.manifest.input
        return evidence_of(self._model.run(self._lamps.tensor(frame, lit)), spec, self._gallery, frame)
