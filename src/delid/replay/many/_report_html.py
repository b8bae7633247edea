"""The report as one HTML file: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ._drift import Series
from ._report import Case, Report
from ._report_data import iso

WIDTH, HEIGHT, PAD = 260.0, 56.0, 4.0
WORDS = {"drifted": "drifted", "watch": "watch", "stable": "stable", "too few": "too few frames"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222;
  background: #fafafa; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; background: #fff; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font-size: .85em; } .quiet { color: #666; }
.drifted { font-weight: 600; color: #9a1f00; } .watch { font-weight: 600; color: #7a5a00; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
.case { background: #fff; border: 1px solid #ddd; padding: .7rem; overflow-wrap: anywhere; }
.case img { width: 100%; display: block; margin-bottom: .4rem; }
svg { display: block; }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #ddd; }
  table, .case { background: #1f1f1f; } th, td, .case { border-color: #444; } .quiet { color: #999; }
  .drifted { color: #ff9d80; } .watch { color: #e5c15c; } }
"""


def report_html(report: Report, pictures: Mapping[str, str]) -> str:
    """The whole page. ``pictures``: digest of a frame to its ``data:`` address."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Replay of {report.recordings} recordings</title><style>{STYLE}</style></head><body>",
        f"<h1>Replay of {report.recordings} recordings</h1>",
        _summary(report),
        _drift(report.sorted_series()),
        _worst(report.worst, pictures),
        _differences(report),
        _aside(report),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _summary(report: Report) -> str:
    aside = sum(report.aside_codes.values())
    span = f", recorded from {iso(report.first_s)} to {iso(report.last_s)}" if report.first_s is not None else ""
    return (
        f"<p>{report.equal} equal, {report.differ} differ, {aside} set aside; "
        f"{report.frames} frames{span}. {len(report.drifted)} scores drifted.</p>"
    )


def _drift(series: Sequence[Series]) -> str:
    head = _row(
        ["Camera", "Score", "Model", "Verdict", "Index", "Mean before", "Mean now", "Frames", "Over time"], "th"
    )
    rows = [_drift_row(one) for one in series] or [_row(["nothing was scored"], "td")]
    note = (
        "The later half of the time against the earlier one. The index is the population stability index: "
        "over 0.1 watch, over 0.25 drifted. The chart shows mean and spread of each span, on a scale of 0 to 1."
    )
    return f'<h2>Scores over time</h2><p class="quiet">{note}</p><table>{head}{"".join(rows)}</table>'


def _drift_row(series: Series) -> str:
    drift = series.verdict()
    model = series.key.model.removeprefix("sha256:")[:12]
    cells = [
        escape(series.key.camera),
        escape(series.key.score),
        f"<code>{escape(model)}</code>",
        f'<span class="{drift.word.replace(" ", "-")}">{WORDS[drift.word]}</span>',
        f"{drift.index:.3f}",
        f"{drift.before.mean:.3f}",
        f"{drift.now.mean:.3f}",
        f"{drift.before.count} / {drift.now.count}",
        _chart(series),
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _chart(series: Series) -> str:
    """The mean of each span as a line, its spread as a band."""
    spans = sorted(series.bins.items())
    first_s, last_s = spans[0][0], spans[-1][0]

    def x(at_s: float) -> float:
        return PAD + (WIDTH - 2 * PAD) * ((at_s - first_s) / (last_s - first_s) if last_s > first_s else 0.5)

    def y(score: float) -> float:
        return PAD + (HEIGHT - 2 * PAD) * (1 - min(1.0, max(0.0, score)))

    upper = [(x(at_s), y(one.mean + one.spread)) for at_s, one in spans]
    lower = [(x(at_s), y(one.mean - one.spread)) for at_s, one in reversed(spans)]
    middle = [(x(at_s), y(one.mean)) for at_s, one in spans]
    dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.6" fill="currentColor"/>' for a, b in middle)
    words = f"{series.key.score} of {series.key.camera}, {len(spans)} spans from {iso(first_s)} to {iso(last_s)}"
    return (
        f'<svg width="{WIDTH:.0f}" height="{HEIGHT:.0f}" role="img" aria-label="{escape(words)}">'
        f'<polygon points="{_points([*upper, *lower])}" fill="currentColor" opacity=".15"/>'
        f'<polyline points="{_points(middle)}" fill="none" stroke="currentColor" stroke-width="1.4"/>{dots}</svg>'
    )


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in places)


def _worst(cases: Sequence[Case], pictures: Mapping[str, str]) -> str:
    if not cases:
        return "<h2>To label next</h2><p>No frame is doubtful.</p>"
    note = "Frames of recordings that decided otherwise come first, then the most doubtful ones."
    found = "".join(_case(case, pictures.get(case.sha256, "")) for case in cases)
    return f'<h2>To label next</h2><p class="quiet">{note}</p><div class="cases">{found}</div>'


def _case(case: Case, picture: str) -> str:
    image = f'<img src="{escape(picture)}" alt="{escape(case.frame)}">' if picture else ""
    lines = [f"<strong>{case.doubt:.2f}</strong> {escape(case.why)}", escape(case.pack)]
    lines += [escape(case.difference), f'<span class="quiet">{escape(case.source)}: {escape(case.frame)}</span>']
    return f'<div class="case">{image}{"<br>".join(line for line in lines if line)}</div>'


def _differences(report: Report) -> str:
    if not report.differences:
        return ""
    rows = "".join(_row([str(n), escape(where)], "td") for where, n in report.differences.most_common(50))
    head = _row(["Recordings", "First difference"], "th")
    return f"<h2>What decides otherwise</h2><table>{head}{rows}</table>"


def _aside(report: Report) -> str:
    if not report.aside:
        return ""
    rows = "".join(_row([escape(source), escape(code), escape(words)], "td") for source, code, words in report.aside)
    more = sum(report.aside_codes.values()) - len(report.aside)
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f"<h2>Set aside</h2><table>{_row(['Recording', 'Code', 'Why'], 'th')}{rows}</table>{rest}"


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"
