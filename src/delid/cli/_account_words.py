"""Accounts and duties for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from delid.accounting import Account, AskedFor, DailyList, Due
from delid.config import Factor, FactorFile

BEFORE = {"handed_over": "it is handed over", "dismantled": "it is taken apart", "left_storage": "it leaves the store"}


def footprint_lines(account: Account) -> list[str]:
    """The figure, what it is made of, and what may be avoided, apart."""
    figure, saved = account.footprint, account.avoided
    low, high = _short(figure.low_kgco2e), _short(figure.high_kgco2e)
    lines = [
        f"{account.battery}: {_short(figure.kgco2e.value)} kg CO2e ({low} to {high}), {_short(figure.kwh.value)} kWh",
        *(
            f"  {line.about}: {line.amount.value:.4g} {line.unit}"
            + (f", {line.kgco2e.value:.3g} kg CO2e" if line.kgco2e else "")
            + ("" if line.counted else f" ({line.rule if line.origin == 'meter' else 'not counted'})")
            for line in figure.lines
        ),
        "by step:",
        *(f"  {s.step}: {s.kwh:.4g} kWh" for s in figure.steps),
    ]
    lines += [f"not counted: {line}" for line in figure.not_counted]
    lines += [f"note: {note}" for note in figure.notes]
    lines.append(
        f"may be avoided elsewhere, apart from it: {_short(saved.low_kgco2e)} to {_short(saved.high_kgco2e)} kg CO2e"
    )
    lines += [
        f"  {one.kind}: {one.amount.value:.3g} {one.unit} of {one.of}, up to {_short(one.high_kgco2e)} kg CO2e"
        for one in saved.lines
    ]
    return lines + [f"  not counted: {line}" for line in saved.not_counted]


def _short(number: float) -> str:
    """Three figures, and no power of ten for what a person can read."""
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def material_lines(account: Account) -> list[str]:
    """Balance, recovery, routes, and what goes against a rule."""
    balance, recovered = account.balance, account.recovery
    lines = [f"{account.battery}: mass balance {balance.verdict}"]
    for output in account.given.outputs:
        mass = f"{output.weight.kg:g} kg" if output.weight else "not weighed"
        goes = " ".join(word for word in (output.goes, output.use, output.to) if word) or "destination not recorded"
        lines.append(f"  {output.kind} x{output.count}: {mass}, {goes}")
    if balance.rest is not None and balance.mass_in is not None and balance.tolerance_kg is not None:
        lines.append(
            f"  in {balance.mass_in.value:g} kg, out {balance.mass_out.value:g} kg, rest {balance.rest.value:.3g} kg "
            f"(+/- {2 * balance.rest.sigma:.2g}), tolerance {balance.tolerance_kg:.3g} kg"
        )
    lines += [f"  {reason}" for reason in balance.reasons]
    if recovered.share is not None:
        lines.append(f"recovery {recovered.share:.1%} ({recovered.low:.1%} to {recovered.high:.1%})")
    lines += [f"  {goes}: {kg:g} kg" for goes, kg in recovered.kg]
    for route in account.routes:
        lines.append(f"route of {route.kind}: {'; '.join(route.reasons)}")
        lines += [f"  {'allowed' if u.allowed else 'REFUSED'}: {u.title}, {u.why} ({u.source})" for u in route.uses]
    return lines + [f"REFUSED: entry {r.entry}, {r.kind}: {r.what}, {r.why} ({r.source})" for r in account.refused]


def factor_lines(table: FactorFile) -> list[str]:
    lines = [f"{table.factors}, version {table.version}"]
    for name, rows in (("emission", table.emission), ("conversion", table.conversion), ("avoided", table.avoided)):
        lines += [f"{name}:", *(_factor(row) for row in rows)]
    return lines


def _factor(row: Factor) -> str:
    return f"  {row.key}: {row.value:g} +/- {row.sigma:.2g} {row.unit} [{row.status}] {row.source}"


def due_lines(found: Sequence[Due]) -> list[str]:
    if not found:
        return ["Nothing is due."]
    return [_due(one) for one in found]


def _due(one: Due) -> str:
    whose = one.battery or f"site {one.period}".strip()
    by = f"by {one.until}" if one.until and one.before is None else f"before {BEFORE.get(one.before or '', one.before)}"
    done = f", done {one.done}" if one.done else ""
    return f"{one.status.upper():9} {whose}: {one.what}, {by}{done} ({one.source})"


def daily_lines(found: DailyList) -> list[str]:
    head = f"{found.day}: " + ("passed" if found.passed else "not passed")
    signed = f"signed by {found.signed_by}, entry {found.entry}" if found.signed_by else "not signed"
    return [
        f"{head}, {signed}",
        *(f"  {'ok  ' if not i.wrong else 'OPEN'} {i.item}: {i.wrong or 'no fault'}" for i in found.lines),
    ]


def asked_lines(found: Iterable[AskedFor]) -> list[str]:
    lines = []
    for row in found:
        newest = f", newest {row.newest}" if row.newest else ""
        lines.append(f"{'ok  ' if row.shown else 'OPEN'} {row.record}: {row.what}: {row.words}{newest} ({row.source})")
        lines += [f"     lacks: {battery}" for battery in row.missing]
    return lines
