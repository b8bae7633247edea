"""Evaluation of model folders on rendered test pictures and on photographs, the two always apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from delid.vision import Gallery, KindJudge, OnnxModel, load_gallery, load_model

from ._closeups import is_near
from ._evaluate import Figures
from ._evaluate_fasteners import fastener_report, judge
from ._evaluate_photos import kind_figures, photograph_figures
from ._report_pack import photographed_packs, rendered_packs
from ._samples import Sample, of_split

DETECTOR, KINDS = "fastener-detect", "fastener-kind"


def evaluate(models: Path, gallery_dir: Path, samples: Sequence[Sample], photos: Path | None, split: str) -> Figures:
    """All figures as plain data: ``rendered`` and ``photographs``, never mixed; of the models that are there."""
    pack = load_model(models / "pack-damage", "pack_damage")
    digests = {"pack-damage": pack.digest}
    gallery = load_gallery(gallery_dir, pack.manifest.sha256, int(pack.manifest.output("embedding").shape[-1]))
    rendered = rendered_packs(pack, sorted(gallery.prototypes), list(samples), split)
    detector = load_model(models / DETECTOR, "fastener_detect") if (models / DETECTOR).is_dir() else None
    kinds = load_model(models / KINDS, "fastener_kind") if (models / KINDS).is_dir() else None
    if detector is not None:
        digests[DETECTOR] = detector.digest
        digests |= {KINDS: kinds.digest} if kinds else {}
        rendered |= _fasteners(detector, kinds, of_split(list(samples), split, close_ups=True))
    return {
        "models": digests,
        "split": split,
        "rendered": rendered,
        "photographs": _photographs(pack, detector, kinds, gallery, photos) if photos else None,
    }


def _fasteners(detector: OnnxModel, kinds: OnnxModel | None, close_ups: list[Sample]) -> Figures:
    """Of the detector and the model of kinds together, and of the detector alone; the tool's camera apart."""
    found: Figures = {}
    for ending, near in (("", False), ("_at_the_tool", True)):
        part = [s for s in close_ups if is_near(s.path.parent) == near]
        if not part:
            continue
        alone = detector.manifest.thresholds.fasteners
        assert alone is not None
        if kinds is not None:
            judge_kinds = KindJudge(kinds)
            found[f"fasteners{ending}"] = fastener_report(
                judge(detector, part, judge_kinds), judge_kinds.min_confidence
            )
        name = f"fasteners{ending}" if kinds is None else f"detector_alone{ending}"
        found[name] = fastener_report(judge(detector, part), alone.min_confidence)
    return found


def _photographs(
    pack: OnnxModel, detector: OnnxModel | None, kinds: OnnxModel | None, gallery: Gallery, folder: Path
) -> Figures:
    found: Figures = {} if detector is None else dict(photograph_figures(detector, folder))
    if kinds is not None:
        found |= kind_figures(kinds, folder)
    if packs := photographed_packs(pack, gallery, folder / "twizy_pack"):
        found["real_packs_not_taught"] = packs
    return found


def table(figures: Figures) -> list[str]:
    """The figures as lines of text, one to a figure, indented by depth."""
    return list(_lines(figures, 0))


def _lines(value: Any, depth: int) -> Iterator[str]:
    for name, content in value.items():
        if name in ("worst", "calibration"):  # for the HTML report; as lines they would drown the rest
            continue
        label = "  " * depth + str(name).replace("_", " ")
        if isinstance(content, dict) and content and depth and _is_row(content):
            yield f"{label:<46} " + ", ".join(f"{k} {_shown(v)}" for k, v in content.items())
        elif isinstance(content, dict):
            yield label
            yield from _lines(content, depth + 1)
        else:
            yield f"{label:<46} {_shown(content)}"


def _is_row(content: Figures) -> bool:
    """Figures that fit a line, with counts by name among them but not alone."""
    inner = [value for value in content.values() if isinstance(value, dict)]
    return len(inner) < len(content) and not any(isinstance(v, dict) for value in inner for v in value.values())


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return f"({', '.join(f'{k} {_shown(v)}' for k, v in value.items())})"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
