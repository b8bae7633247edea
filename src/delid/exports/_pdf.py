"""A certificate as a PDF, A4. The same page gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as PdfTable

from ._content import Block, Facts, Note, Page, Section, Table
from ._fonts import Fonts, has_chinese, open_fonts
from ._qr import dark_runs, qr_modules

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN - 12
"""Of the text: ReportLab keeps 6 points free at each side."""
QR_SIDE = 38 * mm
TEXT, MUTED, LINE, GRAVE = HexColor(0x1F2225), HexColor(0x4C5156), HexColor(0xB3B7BA), HexColor(0x9C1D17)


class Qr(Flowable):  # type: ignore[misc]
    """A QR code with its quiet zone of four modules."""

    def __init__(self, text: str, side: float) -> None:
        super().__init__()
        self.modules, self.width, self.height = qr_modules(text), side, side

    def draw(self) -> None:
        count = self.modules.shape[0]
        size = self.width / (count + 8)
        for x, y, n in dark_runs(self.modules):
            # A hair wider than a module, so that no reader of PDFs leaves light lines between rows.
            self.canv.rect((x + 4) * size, (count + 3 - y) * size, n * size, size * 1.02, stroke=0, fill=1)


class Typesetter:
    """Turns blocks into ReportLab's flowables."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts

    def words(self, text: str, size: float = 8.5, bold: bool = False, colour: Any = TEXT) -> Paragraph:
        style = ParagraphStyle(
            "words", fontName=self.fonts.latin, fontSize=size, leading=size * 1.35, textColor=colour,
            wordWrap="CJK" if has_chinese(text) else None, splitLongWords=1,
        )  # fmt: skip
        return Paragraph(self.fonts.marked_up(text, bold), style)

    def head(self, page: Page) -> list[Flowable]:
        left = [self.words(page.title, 16, bold=True), Spacer(1, 3 * mm), self.words(page.lead, 9.5)]
        right = [Qr(page.code, QR_SIDE), self.words(page.code_words, 6.5, colour=MUTED),
                 self.words(page.code, 6, colour=MUTED)]  # fmt: skip
        grid = PdfTable([[left, right]], colWidths=[WIDTH - QR_SIDE - 4 * mm, QR_SIDE + 4 * mm])
        grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0)])
        return [grid]

    def section(self, section: Section) -> list[Flowable]:
        title = self.words(section.title, 11, bold=True)
        title.keepWithNext = True
        out: list[Flowable] = [Spacer(1, 4 * mm), title, Spacer(1, 1.5 * mm)]
        for block in section.blocks:
            out += [self.block(block), Spacer(1, 1 * mm)]
        return out

    def block(self, block: Block) -> Flowable:
        if isinstance(block, Note):
            return self.words(block.text, bold=block.grave, colour=GRAVE if block.grave else TEXT)
        if isinstance(block, Facts):
            rows = [[self.words(n, colour=MUTED), self.words(v)] for n, v in block.rows]
            return self._grid(rows, [WIDTH * 0.3, WIDTH * 0.7], lines=False)
        return self._table(block)

    def _table(self, table: Table) -> Flowable:
        rows = [[self.words(c, 7.5, bold=True, colour=MUTED) for c in table.head]]
        rows += [[self.words(c, 7.5) for c in row] for row in table.rows]
        return self._grid(rows, _widths(table), lines=True)

    def _grid(self, rows: list[list[Paragraph]], widths: list[float], lines: bool) -> Flowable:
        if not rows:
            return Spacer(1, 0)
        grid = PdfTable(rows, colWidths=widths, repeatRows=1 if lines else 0)
        style: list[tuple[Any, ...]] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.2), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
        ]  # fmt: skip
        if lines:
            style.append(("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE))
        grid.setStyle(style)
        return grid


def pdf_of(page: Page, font: Path | None = None) -> bytes:
    """The whole file; ``font`` as for ``open_fonts``."""
    setter = Typesetter(open_fonts(font))
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN + 6 * mm,
        title=page.title, author="delid", lang="zh-CN" if page.language == "zh" else "en", invariant=1,
    )  # fmt: skip
    story = setter.head(page)
    for section in page.sections:
        story += setter.section(section)

    def foot(canvas: Any, doc: Any) -> None:
        words = setter.words(f"{page.foot}  ·  {doc.page}", 6.5, colour=MUTED)
        _, height = words.wrap(WIDTH, 20 * mm)
        words.drawOn(canvas, MARGIN, MARGIN + 2 * mm - height)

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _widths(table: Table) -> list[float]:
    """Columns as wide as their longest text asks for, in bounds; the wide one takes what is left."""
    count = len(table.head)
    longest = [max([len(table.head[n]), *(len(row[n]) for row in table.rows)], default=1) for n in range(count)]
    wanted = [min(max(n * 4.6, 14 * mm), WIDTH / 3) for n in longest]
    wide = table.wide % count
    rest = WIDTH - sum(w for n, w in enumerate(wanted) if n != wide)
    if rest >= WIDTH / 4:
        wanted[wide] = rest
        return wanted
    return [w * WIDTH / sum(wanted) for w in wanted]
