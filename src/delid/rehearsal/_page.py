"""A rehearsal, or two versions side by side, as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from ._rehearse import Figures, Rehearsal
from ._svg import bars, clock, histogram, time_line, tool_path

STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #f4f4f2; --card: #fff; --line: #d5d5d0; --quiet: #666;
  --robot: #5b7a99; --plc: #8a8a55; --camera: #7a6a94; --person: #b07d3c; --bad: #b3261e; --bar: #8fa3b5; }
@media (prefers-color-scheme: dark) { :root { --ink: #ddd; --paper: #1e1f21; --card: #27292c; --line: #44474b;
  --quiet: #9a9a9a; --bar: #5f7488; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; padding: 24px; }
main { max-width: 1500px; margin: auto; } h1 { font-size: 22px; } h2 { font-size: 17px; margin: 28px 0 8px; }
h3 { font-size: 15px; font-weight: 600; }
.sides { display: grid; gap: 20px; grid-template-columns: repeat(var(--n), 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 4px; padding: 12px 16px;
  min-width: 0; }
svg { width: 100%; height: auto; display: block; } table { border-collapse: collapse; width: 100%; }
td, th { padding: 3px 10px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
td:first-child, th:first-child { text-align: left; } .quiet { color: var(--quiet); } .words td { text-align: left; }
text { font: 12px system-ui, sans-serif; fill: var(--ink); } text.lane { text-anchor: end; }
text.tick { text-anchor: middle; fill: var(--quiet); }
.grid { stroke: var(--line); } .bar { fill: var(--bar); } .mark { stroke: var(--ink); stroke-dasharray: 4 3; }
.robot { fill: var(--robot); } .plc { fill: var(--plc); } .camera { fill: var(--camera); }
.person { fill: var(--person); }
.bad { fill: var(--bad); } .pack { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.module { fill: none; stroke: var(--line); } .bolt { fill: var(--card); stroke: var(--ink); }
.place { stroke: var(--ink); } .path { fill: none; stroke-width: 1.2; opacity: .8; stroke: var(--quiet); }
.tool1 { stroke: var(--robot); } .tool2 { stroke: var(--bad); } .tool3 { stroke: var(--person); }
.tool4 { stroke: var(--plc); } .tool5 { stroke: var(--camera); }
"""

Row = tuple[str, Callable[[Rehearsal], float], Callable[[float], str]]


def page(sides: Sequence[Rehearsal]) -> str:
    """The HTML text for one rehearsal, or for several side by side; the others are set against the first."""
    title = " and ".join(side.case.recipe.spec.recipe for side in sides)
    return "".join(
        [
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}: simulated</title>',
            f"<style>{STYLE}</style></head><body><main style='--n: {len(sides)}'>",
            f"<h1>Simulated: {escape(title)}</h1>",
            "<p>Runs of the real planner and engine against a simulated cell in virtual time. Failures, people's times "
            "and power are assumptions, listed at the end; energy is an estimate.</p>",
            _heads(sides),
            "<h2>In figures</h2>" + _figures(sides),
            "<h2>How long a run takes</h2>" + _each(sides, lambda side: histogram(*_spread(side, sides))),
            "<p class='quiet'>Number of runs by duration; the broken line is the run in which nothing fails.</p>",
            "<h2>Time line of the run of median duration</h2>" + _each(sides, lambda side: _line(side, sides)),
            "<h2>Way of the tool</h2>" + _each(sides, _path),
            "<h2>Energy by device</h2>" + _each(sides, lambda side: _devices(side, sides)),
            "<h2>Operations</h2>" + _each(sides, _operations),
            "<h2>What failed</h2>" + _each(sides, _failures),
            "<h2>What is taken for granted</h2>" + _assumptions(sides[0]),
            "</main></body></html>\n",
        ]
    )


def _each(sides: Sequence[Rehearsal], draw: Callable[[Rehearsal], str]) -> str:
    return f"<div class='sides'>{''.join(f'<section>{draw(side)}</section>' for side in sides)}</div>"


def _heads(sides: Sequence[Rehearsal]) -> str:
    return _each(sides, _head)


def _head(side: Rehearsal) -> str:
    recipe, case = side.case.recipe, side.case
    damage = ", ".join(f"{d.kind.value} {d.severity:g}" for d in case.damage) or "no damage"
    facts = (
        f"{recipe.document.path} ({recipe.sha256[:12]})",
        f"pack {case.pack.pack}, {damage}; cell {case.cell.spec.cell}",
        f"{len(side.runs)} runs, seeds {side.runs[0].seed} to {side.runs[-1].seed}",
    )
    lines = "".join(f"<div class='quiet'>{escape(fact)}</div>" for fact in facts)
    return f"<h3>{escape(recipe.spec.recipe)}: {escape(recipe.spec.title)}</h3>{lines}"


def _seconds(value: float) -> str:
    return f"{clock(value)} min"


def _wh(value: float) -> str:
    return f"{value:.0f} Wh"


def _plain(value: float) -> str:
    return f"{value:.2f}"


def _rows() -> Iterator[Row]:
    figures: tuple[tuple[str, Callable[[Figures], float]], ...] = (
        ("mean", lambda f: f.mean),
        ("standard deviation", lambda f: f.sd),
        ("5 % are shorter than", lambda f: f.p5),
        ("median", lambda f: f.median),
        ("5 % are longer than", lambda f: f.p95),
    )
    yield "done as the recipe says, share of runs", lambda side: side.good / len(side.runs), lambda v: f"{v:.1%}"
    yield "duration when nothing fails", lambda side: side.flawless.duration_s, _seconds
    for words, of in figures:
        yield f"duration, {words}", lambda side, of=of: of(side.duration_s), _seconds  # type: ignore[misc]
    yield "energy, mean", lambda side: side.energy_wh.mean, _wh
    yield "energy, 5th to 95th percentile, width", lambda side: side.energy_wh.p95 - side.energy_wh.p5, _wh
    yield "a person's time, mean", lambda side: side.person_s.mean, _seconds
    yield "questions in a run, mean", lambda side: side.questions, _plain
    yield "failures in a run, mean", lambda side: sum(side.failures.values()), _plain


def _figures(sides: Sequence[Rehearsal]) -> str:
    heads = "".join(f"<th>{escape(side.case.recipe.spec.recipe)}</th>" for side in sides)
    more = "<th>difference</th>" * (len(sides) - 1)
    lines = [f"<tr><th></th>{heads}{more}</tr>"]
    for words, of, show in _rows():
        values = [of(side) for side in sides]
        cells = "".join(f"<td>{show(v)}</td>" for v in values)
        apart = "".join(f"<td>{_difference(v, values[0], show)}</td>" for v in values[1:])
        lines.append(f"<tr><td>{escape(words)}</td>{cells}{apart}</tr>")
    return f"<section><table>{''.join(lines)}</table></section>"


def _difference(value: float, base: float, show: Callable[[float], str]) -> str:
    sign = "+" if value >= base else "−"
    share = f" ({(value - base) / base:+.1%})" if abs(base) > 1e-9 else ""
    return f"{sign}{show(abs(value - base))}{share}"


def _spread(side: Rehearsal, sides: Sequence[Rehearsal]) -> tuple[list[float], tuple[float, float], float]:
    everyone = [v for s in sides for v in (*(r.duration_s for r in s.runs), s.flawless.duration_s)]
    return [run.duration_s for run in side.runs], (min(everyone), max(everyone)), side.flawless.duration_s


def _line(side: Rehearsal, sides: Sequence[Rehearsal]) -> str:
    end_s = max(s.shown.duration_s for s in sides)
    legend = "red: failed. Hover over a bar for its step."
    words = f"seed {side.shown.seed}, {clock(side.shown.duration_s)} min, {escape(side.shown.outcome)}; {legend}"
    return f"{time_line(side.shown, end_s)}<p class='quiet'>{words}</p>"


def _path(side: Rehearsal) -> str:
    words = "From above, robot's frame; one colour for each tool, grey without a tool. Circles: fasteners."
    return f"{tool_path(side.shown, side.case.cell, side.case.pack)}<p class='quiet'>{words}</p>"


def _devices(side: Rehearsal, sides: Sequence[Rehearsal]) -> str:
    return bars(side.devices_wh, "Wh", max(v for s in sides for v in s.devices_wh.values()))


def _operations(side: Rehearsal) -> str:
    rows = "".join(
        f"<tr><td>{escape(o.operation)}</td><td>{o.planned_s:.0f} s</td><td>{o.mean_s:.0f} s</td>"
        f"<td>{o.mean_wh:.1f} Wh</td></tr>"
        for o in side.operations
    )
    head = "<tr><th>operation</th><th>planned</th><th>simulated, mean</th><th>energy, mean</th></tr>"
    return f"<table>{head}{rows}</table>"


def _failures(side: Rehearsal) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{often:.2f}</td></tr>" for name, often in side.failures.items())
    ends = "".join(f"<tr><td>{escape(name)}</td><td>{count}</td></tr>" for name, count in side.outcomes.items())
    return (
        f"<table><tr><th>failure</th><th>in a run, mean</th></tr>{rows or '<tr><td>none</td><td>0</td></tr>'}</table>"
        f"<table><tr><th>outcome</th><th>runs</th></tr>{ends}</table>"
    )


def _assumptions(side: Rehearsal) -> str:
    found = side.case.assumptions
    lines = [(f"{n}: chance", f"{f.chance:g}", f.source) for n, f in found.failures.items()]
    lines += [(n, f"{d.median_s:g} s, sigma {d.sigma:g}", d.source) for n, d in found.durations.items()]
    lines += [(f"{n}: power", f"{p.watts:g} W", p.source) for n, p in found.power.items()]
    seeing = found.seeing.model_dump(exclude={"source"})
    lines += [(f"seeing: {n}", f"{v:g}", found.seeing.source) for n, v in seeing.items()]
    rows = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td><td>{escape(c)}</td></tr>" for a, b, c in lines)
    return f"<section><table class='words'>{rows}</table></section>"
