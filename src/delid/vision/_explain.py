"""One picture that shows a person what was seen and why it was judged so. For a panel of 1920 x 1080."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from delid.core import Damage, Fastener, FastenerKind, Frame, ImageBgr, Inspection, PackStatus

from ._explain_text import GREY, INK, ORANGE, RED, Column, Row, mark
from ._gallery import Gallery, Match
from ._manifest import InputSpec
from ._prepare import Letterbox, letterbox_for
from ._session import Outputs

BoxPx = tuple[int, int, int, int]

SIZE_PX = (1920, 1080)
COLUMN_PX = 620
BACK = (38, 38, 38)
HEAT_FLOOR = 0.15
"""Weaker heat is not drawn: it would only colour the lid."""
HEAT_ALPHA = 0.55
SURE = 0.6
"""A fastener's kind below this confidence is drawn thin."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a judgement rests on, and an Inspection does not carry.

    Attributes:
        heat: strongest damage in each cell of the model's input, rows x columns, 0..1.
        box: where the frame lies in the model's input.
        input_px: width and height of that input.
        match: the taught picture that the frame comes nearest to.
    """

    heat: NDArray[np.float32]
    box: Letterbox
    input_px: tuple[int, int]
    match: Match | None


def evidence_of(outputs: Outputs, spec: InputSpec, gallery: Gallery, frame: Frame) -> Evidence:
    """The evidence in one run of the pack model on ``frame``."""
    height, width = frame.image.shape[:2]
    embedding = outputs["embedding"][0]
    best = next(iter(gallery.scores(embedding, 1)), None)
    return Evidence(
        heat=np.asarray(outputs["damage_heat"][0].max(axis=0), np.float32),
        box=letterbox_for(width, height, spec),
        input_px=(spec.width_px, spec.height_px),
        match=gallery.nearest(embedding, best.model) if best else None,
    )


def explain(
    frame: Frame, inspection: Inspection, evidence: Evidence | None = None, remarks: Sequence[str] = ()
) -> ImageBgr:
    """The explanation of ``inspection``, 1920 x 1080, BGR.

    Left the frame with outline, damage (heat and boxes) and fasteners; right the findings in words. ``remarks`` are
    further words, for example where camera and PLC contradict.
    """
    canvas = np.full((SIZE_PX[1], SIZE_PX[0], 3), BACK, np.uint8)
    room = (SIZE_PX[0] - COLUMN_PX, SIZE_PX[1])
    height, width = frame.image.shape[:2]
    scale = min(room[0] / width, room[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(frame.image, size, interpolation=way), np.uint8)
    if evidence is not None:
        picture = with_heat(picture, evidence)
    _draw_outline(picture, inspection, scale)
    for fastener in inspection.fasteners:
        _draw_fastener(picture, fastener, scale)
    taken: list[BoxPx] = []
    for damage in inspection.damage:
        taken.append(_draw_damage(picture, damage, scale, taken))
    top, left = (room[1] - size[1]) // 2, (room[0] - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = picture
    Column(canvas, room[0] + 24, COLUMN_PX - 48).write(_rows(inspection, evidence, remarks))
    return canvas


def with_heat(picture: ImageBgr, evidence: Evidence) -> ImageBgr:
    """The picture with the model's heat laid over it in orange."""
    height, width = picture.shape[:2]
    box, (input_w, input_h) = evidence.box, evidence.input_px
    full = cv2.resize(evidence.heat, (input_w, input_h), interpolation=cv2.INTER_LINEAR)
    right, bottom = box.offset_x + box.width_px * box.scale_x, box.offset_y + box.height_px * box.scale_y
    inner = full[
        box.offset_y : max(box.offset_y + 1, round(bottom)), box.offset_x : max(box.offset_x + 1, round(right))
    ]
    heat = np.clip(cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    alpha = (np.where(heat < HEAT_FLOOR, 0.0, heat) * HEAT_ALPHA)[..., None]
    return np.asarray(picture * (1 - alpha) + np.array(ORANGE) * alpha, np.uint8)


def _draw_outline(picture: ImageBgr, inspection: Inspection, scale: float) -> None:
    if inspection.pack.outline_px:
        corners = _scaled(inspection.pack.outline_px, scale)
        cv2.polylines(picture, [corners], True, (255, 255, 255), 1, cv2.LINE_AA)


def _draw_damage(picture: ImageBgr, damage: Damage, scale: float, taken: Sequence[BoxPx]) -> BoxPx:
    """Box and words; the words move down where others stand already. Returns their place."""
    x0, y0, x1, y1 = damage.box_px
    (left, top), (right, bottom) = _scaled([(x0, y0), (x1, y1)], scale).tolist()
    words = f"{damage.kind.value} {damage.confidence:.2f}, severity {damage.severity:.2f}"
    (wide, high), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.65, 2)
    cv2.rectangle(picture, (left, top), (right, bottom), RED, 3, cv2.LINE_AA)
    x = max(0, min(left, picture.shape[1] - wide - 12))
    step = high + 14
    y = max(top, step)
    while any(abs(y - low) < step and x < end and start < x + wide + 12 for start, _, end, low in taken):
        y += step
    cv2.rectangle(picture, (x, y - step), (x + wide + 12, y), RED, -1)
    cv2.putText(picture, words, (x + 6, y - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.65, (255, 255, 255), 2, cv2.LINE_AA)
    return (x, y - step, x + wide + 12, y)


def _draw_fastener(picture: ImageBgr, fastener: Fastener, scale: float) -> None:
    """A shape for each kind; colour only for what is not as it should be; thin where the kind is a guess."""
    (x, y) = _scaled([fastener.center_px], scale)[0].tolist()
    mark(picture, (x, y), fastener.kind, 2 if fastener.confidence >= SURE else 1)


def _scaled(points: Sequence[Sequence[float]], scale: float) -> NDArray[np.int32]:
    return np.asarray(np.round((np.asarray(points, np.float64) + 0.5) * scale - 0.5), np.int32)


def _rows(found: Inspection, evidence: Evidence | None, remarks: Sequence[str]) -> list[Row]:
    """The right-hand side from top to bottom; what does not fit is cut at the bottom, so the gravest stands first."""
    colour = {"A": INK, "B": ORANGE}.get(found.hazard_class.value, RED)
    rows = [Row(f"Hazard class {found.hazard_class.value}", colour, head=True)]
    rows += [Row(reason) for reason in found.hazard_reasons]
    if remarks:
        rows += [Row("Camera and PLC", head=True), *(Row(words, ORANGE) for words in remarks)]
    if found.quality.reasons:
        title = "Remarks on the picture" if found.quality.ok else "Picture cannot be judged"
        rows += [Row(title, INK if found.quality.ok else RED, head=True), *(Row(r) for r in found.quality.reasons)]
    rows += _pack_rows(found, evidence)
    rows.append(Row("Damage", head=True))
    for damage in found.damage:
        rows.append(Row(f"{damage.kind.value}: {damage.confidence:.2f}, severity {damage.severity:.2f}"))
    for doubt in found.unclear:
        rows.append(Row(f"{doubt.kind.value}: {doubt.confidence:.2f}, unclear: look at the pack", ORANGE))
    if not found.damage:
        rows.append(Row("none found"))
    rows += [*_fastener_rows(found), *_code_rows(found)]
    rows.append(Row(f"{found.source}; looks: {', '.join(found.looks)}", GREY, small=True))
    return rows


def _pack_rows(found: Inspection, evidence: Evidence | None) -> list[Row]:
    pack = found.pack
    known = pack.status is PackStatus.KNOWN
    name = f"Pack {pack.model}" if known else f"Pack {pack.status.value}"
    rows = [Row(name, INK if known else ORANGE, head=True), *(Row(r) for r in pack.reasons)]
    match = evidence.match if evidence else None
    if match is not None:
        picture = match.picture or f"picture {match.number + 1}"
        rows.append(Row(f"nearest taught picture: {picture} of {match.pack}, likeness {match.score:.2f}"))
    others = ", ".join(f"{c.model} {c.score:.2f}" for c in pack.candidates[:3])
    return [*rows, Row(f"scores: {others}")] if others else rows


def _fastener_rows(found: Inspection) -> list[Row]:
    counts = Counter(f.kind for f in found.fasteners)
    if not counts:
        return []
    unsure = sum(f.confidence < SURE for f in found.fasteners)
    rows = [Row("Fasteners", head=True)]
    rows += [Row(f"{counts[kind]} {kind.value}", mark=kind) for kind in FastenerKind if counts[kind]]
    return [*rows, Row(f"{unsure} of them in doubt (thin lines)")] if unsure else rows


def _code_rows(found: Inspection) -> list[Row]:
    status = found.code_status
    rows = [Row(f"Codes: {status.outcome.value.replace('_', ' ')}", head=True), *(Row(r) for r in status.reasons)]
    for code in found.codes:
        facts = [code.standard or code.symbology]
        if code.decoded:
            facts += [code.decoded.get("product", ""), code.decoded.get("produced", "")]
        rows.append(Row(f"{code.text} ({', '.join(filter(None, facts))})"))
    return rows
