"""The evaluation report: one HTML file that needs no network, written from plain figures."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import cv2

from ._reliability import bins_of, reliability_svg

Figures = Mapping[str, Any]

WORST = 20
THUMBNAIL_PX = 280
FIRST_LINE = "Trained on rendered images. Figures of rendered pictures and of photographs stand apart."

_CSS = """
body{font:14px/1.45 system-ui,sans-serif;color:#1d2126;background:#fff;max-width:1180px;margin:24px auto;padding:0 20px}
h1{font-size:22px;margin:0 0 4px}h2{font-size:18px;margin:34px 0 6px;border-bottom:2px solid #cfd4da;padding-bottom:3px}
h3{font-size:15px;margin:20px 0 6px}h4{font-size:13px;margin:14px 0 4px;color:#444}
.first{font-weight:600;background:#f1f3f5;border-left:4px solid #6b7785;padding:8px 12px;margin:0 0 16px}
table{border-collapse:collapse;margin:4px 0 12px}th,td{border:1px solid #d5dae0;padding:3px 9px;text-align:right}
th{background:#f1f3f5;font-weight:600}th:first-child,td:first-child{text-align:left}td.words{text-align:left}
.side{display:flex;flex-wrap:wrap;gap:8px 28px;align-items:flex-start}
.worst{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:14px}
figure{margin:0;border:1px solid #d5dae0;padding:8px;background:#fafbfc}figure img{width:100%;display:block}
figcaption{font-size:12px;margin-top:6px;overflow-wrap:anywhere}
figcaption b{display:block}
code{font-size:12px;overflow-wrap:anywhere}.none{color:#666}
@media print{body{margin:0;max-width:none}figure,table{break-inside:avoid}}
"""


def write_report(figures: Figures, out: Path) -> None:
    """Write the report to ``out``. Every part of ``figures`` may be missing; what is missing is left out.

    ``figures`` is plain data that could be JSON::

        {
          "title": "Evaluation of ...",
          "provenance": {"models": {"pack-damage": "sha256:..."}, "split": "test", "command": "delid train ..."},
          "thresholds": {"pack.min_score": {"value": 0.62, "chosen": "how"}, ...},        # or name: value
          "rendered": {SECTION: PART, ...},          # for example "Pack identity", "Damage", "Fasteners"
          "photographs": {SECTION: PART, ...},
          "worst": [{"image": path or None, "name": "...", "score": 0.1, "truth": "...", "said": "...", "why": "..."}]
        }

    and a PART is::

        {
          "note": "one sentence",
          "summary": {"macro F1": 0.91, ...},                                              # figures and words by name
          "by_class": {"dent": {"present": 40, "precision": 0.9, "recall": 0.8, "f1": 0.85}, ...},
          "confusion": {"labels": ["bolt", ...], "counts": [[...], ...]},                  # rows truth, columns said
          "reliability": {"title": {"count": n, "ece": x, "worst": x, "bins": [...]}, ...},  # Reliability.as_dict
          "tables": {"By pack": {"vw-meb-82": {"pictures": 30, "right": 0.99}, ...}, ...},
        }

    Shares are 0..1 and shown with three places; None is shown as a dash. Of ``worst`` the first twenty are shown;
    an image that cannot be read is named without a thumbnail.
    """
    title = str(figures.get("title", "Evaluation"))
    body = [
        f'<p class="first">{FIRST_LINE}</p>',
        f"<h1>{escape(title)}</h1>",
        _provenance(figures.get("provenance") or {}),
        _thresholds(figures.get("thresholds") or {}),
        *_group("Rendered pictures", figures.get("rendered") or {}),
        *_group("Photographs", figures.get("photographs") or {}),
        _worst(figures.get("worst") or ()),
    ]
    out.write_text(_page(title, body), encoding="utf-8")


def _page(title: str, body: Sequence[str]) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_CSS}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _provenance(provenance: Figures) -> str:
    rows = [(name, _words(value)) for name, value in provenance.items()]
    return "<h2>Where this comes from</h2>" + _pairs(rows) if rows else ""


def _thresholds(thresholds: Figures) -> str:
    rows = []
    for name, value in thresholds.items():
        if isinstance(value, Mapping):
            rows.append((name, shown(value.get("value")), str(value.get("chosen", ""))))
        else:
            rows.append((name, shown(value), ""))
    return "<h2>Thresholds</h2>" + _table(["threshold", "value", "chosen so that"], rows, words=2) if rows else ""


def _group(title: str, sections: Figures) -> list[str]:
    """Rendered pictures or photographs; said to be missing rather than left out, since both are expected."""
    if not sections:
        return [f'<h2>{title}</h2><p class="none">Not evaluated.</p>']
    return [f"<h2>{title}</h2>", *(_section(str(name), part) for name, part in sections.items())]


def _section(name: str, part: Figures) -> str:
    parts = [f"<h3>{escape(name)}</h3>"]
    if note := part.get("note"):
        parts.append(f"<p>{escape(str(note))}</p>")
    blocks = []
    if summary := part.get("summary"):
        blocks.append(_pairs([(k, _words(v)) for k, v in summary.items()]))
    if by_class := part.get("by_class"):
        blocks.append(f"<div><h4>By class</h4>{_by_row('class', by_class)}</div>")
    if confusion := part.get("confusion"):
        blocks.append(f"<div><h4>Confusion</h4>{_confusion(confusion)}</div>")
    for title, table in (part.get("tables") or {}).items():
        blocks.append(f"<div><h4>{escape(str(title))}</h4>{_by_row('', table)}</div>")
    for title, found in (part.get("reliability") or {}).items():
        note = f"{found['count']} answers, calibration error {shown(found['ece'])}, worst bin {shown(found['worst'])}"
        blocks.append(reliability_svg(bins_of(found["bins"]), str(title), note))
    return "".join(parts) + f'<div class="side">{"".join(blocks)}</div>'


def _by_row(head: str, rows: Figures) -> str:
    """A table of tables; its columns are all names that any row has, in the order they come."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    cells = [(str(name), *(shown(row.get(c)) for c in columns)) for name, row in rows.items()]
    return _table([head, *columns], cells)


def _confusion(confusion: Figures) -> str:
    """Counts shaded by their share of the row's truth: the diagonal in blue, errors in orange."""
    labels, counts = [str(name) for name in confusion["labels"]], confusion["counts"]
    head = "".join(f"<th>{escape(name)}</th>" for name in labels)
    lines = [f"<tr><th>true \\ said</th>{head}<th>all</th></tr>"]
    for k, row in enumerate(counts):
        total = sum(row)
        cells = []
        for n, count in enumerate(row):
            share = count / total if total else 0.0
            colour = "74,118,168" if n == k else "217,140,63"
            cells.append(f'<td style="background:rgba({colour},{0.75 * share:.2f})">{shown(count)}</td>')
        lines.append(f"<tr><td>{escape(labels[k])}</td>{''.join(cells)}<td>{shown(total)}</td></tr>")
    return f"<table>{''.join(lines)}</table>"


def _worst(worst: Sequence[Figures]) -> str:
    shown_ones = list(worst)[:WORST]
    if not shown_ones:
        return ""
    rest = f" of {len(worst)}" if len(worst) > len(shown_ones) else ""
    cards = "".join(_card(one) for one in shown_ones)
    return f'<h2>Worst pictures</h2><p>{len(shown_ones)}{rest}, the worst first.</p><div class="worst">{cards}</div>'


def _card(one: Figures) -> str:
    image = one.get("image")
    name = str(one.get("name") or (Path(str(image)).name if image else "picture"))
    source = thumbnail(Path(str(image))) if image else None
    picture = f'<img src="{source}" alt="{escape(name, quote=True)}">' if source else '<p class="none">No picture.</p>'
    rows = [
        f"{label}: {escape(_words(one[key]))}<br>"
        for key, label in (("truth", "truth"), ("said", "said"), ("score", "score"), ("why", "why"))
        if one.get(key) is not None
    ]
    return f"<figure>{picture}<figcaption><b>{escape(name)}</b>{''.join(rows)}</figcaption></figure>"


def thumbnail(path: Path) -> str | None:
    """A small JPEG of the picture as a data address; None when it cannot be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        return None
    ratio = min(1.0, THUMBNAIL_PX / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode() if done else None


def _pairs(rows: Sequence[tuple[str, str]]) -> str:
    return _table([], rows, words=1)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int | None = None) -> str:
    """Cells are text, escaped here; column ``words`` holds sentences."""
    lines = ["<tr>" + "".join(f"<th>{escape(h)}</th>" for h in head) + "</tr>"] if head else []
    for row in rows:
        cells = "".join(
            f"<td{' class=words' if n == words else ''}>{escape(str(cell))}</td>" for n, cell in enumerate(row)
        )
        lines.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"


def shown(value: Any) -> str:
    """A figure for people: shares with three places, counts whole, None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"
    return str(value)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_words(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_words(v) for v in value)
    return shown(value)
