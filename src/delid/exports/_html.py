"""A certificate as one HTML file: no script, nothing loaded from elsewhere, fit to be printed."""

from __future__ import annotations

from html import escape

from ._content import Block, Facts, Note, Page, Section, Table
from ._qr import qr_svg

LANGUAGES = {"en": "en", "zh": "zh-CN"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """\
:root{color-scheme:light dark;--text:#1f2225;--muted:#4c5156;--page:#fff;--line:#b3b7ba;--grave:#9c1d17}
@media (prefers-color-scheme:dark)
{:root{--text:#e6e9eb;--muted:#b1b8be;--page:#191c1f;--line:#454b51;--grave:#ff958c}}
@media print{:root{--text:#000;--muted:#333;--page:#fff;--line:#999;--grave:#000}}
body{background:var(--page);color:var(--text);max-width:60rem;margin:2rem auto;padding:0 1rem;
font:15px/1.4 "Noto Sans","DejaVu Sans","WenQuanYi Micro Hei","Noto Sans CJK SC",sans-serif}
header{display:flex;gap:2rem;justify-content:space-between;align-items:flex-start}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;border-bottom:1px solid var(--line)}
figure{margin:0;flex:none;width:11rem}figcaption,footer{color:var(--muted);font-size:.8rem;overflow-wrap:anywhere}
.qr{width:11rem;height:11rem}
dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.15rem 1rem;margin:0}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}table{width:100%;border-collapse:collapse;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem .25rem 0;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}th{color:var(--muted);font-weight:600}.grave{color:var(--grave);font-weight:600}
footer{margin-top:2rem;border-top:1px solid var(--line);padding-top:.5rem}"""


def html_of(page: Page) -> str:
    """The whole file."""
    sections = "\n".join(_section(section) for section in page.sections)
    words = escape(page.code_words)
    return f"""\
<!doctype html>
<html lang="{LANGUAGES[page.language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(page.title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<div><h1>{escape(page.title)}</h1><p>{escape(page.lead)}</p></div>
<figure>{qr_svg(page.code, words)}<figcaption>{words}<br>{escape(page.code)}</figcaption></figure>
</header>
<main>
{sections}
</main>
<footer>{escape(page.foot)}</footer>
</body>
</html>
"""


def _section(section: Section) -> str:
    return (
        f"<section><h2>{escape(section.title)}</h2>\n" + "\n".join(_block(b) for b in section.blocks) + "\n</section>"
    )


def _block(block: Block) -> str:
    if isinstance(block, Note):
        return f'<p class="grave">{escape(block.text)}</p>' if block.grave else f"<p>{escape(block.text)}</p>"
    if isinstance(block, Facts):
        return "<dl>" + "".join(f"<dt>{escape(n)}</dt><dd>{escape(v)}</dd>" for n, v in block.rows) + "</dl>"
    return _table(block)


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in table.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>"
