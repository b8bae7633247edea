"""Fonts of the PDF: what is embedded for Latin and Chinese text, found among the fonts of the machine.

Latin text takes Bitstream Vera, which comes with ReportLab. Chinese text takes a TrueType font of the machine; without
one it takes Adobe's name ``STSong-Light``, which every PDF reader must know but none has within the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from delid.core import UsageError

LATIN, LATIN_BOLD, CHINESE, BY_NAME = "delid-latin", "delid-latin-bold", "delid-chinese", "STSong-Light"
KNOWN_PLACES = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)
"""Where Debian's packages fonts-wqy-microhei (Apache-2.0), fonts-droid-fallback (Apache-2.0) and fonts-arphic-uming
(Arphic Public Licence) put theirs. Each may be embedded."""


@dataclass(frozen=True, slots=True)
class Fonts:
    """What is registered: for Latin letters, and for all others."""

    latin: str
    latin_bold: str
    other: str
    embedded: bool
    """False: Chinese text depends on the reader's own font."""

    def marked_up(self, text: str, bold: bool = False) -> str:
        """``text`` as ReportLab's markup, each run in a font that has its characters."""
        parts = []
        for latin, run in _runs(text, self):
            font = (self.latin_bold if bold else self.latin) if latin else self.other
            parts.append(f'<font name="{font}">{escape(run)}</font>')
        return "".join(parts)


def open_fonts(file: Path | None = None) -> Fonts:
    """Register the fonts; ``file`` is a TrueType font or collection for Chinese text in place of the machine's.

    Raises UsageError for a file that is no such font.
    """
    _latin()
    if file is not None:
        return Fonts(LATIN, LATIN_BOLD, _register(file), True)
    for place in KNOWN_PLACES:
        if Path(place).is_file():
            return Fonts(LATIN, LATIN_BOLD, _register(Path(place)), True)
    pdfmetrics.registerFont(UnicodeCIDFont(BY_NAME))
    return Fonts(LATIN, LATIN_BOLD, BY_NAME, False)


def has_chinese(text: str) -> bool:
    """True if lines of it may be broken between any two letters."""
    return any("\u2e80" <= letter <= "\u9fff" or "\uf900" <= letter <= "\uffef" for letter in text)


@cache
def _latin() -> None:
    pdfmetrics.registerFont(TTFont(LATIN, "Vera.ttf"))
    pdfmetrics.registerFont(TTFont(LATIN_BOLD, "VeraBd.ttf"))


@cache
def _register(file: Path) -> str:
    name = f"{CHINESE}-{abs(hash(file))}"
    try:
        pdfmetrics.registerFont(TTFont(name, str(file), subfontIndex=0))
    except (TTFError, OSError) as error:
        raise UsageError(
            f"{file} is no TrueType font that can be embedded: {error}.",
            hint="Name a .ttf or .ttc file with TrueType outlines, for example that of Debian's fonts-wqy-microhei.",
        ) from error
    return name


def _runs(text: str, fonts: Fonts) -> Iterator[tuple[bool, str]]:
    has_latin = pdfmetrics.getFont(fonts.latin).face.charToGlyph
    run, latin = "", True
    for letter in text:
        here = ord(letter) in has_latin
        if run and here != latin:
            yield latin, run
            run = ""
        run, latin = run + letter, here
    if run:
        yield latin, run
