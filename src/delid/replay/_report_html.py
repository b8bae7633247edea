"""One page for all recordings: what changed, why, and the frames on which it did. It needs nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

from delid.core import DelidError

from ._pictures import Mark, Picture
from ._report_junit import Result
from ._verdict import Verdict

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#222;background:#e9e9e7;margin:0 auto;max-width:1500px;padding:1.5rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:0 0 .4rem}
section{background:#fff;border:1px solid #bbb;padding:1rem;margin:1rem 0}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .9rem .2rem 0;vertical-align:top}
.red{color:#a40000;font-weight:600}.quiet{color:#666}li{margin:.15rem 0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin:.6rem 0}.pair figure{margin:0}
.pair svg{width:100%;height:auto;border:1px solid #999;display:block}pre{overflow:auto;background:#f4f4f2;padding:.6rem}
figcaption{font-size:.9rem}
"""
DIFFERENCES = 400
"""Lines of one recording on the page; the file of ``--diff`` has all of them."""


def html_report(judged: Sequence[Result], title: str = "Replay") -> str:
    """The page as text."""
    red = [one for one in judged if isinstance(one.result, DelidError) or not one.result.equal]
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}: {len(judged) - len(red)} of {len(judged)} recordings equal</h1>",
        *_table(judged),
        *(part for one in red for part in _section(one)),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _table(judged: Sequence[Result]) -> Iterator[str]:
    yield "<table><tr><th>recording<th>result<th>first line</tr>"
    for one in judged:
        if isinstance(one.result, DelidError):
            result, line = "fault", one.result.message
        elif one.result.equal:
            result, line = "equal", f"{one.result.frames} frames, {one.result.steps} steps"
        else:
            result, line = f"{one.result.seam} differs", next(iter(one.result.summary), "")
        style = "quiet" if result == "equal" else "red"
        name = (
            escape(one.recording)
            if result == "equal"
            else f'<a href="#{escape(one.recording)}">{escape(one.recording)}</a>'
        )
        yield f"<tr><td>{name}<td class={style}>{result}<td>{escape(line)}</tr>"
    yield "</table>"


def _section(one: Result) -> Iterator[str]:
    yield f'<section id="{escape(one.recording)}"><h2>{escape(one.recording)}</h2>'
    if isinstance(one.result, DelidError):
        yield f"<p class=red>{escape(str(one.result))}</p></section>"
        return
    found = one.result
    yield from _list("What changed", found.summary)
    yield from _list("Why", found.causes)
    yield from _list("Notes", found.notes)
    for picture in found.pictures:
        yield from _pair(picture, f"{one.recording}-{found.pictures.index(picture)}")
    yield from _all(found)
    yield "</section>"


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"<p><strong>{title}</strong></p><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _all(found: Verdict) -> Iterator[str]:
    lines = [str(d) for d in found.differences]
    more = [f"and {len(lines) - DIFFERENCES} more"] if len(lines) > DIFFERENCES else []
    text = escape("\n".join([*lines[:DIFFERENCES], *more]))
    yield f"<details><summary>All {len(lines)} differences</summary><pre>{text}</pre></details>"


def _pair(picture: Picture, name: str) -> Iterator[str]:
    """The frame twice, with what was seen before on the left; its bytes stand in the page once."""
    data = base64.b64encode(picture.jpeg).decode()
    size = f'width="{picture.width}" height="{picture.height}"'
    image = f'<image id="{escape(name)}" {size} href="data:image/jpeg;base64,{data}"/>'
    again = f'<use href="#{escape(name)}"/>'
    yield f"<p class=quiet>{escape(picture.title)}</p><div class=pair>"
    yield _figure("before", picture, image, picture.before, picture.before_words)
    yield _figure("now", picture, again, picture.now, picture.now_words)
    yield "</div>"


def _figure(side: str, picture: Picture, image: str, marks: Sequence[Mark], words: Sequence[str]) -> str:
    caption = f"<strong>{side}</strong> {escape('; '.join(words))}"
    drawn = "".join(map(_mark, marks))
    box = f"0 0 {picture.width} {picture.height}"
    drawing = f'<svg viewBox="{box}" role=img aria-label="{side}">{image}{drawn}</svg>'
    return f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"


def _mark(mark: Mark) -> str:
    x0, y0, x1, y1 = mark.box
    colour, wide = ("#ffd400", 3) if mark.changed else ("#ffffff", 1)
    text = (
        f'<text x="{x1 + 3:.0f}" y="{y1:.0f}" font-size="15" fill="{colour}" stroke="#000" stroke-width=".6" '
        f'paint-order="stroke">{escape(mark.text)}</text>'
        if mark.changed
        else f"<title>{escape(mark.text)}</title>"
    )
    rect = (
        f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" fill="none" '
        f'stroke="{colour}" stroke-width="{wide}"/>'
    )
    return f"<g>{rect}{text}</g>"
