"""One frame to one Inspection: gate, models, gallery, damage, fasteners, codes, hazard class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from delid.config import Cell, PackFile
from delid.core import (
    AMBIENT,
    Clock,
    ConfigError,
    Fastener,
    Frame,
    FrameFacts,
    HazardLimits,
    Inspection,
    PackStatus,
    PackVerdict,
    PoseMm,
    Quality,
    Sighting,
    SystemClock,
    UsageError,
    hazard_class,
)

from ._codes import read_labels
from ._damage import DamageVerdict, judge_damage
from ._detect import Detection, detect_fasteners, unplaced
from ._explain import Evidence, evidence_of
from ._gallery import Gallery, load_gallery
from ._geometry import Projection
from ._kinds import KindJudge, mm_per_px_at
from ._lamps import usable_looks
from ._laps import Laps
from ._locate import ToolView, locate_fastener, picture_fault
from ._pack_fasteners import locate_fasteners, outline_px
from ._pose import PackPose, PoseStatus
from ._prepare import prepare
from ._quality import FrozenWatch, QualityLimits, camera_of, check_quality
from ._session import OnnxModel, Outputs, load_model

LABEL_MARGIN = 0.4
"""Labels are stuck on by hand: their place is searched this much wider, in parts of its size on every side."""

_NO_PACK = PackVerdict(PackStatus.UNKNOWN, None, 0.0)


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the pack model says of a frame; ``notes`` name looks that could not be used."""

    verdict: PackVerdict
    damage: DamageVerdict
    looks: tuple[str, ...]
    notes: tuple[str, ...]


class Inspector:
    """Models, gallery and calibrated cameras, ready to judge frames.

    Attributes:
        models: ``sha256:...`` of what runs, by use: pack, damage, fasteners.
        min_fastener_confidence: below it a fastener's kind is a guess, and a person should be asked.
    """

    def __init__(
        self,
        pack_model: OnnxModel,
        fastener_model: OnnxModel,
        gallery: Gallery,
        *,
        packs: Mapping[str, PackFile] | None = None,
        views: Mapping[str, Projection] | None = None,
        close: ToolView | None = None,
        limits: HazardLimits | None = None,
        quality: QualityLimits | None = None,
        clock: Clock | None = None,
        kind_model: OnnxModel | None = None,
    ) -> None:
        self._pack_model, self._fastener_model, self._gallery = pack_model, fastener_model, gallery
        self._packs, self._views, self._close = dict(packs or {}), dict(views or {}), close
        self._limits, self._quality = limits or HazardLimits(), quality or QualityLimits()
        self._clock = clock or SystemClock()
        self._watch = FrozenWatch()
        self.models = {"pack": pack_model.digest, "damage": pack_model.digest, "fasteners": fastener_model.digest}
        threshold = fastener_model.manifest.thresholds.fasteners
        self.min_fastener_confidence = threshold.min_confidence if threshold else 0.0
        self._kinds = KindJudge(kind_model) if kind_model else None
        if self._kinds:
            self.models["fastener_kinds"] = self._kinds.digest
            self.min_fastener_confidence = self._kinds.min_confidence

    @classmethod
    def open(
        cls,
        pack_damage_dir: Path | str,
        fasteners_dir: Path | str,
        gallery_dir: Path | str,
        packs: Mapping[str, PackFile] | None = None,
        *,
        views: Mapping[str, Projection] | None = None,
        close: ToolView | None = None,
        limits: HazardLimits | None = None,
        quality: QualityLimits | None = None,
        threads: int = 1,
        clock: Clock | None = None,
        fastener_kinds_dir: Path | str | None = None,
    ) -> Inspector:
        """Load and check models and gallery; raises ModelError. Without ``views`` there are no places, only kinds."""
        pack_model = load_model(pack_damage_dir, "pack_damage", threads)
        fastener_model = load_model(fasteners_dir, "fastener_detect", threads)
        kind_model = load_model(fastener_kinds_dir, "fastener_kind", threads) if fastener_kinds_dir else None
        dim = pack_model.manifest.output("embedding").shape[-1]
        gallery = load_gallery(gallery_dir, pack_model.manifest.sha256, int(dim))
        return cls(
            pack_model,
            fastener_model,
            gallery,
            packs=packs,
            views=views,
            close=close,
            limits=limits,
            quality=quality,
            clock=clock,
            kind_model=kind_model,
        )

    @classmethod
    def load(cls, cell: Cell, *, threads: int = 1, clock: Clock | None = None) -> Inspector:
        """Everything that a cell names; raises ModelError, and ConfigError for a calibration that cannot be."""
        spec = cell.spec
        views: dict[str, Projection] = {}
        close: ToolView | None = None
        for index, camera in enumerate(spec.cameras):
            try:
                if camera.mount == "tool":
                    close = ToolView(camera, spec.fixture)
                else:
                    views[camera.id] = Projection(camera.calibration, spec.fixture, camera.size_px)
            except ConfigError as error:
                findings = [f"{cell.path}:1: cameras.{index}.{f}" for f in error.findings]
                raise ConfigError(findings, hint=error.hint, code=error.code) from error
        return cls.open(
            cell.resolve(spec.models.pack_damage),
            cell.resolve(spec.models.fasteners),
            cell.resolve(spec.models.gallery),
            cell.packs,
            views=views,
            close=close,
            limits=spec.limits.hazard_limits(),
            threads=threads,
            clock=clock,
            fastener_kinds_dir=cell.resolve(spec.models.fastener_kinds) if spec.models.fastener_kinds else None,
        )

    @property
    def taught(self) -> tuple[str, ...]:
        """Names of the packs in the gallery."""
        return tuple(sorted(self._gallery.prototypes))

    def forget_frames(self) -> None:
        """Forget the last frame of every camera, for example before another recording."""
        self._watch.forget()

    def inspect(
        self,
        frame: Frame,
        pack: str | None = None,
        *,
        looks: Mapping[str, Frame] | None = None,
        decode_ms: float = 0.0,
    ) -> Inspection:
        """Judge one frame.

        Args:
            frame: its source names the camera (``overview#12``); the first camera of the cell is taken otherwise.
            pack: look for the fasteners of this pack, whatever the frame seems to show; the verdict stays free.
            looks: frames of the same view under other lamps, by name of the look; those that the model has no plane
                for are not used, those that cannot be used are named in ``quality.reasons``.
            decode_ms: time spent on decoding before, for the record.
        """
        laps = Laps(self._clock)
        view = self._view(frame)
        with laps("preprocess"):
            frozen = self._watch.is_frozen(frame)
            size = view.size_px if view else None
            quality = check_quality(frame, size_px=size, frozen=frozen, limits=self._quality)
        if not quality.ok:
            return self._unusable(frame, quality, laps.result(decode_ms))
        whole = self._judge_pack(frame, looks or {}, laps)
        place = self._packs.get(pack or whole.verdict.model or "")
        quality = replace(quality, reasons=whole.notes)
        verdict, fasteners = whole.verdict, self._loose_fasteners(frame, laps) if not (view and place) else ()
        if view and place:
            pose, fasteners = self._look_at_fasteners(frame, view, place, laps)
            if pose.status is not PoseStatus.OK:
                quality = replace(quality, reasons=(*quality.reasons, f"pose of the pack {pose.status}: {pose.reason}"))
            verdict = replace(verdict, outline_px=outline_px(pose, place, view))
        with laps("postprocess"):
            places = view.label_boxes_px(place, LABEL_MARGIN) if view and place else []
            codes, code_status = read_labels(frame.image, places)
            found, unclear = whole.damage.found, whole.damage.unclear
            hazard, reasons = hazard_class(found, verdict.status, self._limits, unclear=unclear)
        return Inspection(
            source=frame.source,
            frame=_facts(frame),
            quality=quality,
            pack=verdict,
            damage=found,
            hazard_class=hazard,
            hazard_reasons=reasons,
            fasteners=fasteners,
            codes=codes,
            code_status=code_status,
            models=self.models,
            timing_ms=laps.result(decode_ms),
            looks=whole.looks,
            unclear=unclear,
        )

    def _judge_pack(self, frame: Frame, looks: Mapping[str, Frame], laps: Laps) -> _Whole:
        """Pack and damage, under the looks that the model has planes for and that can be used."""
        manifest = self._pack_model.manifest
        with laps("preprocess"):
            planes: tuple[str, ...] = manifest.input.planes
            wanted = {name: other for name, other in looks.items() if name in planes}
            lit, notes = usable_looks(frame, wanted, self._quality)
            tensor = prepare(frame.image, manifest.input, lit)
        with laps("infer"):
            outputs = self._pack_model.run(tensor)
        with laps("postprocess"):
            height, width = frame.image.shape[:2]
            damage = judge_damage(outputs, manifest, width, height, raking=len(lit) > 1)
            return _Whole(self._identify(outputs), damage, (AMBIENT, *sorted(lit)), notes)

    def _loose_fasteners(self, frame: Frame, laps: Laps) -> tuple[Fastener, ...]:
        """What is found on a pack that nobody knows, or where no camera is calibrated."""
        with laps("infer"):
            return unplaced(self._detect(frame))

    def evidence(self, frame: Frame, looks: Mapping[str, Frame] | None = None) -> Evidence:
        """What the judgement of this frame rests on, for a picture that explains it; runs the pack model again."""
        spec = self._pack_model.manifest.input
        planes: tuple[str, ...] = spec.planes
        wanted = {name: other for name, other in (looks or {}).items() if name in planes}
        lit, _ = usable_looks(frame, wanted, self._quality)
        return evidence_of(self._pack_model.run(prepare(frame.image, spec, lit)), spec, self._gallery, frame)

    def locate(self, frame: Frame, at_mm: PoseMm, flange_mm: PoseMm) -> tuple[Sighting | None, str]:
        """Find the fastener that a camera at the tool looks at: what was found, or why nothing.

        Args:
            frame: of the camera at the tool.
            at_mm: where the fastener is expected, robot frame.
            flange_mm: where the flange stood.
        """
        if self._close is None:
            raise UsageError("these packs have no camera at the tool.", hint="Load a cell that has one.")
        if fault := picture_fault(frame, self._close):
            return None, fault
        view = self._close.at(flange_mm)
        detections = self._detect(frame)
        if self._kinds is not None:
            detections = self._kinds.detected(frame.image, detections, mm_per_px_at(view, at_mm[2]))
        found = locate_fastener(view, at_mm, detections, self.min_fastener_confidence)
        return found, "" if found else "the fine look finds no fastener"

    def _detect(self, frame: Frame) -> Sequence[Detection]:
        return detect_fasteners(frame.image, self._fastener_model)

    def _view(self, frame: Frame) -> Projection | None:
        return self._views.get(camera_of(frame)) or next(iter(self._views.values()), None)

    def _identify(self, outputs: Outputs) -> PackVerdict:
        threshold = self._pack_model.manifest.thresholds.pack
        assert threshold is not None, "the manifest of a pack_damage model has pack thresholds"
        return self._gallery.judge(outputs["embedding"][0], threshold)

    def _look_at_fasteners(
        self, frame: Frame, view: Projection, pack: PackFile, laps: Laps
    ) -> tuple[PackPose, tuple[Fastener, ...]]:
        """Where the fasteners are says how the pack lies, and how it lies says which fastener is which."""
        with laps("infer"):
            detections = self._detect(frame)
        with laps("postprocess"):
            pose, fasteners = locate_fasteners(detections, pack, view)
        if self._kinds is None:
            return pose, fasteners
        with laps("infer"):
            scale = mm_per_px_at(view, view.lid_z_mm(pack))
            return pose, self._kinds.placed(frame.image, fasteners, detections, scale)

    def _unusable(self, frame: Frame, quality: Quality, timing_ms: dict[str, float]) -> Inspection:
        hazard, reasons = hazard_class((), PackStatus.UNKNOWN, self._limits, usable_frames=False)
        return Inspection(
            source=frame.source,
            frame=_facts(frame),
            quality=quality,
            pack=_NO_PACK,
            damage=(),
            hazard_class=hazard,
            hazard_reasons=reasons,
            models=self.models,
            timing_ms=timing_ms,
        )


def _facts(frame: Frame) -> FrameFacts:
    return FrameFacts(frame.image.shape[1], frame.image.shape[0], frame.sha256)
