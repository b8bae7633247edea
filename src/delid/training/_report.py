"""Evaluation of model folders on rendered test pictures and on photographs, the two always apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from delid.vision import FASTENER_KINDS, Gallery, OnnxModel, load_gallery, load_model

from ._crops import photo_crops, read_photos
from ._evaluate import EMPTY, Figures, fastener_figures, share
from ._predict import kinds_of, probabilities
from ._report_pack import photographed_packs, pictures_in, rendered_packs
from ._samples import Sample, of_split

AT_THE_CELL_MM_PER_PX = (1.2, 1.5)


def evaluate(models: Path, gallery_dir: Path, samples: Sequence[Sample], photos: Path | None, split: str) -> Figures:
    """All figures as plain data: ``rendered`` and ``photographs``, never mixed."""
    pack, fastener = (
        load_model(models / "pack-damage", "pack_damage"),
        load_model(models / "fastener-kind", "fastener_kind"),
    )
    dim = int(pack.manifest.output("embedding").shape[-1])
    gallery = load_gallery(gallery_dir, pack.manifest.sha256, dim)
    return {
        "models": {"pack-damage": pack.digest, "fastener-kind": fastener.digest},
        "split": split,
        "rendered": _rendered(pack, fastener, sorted(gallery.prototypes), list(samples), split),
        "photographs": _photographs(pack, fastener, gallery, photos) if photos else None,
    }


def _rendered(pack: OnnxModel, fastener: OnnxModel, packs: list[str], samples: list[Sample], split: str) -> Figures:
    found: Figures = rendered_packs(pack, packs, samples, split)
    close_ups = of_split(samples, split, close_ups=True)
    if close_ups:
        limit = fastener.manifest.thresholds.fasteners
        assert limit is not None
        said, kinds_true, scale = kinds_of(fastener, close_ups)
        found["fasteners"] = fastener_figures(said, kinds_true, limit.min_confidence)
        near = (scale >= AT_THE_CELL_MM_PER_PX[0]) & (scale <= AT_THE_CELL_MM_PER_PX[1])
        found["fasteners_at_1.2_to_1.5_mm_per_px"] = fastener_figures(
            said[near], kinds_true[near], limit.min_confidence
        )
    return found


def _photographs(pack: OnnxModel, fastener: OnnxModel, gallery: Gallery, folder: Path) -> Figures:
    found: Figures = {}
    for name in ("screw_hole_crops/validate", "screw_hole_crops"):
        if (folder / name / "screw").is_dir():
            found["screws_and_holes"] = _screws_and_holes(fastener, folder / name)
            break
    stripped = list(pictures_in(folder / "stripped_screws"))
    if stripped:
        said = probabilities(fastener, photo_crops(stripped)).argmax(axis=1)
        found["stripped_screws"] = {
            "pictures": len(stripped),
            "called": {kind: int((said == k).sum()) for k, kind in enumerate(FASTENER_KINDS)},
        }
    if packs := photographed_packs(pack, gallery, folder / "twizy_pack"):
        found["real_packs_not_taught"] = packs
    return found


def _screws_and_holes(fastener: OnnxModel, folder: Path) -> Figures:
    pictures, there = read_photos(folder)
    said = probabilities(fastener, photo_crops(pictures)).argmax(axis=1) != EMPTY
    return {
        "screws": int(there.sum()),
        "holes": int((~there).sum()),
        "screws_called_empty": share(float((there & ~said).sum()), float(there.sum())),
        "holes_called_present": share(float((~there & said).sum()), float((~there).sum())),
    }


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
