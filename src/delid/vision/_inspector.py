"""One frame to one Inspection: gate, models, gallery, damage, fasteners, codes, hazard class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from delid.config import Cell, PackFile
from delid.core import (
    Clock,
    ConfigError,
    Fastener,
    Frame,
    FrameFacts,
    HazardLimits,
    Inspection,
    PackStatus,
    PackVerdict,
    PointPx,
    PoseMm,
    Quality,
    Sighting,
    SystemClock,
    UsageError,
    hazard_class,
)

from ._codes import read_labels
from ._detect import Detection, detect_fasteners, unplaced
from ._explain import Evidence
from ._gallery import Gallery, load_gallery
from ._geometry import Projection
from ._kinds import KindJudge, mm_per_px_at
from ._laps import Laps
from ._locate import ToolView, locate_fastener, picture_fault
from ._pack_fasteners import locate_fasteners, outline_px
from ._pack_judge import PackJudge
from ._pose import PoseStatus
from ._quality import FrozenWatch, QualityLimits, camera_of, check_quality
from ._session import OnnxModel, load_model

LABEL_MARGIN = 0.4
"""Labels are stuck on by hand: their place is searched this much wider, in parts of its size on every side."""

_NO_PACK = PackVerdict(PackStatus.UNKNOWN, None, 0.0)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Fasteners, and how the pack lies; ``notes`` say where that is not certain."""

    fasteners: tuple[Fastener, ...]
    outline_px: tuple[PointPx, ...] = ()
    notes: tuple[str, ...] = ()


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
        self._fastener_model, self._gallery = fastener_model, gallery
        self._packs, self._views, self._close = dict(packs or {}), dict(views or {}), close
        self._limits, self._quality = limits or HazardLimits(), quality or QualityLimits()
        self._pack = PackJudge(pack_model, gallery, self._quality)
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
        whole = self._pack.judge(frame, looks or {}, laps)
        place = self._packs.get(pack or whole.verdict.model or "")
        seen = self._look_for_fasteners(frame, view, place, laps)
        with laps("postprocess"):
            places = view.label_boxes_px(place, LABEL_MARGIN) if view and place else []
            codes, code_status = read_labels(frame.image, places)
            found, unclear = whole.damage.found, whole.damage.unclear
            hazard, reasons = hazard_class(found, whole.verdict.status, self._limits, unclear=unclear)
        return Inspection(
            source=frame.source,
            frame=_facts(frame),
            quality=replace(quality, reasons=(*whole.notes, *seen.notes)),
            pack=replace(whole.verdict, outline_px=seen.outline_px),
            damage=found,
            hazard_class=hazard,
            hazard_reasons=reasons,
            fasteners=seen.fasteners,
            codes=codes,
            code_status=code_status,
            models=self.models,
            timing_ms=laps.result(decode_ms),
            looks=whole.looks,
            unclear=unclear,
        )

    def evidence(self, frame: Frame, looks: Mapping[str, Frame] | None = None) -> Evidence:
        """What the judgement of this frame rests on, for a picture that explains it; runs the pack model again."""
        return self._pack.evidence(frame, looks or {})

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
        if self._kinds is None:
            detections = self._detect(frame)
        else:
            detections = self._kinds.find(frame.image, self._fastener_model, mm_per_px_at(view, at_mm[2]))
        found = locate_fastener(view, at_mm, detections, self.min_fastener_confidence)
        return found, "" if found else "the fine look finds no fastener"

    def _detect(self, frame: Frame) -> Sequence[Detection]:
        return detect_fasteners(frame.image, self._fastener_model)

    def _view(self, frame: Frame) -> Projection | None:
        return self._views.get(camera_of(frame)) or next(iter(self._views.values()), None)

    def _look_for_fasteners(self, frame: Frame, view: Projection | None, pack: PackFile | None, laps: Laps) -> _Seen:
        """Where the fasteners are says how the pack lies, and how it lies says which fastener is which.

        On a pack that nobody knows, or where no camera is calibrated, they are listed as they are found.
        """
        with laps("infer"):
            detections = self._detect(frame)
        if view is None or pack is None:
            return _Seen(unplaced(detections))
        with laps("postprocess"):
            pose, fasteners = locate_fasteners(detections, pack, view)
            outline = outline_px(pose, pack, view)
        if self._kinds is not None:
            with laps("infer"):
                scale = mm_per_px_at(view, view.lid_z_mm(pack))
                fasteners = self._kinds.placed(frame.image, fasteners, detections, scale)
        ok = pose.status is PoseStatus.OK
        return _Seen(fasteners, outline, () if ok else (f"pose of the pack {pose.status}: {pose.reason}",))

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
