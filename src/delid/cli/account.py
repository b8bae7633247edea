"""``delid account``: energy and carbon, materials and routes, and what is due, from a battery's record. Wiring only."""

from __future__ import annotations

import datetime as dt
import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.accounting import (
    Account,
    Tables,
    asked_for,
    battery_account,
    check_note,
    daily_list,
    due_list,
    recompute,
)
from delid.config import RegionRules, load_accounting, load_pack, load_rules
from delid.core import SystemClock, UsageError, to_plain

from ._account_acts import note, out, report, sign, site_record
from ._account_moves import hand_over, store
from ._account_words import asked_lines, daily_lines, due_lines, factor_lines, footprint_lines, material_lines
from ._outcome import Exit, errors_end_it, print_json
from ._record_source import entries_for_duties, entries_of

account_app = typer.Typer(no_args_is_help=True, help="Energy, carbon, materials and duties, from a battery's record.")

TABLES, PACKS, RULES = Path("cell_configs/accounting"), Path("cell_configs/packs"), Path("cell_configs/compliance")

Source = Annotated[str, typer.Argument(metavar="LEDGER", help="A ledger (file or URL), or an export of one.")]
Battery = Annotated[str, typer.Argument(metavar="BATTERY", help="Its identity.")]
TablesAt = Annotated[Path, typer.Option("--tables", help="Folder of factors.yaml, site.yaml and uses.yaml.")]
PacksAt = Annotated[Path, typer.Option("--packs", help="Folder of pack files.")]
Region = Annotated[str, typer.Option("--region", help="Region, a file of cell_configs/compliance.")]
RulesAt = Annotated[Path | None, typer.Option("--rules", help="Another file of rules than that of the region.")]
Json = Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")]
Roles = Annotated[list[str], typer.Option("--role", help="outlet, reuse, recycler; several are possible.")]
Day = Annotated[str | None, typer.Option(help="ISO date; today if not given.")]


@account_app.command()
def footprint(
    ledger: Source, battery: Battery, tables: TablesAt = TABLES, packs: PacksAt = PACKS, json: Json = False
) -> None:
    """Energy and greenhouse gases of a battery's stay, with their range, and apart from it what may be avoided."""
    with errors_end_it(json):
        found = _account(ledger, battery, tables, packs)
    _show(found.plain(), footprint_lines(found), json)


@account_app.command()
def materials(
    ledger: Source, battery: Battery, tables: TablesAt = TABLES, packs: PacksAt = PACKS, json: Json = False
) -> None:
    """What came out of a battery, and where it goes. Ends with 1 where masses do not add up or a rule forbids a use."""
    with errors_end_it(json):
        found = _account(ledger, battery, tables, packs)
    _show(found.plain(), material_lines(found), json)
    if not found.is_in_order:
        raise typer.Exit(Exit.NO)


@account_app.command("recompute")
def recompute_account(
    account: Annotated[Path, typer.Argument(help="What `delid account footprint --json` printed.")], json: Json = False
) -> None:
    """Make an account again from the facts and tables that it holds. Ends with 2 where anything of it differs."""
    with errors_end_it(json):
        found = recompute(_read(account))
    figure = found.footprint.kgco2e.value
    _show(
        {"battery": found.battery, "same": True},
        [f"{found.battery}: {figure:.4g} kg CO2e again, nothing differs"],
        json,
    )


@account_app.command()
def check(ledger: Source, battery: Battery, json: Json = False) -> None:
    """Make the account that is noted in a record again, from the record alone. Ends with 1 where anything differs."""
    with errors_end_it(json):
        found = check_note(entries_of(ledger, battery), battery)
    words = "follows from the entries before it" if found.same else "DOES NOT follow from the entries before it"
    figure = f"{found.said.get('figure')} kg CO2e noted, {found.account.footprint.kgco2e.value} kg CO2e again"
    plain = {"entry": found.entry, "same": found.same, "account": found.account.plain()}
    _show(plain, [f"{found.account.battery}, entry {found.entry}: {words}; {figure}"], json)
    if not found.same:
        raise typer.Exit(Exit.NO)


@account_app.command()
def factors(tables: TablesAt = TABLES, json: Json = False) -> None:
    """The factor table, each number with its uncertainty and its source."""
    with errors_end_it(json):
        table = load_accounting(tables).factors
    _show(table.model_dump(mode="json", exclude_none=True), factor_lines(table), json)


@account_app.command()
def due(
    ledger: Source,
    region: Region = "cn",
    rules: RulesAt = None,
    role: Roles = [],  # noqa: B006  typer makes a list of its own for each call
    battery: Annotated[str | None, typer.Option(help="Of this battery only.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was done in time.")] = False,
    day: Day = None,
    json: Json = False,
) -> None:
    """What is due by the rules of a region, and by when. Ends with 1 where something is overdue."""
    with errors_end_it(json):
        table = _rules(region, rules)
        told = entries_of(ledger, battery) if battery else entries_for_duties(ledger)
        found = due_list(told, table, _noon(day, table), role)
        found = tuple(one for one in found if battery is None or one.battery == battery)
    shown = [one for one in found if everything or one.status != "done"]
    _show({"rules": table.rules, "version": table.version, "due": to_plain(shown)}, due_lines(shown), json)
    if any(one.status == "overdue" for one in found):
        raise typer.Exit(Exit.NO)


@account_app.command()
def daily(ledger: Source, region: Region = "cn", rules: RulesAt = None, day: Day = None, json: Json = False) -> None:
    """The self-inspection of a day, item by item. Ends with 1 where it is not passed."""
    with errors_end_it(json):
        table = _rules(region, rules)
        found = daily_list(entries_for_duties(ledger), table, day or _today(table))
    _show(to_plain(found), daily_lines(found), json)
    if not found.passed:
        raise typer.Exit(Exit.NO)


@account_app.command()
def outlet(
    ledger: Source,
    region: Region = "cn",
    rules: RulesAt = None,
    role: Roles = [],  # noqa: B006
    json: Json = False,
) -> None:
    """What an inspection of the outlet would ask for. Ends with 1 where something of it cannot be shown."""
    with errors_end_it(json):
        table = _rules(region, rules)
        found = asked_for(entries_for_duties(ledger), table, SystemClock().wall_s(), role)
    _show({"rules": table.rules, "asked": to_plain(found)}, asked_lines(found), json)
    if not all(row.shown for row in found):
        raise typer.Exit(Exit.NO)


account_app.command("hand-over")(hand_over)
account_app.command("note")(note)
account_app.command("out")(out)
account_app.command("sign")(sign)
account_app.command("report")(report)
account_app.command("site")(site_record)
account_app.command("store")(store)


def _account(source: str, battery: str, tables: Path, packs: Path) -> Account:
    files = [load_pack(path) for path in sorted(packs.glob("*.yaml"))]
    return battery_account(entries_of(source, battery), battery, Tables.of(load_accounting(tables), files))


def _rules(region: str, path: Path | None) -> RegionRules:
    if path is None and not (RULES / f"{region}.yaml").is_file():
        known = ", ".join(sorted(file.stem for file in RULES.glob("*.yaml"))) or "none here"
        raise UsageError(
            f"there are no rules of {region!r} in {RULES}.", hint=f"Known are: {known}. Or name --rules FILE."
        )
    return load_rules(path or RULES / f"{region}.yaml")


def _noon(day: str | None, rules: RegionRules) -> float:
    """Now, or the middle of a day of the region."""
    if day is None:
        return SystemClock().wall_s()
    try:
        date = dt.date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"{day!r} is no date.", hint="Write it as 2026-11-22.", code="usage.date") from error
    middle = dt.datetime(date.year, date.month, date.day, 12, tzinfo=dt.UTC)
    return middle.timestamp() - 3600 * rules.utc_offset_h


def _today(rules: RegionRules) -> str:
    now = dt.datetime.fromtimestamp(SystemClock().wall_s(), dt.UTC)
    return (now + dt.timedelta(hours=rules.utc_offset_h)).date().isoformat()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = jsonlib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}", code="usage.account") from error
    return found if isinstance(found, dict) else {}


def _show(plain: dict[str, Any], lines: list[str], json: bool) -> None:
    if json:
        print_json(plain)
        return
    for line in lines:
        typer.echo(line)
