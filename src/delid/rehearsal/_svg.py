"""Drawings of a rehearsal as SVG text: spread of durations, time line, tool path, bars. No script, no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from delid.config import Cell, PackFile
from delid.core import PoseMm
from delid.planning import PackPlace

from ._account import Run, Segment

LANES = ("robot", "plc", "camera", "person")
LANE_WORDS = {"robot": "robot", "plc": "PLC and tools", "camera": "camera", "person": "person"}
WIDTH = 1000
LEFT = 110
ROW = 26
BINS = 24


def svg(width: float, height: float, parts: Iterable[str], label: str) -> str:
    inside = "".join(parts)
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def histogram(values: Sequence[float], span: tuple[float, float], mark: float) -> str:
    """How often each duration came up, between the ends of ``span``; a line at ``mark``, the flawless run."""
    low, high = span
    width = max(high - low, 1e-9)
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, max(0, int((value - low) / width * BINS)))] += 1
    most, step = max(counts), (WIDTH - LEFT - 20) / BINS
    bars = [
        f'<rect class="bar" x="{LEFT + n * step + 1:.1f}" y="{120 - 100 * c / most:.1f}" width="{step - 2:.1f}" '
        f'height="{100 * c / most:.1f}"><title>{c} runs</title></rect>'
        for n, c in enumerate(counts)
        if c
    ]
    at = LEFT + (mark - low) / width * BINS * step
    line = f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="8" y2="120"/>' if low <= mark <= high else ""
    return svg(WIDTH, 150, [*bars, line, *_axis(low, high, 120)], "durations of all runs")


def time_line(run: Run, end_s: float) -> str:
    """One lane for each who works, over the seconds since Start."""
    scale = (WIDTH - LEFT - 20) / max(end_s, 1e-9)
    bottom = ROW * len(LANES) + 8
    rows = [
        f'<text x="{LEFT - 8}" y="{ROW * n + 22}" class="lane">{LANE_WORDS[lane]}</text>'
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 20}" y1="{ROW * n + 30}" y2="{ROW * n + 30}"/>'
        for n, lane in enumerate(LANES)
    ]
    bars = [_bar(segment, scale) for segment in run.segments if segment.lane in LANES]
    label = f"time line of seed {run.seed}"
    return svg(WIDTH, bottom + 30, [*rows, *bars, *_axis(0.0, end_s, bottom)], label)


def _bar(segment: Segment, scale: float) -> str:
    y = ROW * LANES.index(segment.lane) + 10
    x, width = LEFT + segment.begin_s * scale, max((segment.end_s - segment.begin_s) * scale, 0.4)
    bad = "" if segment.ok else " bad"
    words = f"{segment.label} {segment.key}: {segment.begin_s:.1f} to {segment.end_s:.1f} s"
    return (
        f'<rect class="{segment.lane}{bad}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="16">'
        f"<title>{escape(words)}</title></rect>"
    )


def _axis(low: float, high: float, y: float) -> list[str]:
    """A time axis with at most ten marks."""
    every = next((s for s in (5, 10, 30, 60, 120, 300, 600, 1800, 3600) if (high - low) / s <= 10), 7200)
    scale, parts = (WIDTH - LEFT - 20) / max(high - low, 1e-9), []
    first = -(-int(low) // every) * every
    for at_s in range(first, int(high) + 1, every):
        x = LEFT + (at_s - low) * scale
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + 5}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{y + 20}">{clock(at_s)}</text>')
    return parts


def clock(seconds: float) -> str:
    """``12:05`` of 725 seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def tool_path(run: Run, cell: Cell, pack: PackFile) -> str:
    """The way of the flange from above, over the pack's outline, fasteners, tools and places of the cell."""
    limits, place = cell.spec.motion.limits, PackPlace(pack, cell.spec.fixture)
    (x0, x1), (y0, y1) = limits.x_mm, limits.y_mm
    scale = WIDTH / (x1 - x0)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - x0) * scale, (y1 - y) * scale

    outline = " ".join("{:.1f},{:.1f}".format(*at(*place.to_robot(p))) for p in pack.outline_mm)
    parts = [f'<polygon class="pack" points="{outline}"/>']
    for x, y in (place.to_robot(p) for p in pack.modules.positions_mm) if pack.modules else ():
        w, h = pack.modules.size_mm[0] * scale, pack.modules.size_mm[1] * scale  # type: ignore[union-attr]
        px, py = at(x, y)
        parts.append(
            f'<rect class="module" x="{px - w / 2:.1f}" y="{py - h / 2:.1f}" width="{w:.1f}" height="{h:.1f}"/>'
        )
    parts += _path(run.path_mm, at)
    for name, point in pack.fastener_places().items():
        px, py = at(*place.to_robot(point))
        parts.append(f'<circle class="bolt" cx="{px:.1f}" cy="{py:.1f}" r="4"><title>{escape(name)}</title></circle>')
    named = {**{n: t.dock_mm for n, t in cell.spec.tools.items() if t.dock_mm}, **cell.spec.places}
    for name, (x, y, _) in named.items():
        px, py = at(x, y)
        anchor = "end" if px > WIDTH * 0.8 else "start"
        parts.append(f'<path class="place" d="M{px - 5:.1f} {py:.1f}h10M{px:.1f} {py - 5:.1f}v10"/>')
        parts.append(
            f'<text class="tick" style="text-anchor:{anchor}" x="{px:.1f}" y="{py - 8:.1f}">{escape(name)}</text>'
        )
    return svg(WIDTH, (y1 - y0) * scale, parts, f"tool path of seed {run.seed}")


def _path(path: Sequence[tuple[PoseMm, int]], at: object) -> list[str]:
    """One line for each stretch with the same tool."""
    assert callable(at)
    parts: list[str] = []
    stretch: list[str] = []
    for n, ((x, y, _), tool) in enumerate(path):
        stretch.append("{:.1f},{:.1f}".format(*at(x, y)))
        if n + 1 == len(path) or path[n + 1][1] != tool:
            parts.append(f'<polyline class="path tool{tool % 6}" points="{" ".join(stretch)}"/>')
            stretch = stretch[-1:]
    return parts


def bars(rows: Mapping[str, float], unit: str, most: float) -> str:
    """One horizontal bar for each row, against ``most``."""
    parts = []
    for n, (name, value) in enumerate(rows.items()):
        width = (WIDTH - LEFT - 220) * value / max(most, 1e-9)
        y = n * 22
        parts.append(
            f'<text x="{LEFT + 62}" y="{y + 16}" class="lane">{escape(name.replace("_", " "))}</text>'
            f'<rect class="bar" x="{LEFT + 70}" y="{y + 4}" width="{width:.1f}" height="14"/>'
            f'<text class="value" x="{LEFT + 76 + width:.1f}" y="{y + 16}">{value:.1f} {unit}</text>'
        )
    return svg(WIDTH, 22 * len(rows) + 6, parts, "bars")
