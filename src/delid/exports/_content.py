"""What a certificate says, apart from how it looks: headings, facts, tables and notes. HTML and PDF are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``wide`` names the column (from 0) that takes the room that is left."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: int = -1


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph; one that is ``grave`` is set off."""

    text: str
    grave: bool = False


Block = Facts | Table | Note


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A certificate.

    Attributes:
        language: ``en`` or ``zh``.
        title: its heading.
        lead: what it states, one sentence.
        code: text of the QR code.
        code_words: what the QR code leads to.
        sections: the parts, in order.
        foot: stands under every page.
    """

    language: str
    title: str
    lead: str
    code: str
    code_words: str
    sections: tuple[Section, ...]
    foot: str

    def texts(self) -> Iterator[str]:
        """Every text of the page, in order."""
        yield from (self.title, self.lead, self.code_words)
        for section in self.sections:
            yield section.title
            for block in section.blocks:
                yield from _texts(block)
        yield self.foot


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Note):
        yield block.text
    elif isinstance(block, Facts):
        for row in block.rows:
            yield from row
    else:
        yield from block.head
        for cells in block.rows:
            yield from cells
