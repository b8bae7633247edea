"""Where packs are taught to, and what came of a lesson in words and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from delid.config import PackFile, load_cell
from delid.core import ModelError, UsageError, to_plain
from delid.vision import ConfusionRow, LeftOut, Objection, TaughtPack, Teaching, read_manifest, taught_packs

from ._outcome import DEFAULT_CELL

MODEL = "pack-damage"


@dataclass(frozen=True, slots=True)
class Place:
    """Model and gallery in use, and the pack files of the cell if there is one."""

    model: Path
    gallery: Path
    packs: dict[str, PackFile] = field(default_factory=dict)


def place_of(cell: Path | None, models: Path | None, gallery: Path | None) -> Place:
    """What a cell names, or the folders given; raises UsageError and ConfigError."""
    if models is not None or gallery is not None:
        if cell is not None:
            raise UsageError("give either --cell or --models and --gallery: a cell names its own.")
        if models is None or gallery is None:
            raise UsageError("--models and --gallery belong together.")
        return Place(models / MODEL, gallery)
    loaded = load_cell(cell or DEFAULT_CELL)
    spec = loaded.spec.models
    return Place(loaded.resolve(spec.pack_damage), loaded.resolve(spec.gallery), loaded.packs)


def taught_at(place: Place) -> tuple[dict[str, TaughtPack], str]:
    """The gallery by pack name, and words where the model is missing, without which nothing can be said of fit."""
    try:
        manifest = read_manifest(place.model)
    except ModelError as error:
        return {}, error.message
    found = taught_packs(place.gallery, manifest.sha256, int(manifest.output("embedding").shape[-1]))
    return {taught.pack: taught for taught in found}, ""


def taught_plain(taught: TaughtPack | None) -> dict[str, object] | None:
    """Everything that the gallery says of a pack but the numbers themselves; None when it is not taught."""
    if taught is None:
        return None
    plain: dict[str, object] = {"state": taught.state, "file": str(taught.path), "problem": taught.problem or None}
    if taught.file is not None:
        content = taught.file.model_dump(mode="json", exclude={"pack", "vectors"})
        plain |= {"prototypes": len(taught.file.matrix()), **content}
    return plain


def taught_words(taught: TaughtPack | None) -> str:
    """A few words for a list."""
    if taught is None:
        return "not taught"
    if taught.file is None:
        return f"gallery file broken: {taught.problem}"
    count = len(taught.file.matrix())
    words = f"taught from {count} prototype{'' if count == 1 else 's'}"
    return f"{words}, but {taught.problem}" if taught.problem else words


def taught_lines(taught: TaughtPack) -> Iterator[str]:
    """All that is known of a lesson, for one pack."""
    yield f"  taught      {taught_words(taught)}"
    file = taught.file
    if file is None:
        return
    yield f"  gallery     {taught.path}, model {file.model_sha256[:12]}..."
    if file.threshold:
        yield f"  threshold   {file.threshold.min_score:.3f}: {file.threshold.chosen}"
    if isinstance(file.provenance, str | dict):
        yield f"  lesson      {file.provenance if isinstance(file.provenance, str) else 'an older gallery file'}"
        return
    lesson = file.provenance
    yield f"  lesson      {lesson.taught_at} by {lesson.taught_by} from {lesson.made_from}, with {lesson.model}"
    for picture in lesson.pictures:
        looks = "" if picture.looks == ("ambient",) else f", {' + '.join(picture.looks)}"
        size = f"{picture.size_px[0]} x {picture.size_px[1]} px"
        yield f"  picture     {picture.file} ({picture.sha256[:12]}..., {size}{looks})"
        yield from (f"    {note}" for note in picture.notes)
    yield from (f"  note        {note}" for note in lesson.notes)


def teaching_plain(
    teaching: Teaching, written: Path | None, kept: Path | None, notes: Sequence[str]
) -> dict[str, object]:
    """What came of a lesson as plain data."""
    threshold = teaching.file.threshold if teaching.file else None
    return {
        "pack": teaching.pack,
        "ok": teaching.ok,
        "written": str(written) if written else None,
        "kept": str(kept) if kept else None,
        "threshold": threshold.model_dump() if threshold else None,
        "objections": [_objection(o) for o in teaching.objections],
        "overruled": [_objection(o) for o in teaching.overruled],
        "photos": to_plain(teaching.photos),
        "confusion": to_plain(teaching.confusion),
        "notes": list(notes),
    }


def _objection(o: Objection) -> dict[str, object]:
    return {"code": o.code, "photo": o.photo or None, "words": o.words, "advice": o.advice}


def teaching_lines(teaching: Teaching) -> Iterator[str]:
    """What came of a lesson for a person: photographs, expected confusion, objections."""
    if teaching.file and teaching.file.threshold:
        yield f"{teaching.pack}: threshold {teaching.file.threshold.min_score:.3f}, {teaching.file.threshold.chosen}"
    if teaching.photos:
        columns: Sequence[str] = ("photograph", "own", "nearest other", "taken for")
        yield from _table("each photograph judged without itself", map(_photo_cells, teaching.photos), columns)
    if teaching.confusion:
        columns = ("pack", "pictures", "right", "taken for another", "lowest own", "nearest other")
        yield from _table("expected confusion", map(_confusion_cells, teaching.confusion), columns)
    for heading, objections in (("overruled", teaching.overruled), ("in the way", teaching.objections)):
        for o in objections:
            advice = f" {o.advice}" if heading == "in the way" else ""
            yield f"{heading}: {o.code}: {o.photo + ': ' if o.photo else ''}{o.words}.{advice}"


def _photo_cells(one: LeftOut) -> tuple[str, ...]:
    return one.picture, f"{one.own:.3f}", _other(one.other, one.other_score), one.judged


def _confusion_cells(row: ConfusionRow) -> tuple[str, ...]:
    if not row.pictures:
        return row.pack, "1", "-", "-", "-", "-"
    wrong = ", ".join(f"{name} {count}" for name, count in row.judged.items() if name != row.pack) or "none"
    lowest = "-" if row.lowest_own is None else f"{row.lowest_own:.3f}"
    return (
        row.pack,
        str(row.pictures),
        str(row.right),
        wrong or "none",
        lowest,
        _other(row.nearest_other, row.highest_other),
    )


def _other(pack: str, score: float | None) -> str:
    return f"{pack} {score:.3f}" if pack and score is not None else "none"


def _table(title: str, rows: Iterable[Sequence[str]], heads: Sequence[str]) -> Iterator[str]:
    cells = [heads, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(heads))]
    yield title
    for row in cells:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
