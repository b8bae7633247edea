"""``delid ledger``: verify, prove and export the batteries' ledger, and look after its keys. Wiring only."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from delid.core import UsageError
from delid.ledger import (
    Entry,
    Ledger,
    PublicKey,
    SigningKey,
    Terms,
    Verdict,
    export_ledger,
    public_path,
    read_roots,
    read_seen,
    remember,
    verify_export,
    verify_ledger,
)

from ._ledger_admin import add_admin

ledger_app = typer.Typer(no_args_is_help=True, help="The batteries' record: verify, prove, export; keys.")
add_admin(ledger_app)

NO = 1
"""Exit code of ``verify`` when something was changed."""
Place = Annotated[str, typer.Argument(metavar="FILE|URL", help="SQLite file or URL of a ledger.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="File of the signing key.")]


@ledger_app.command()
def verify(
    place: Annotated[str, typer.Argument(metavar="FILE|URL", help="An export, or a ledger.", show_default=False)],
    key: Annotated[Path | None, typer.Option(help="Public key that must have signed (PEM).")] = None,
    remember_in: Annotated[
        Path | None, typer.Option("--remember", help="File that notes what was verified; older is refused.")
    ] = None,
    challenge: Annotated[str, typer.Option(help="Word that the export's seal must hold.")] = "",
    tsa: Annotated[Path | None, typer.Option(help="Root certificate that time stamps must lead to (PEM).")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read the inside of every payload as well.")] = False,
    json: Json = False,
) -> None:
    """Verify an export or a ledger, offline. Exit code 0: nothing was changed. 1: something was, and it says where."""
    seen = read_seen(remember_in) if remember_in else {}
    terms = Terms(PublicKey.read(key) if key else None, seen, challenge, read_roots(tsa))
    if _is_export(place):
        if key is None:
            raise UsageError("an export is verified with the owner's public key.", hint="Name it: --key FILE.")
        verdict = verify_export(place, terms, deep=deep)
    else:
        if challenge:
            raise UsageError("only an export has a seal that answers a challenge.")
        verdict = verify_ledger(place, terms, deep=deep)
    if verdict.ok and remember_in:
        remember(remember_in, verdict)
    typer.echo(jsonlib.dumps(_facts(verdict), ensure_ascii=False, indent=2) if json else _words(verdict))
    if not verdict.ok:
        raise typer.Exit(NO)


@ledger_app.command()
def export(
    place: Place,
    out: Annotated[Path, typer.Argument(help="A new file (.jsonl).", show_default=False)],
    battery: Annotated[str | None, typer.Option(help="Only this battery's entries, with proofs.")] = None,
    key: KeyFile = None,
    challenge: Annotated[str, typer.Option(help="The asker's own word, for the seal.")] = "",
    since: Annotated[int | None, typer.Option(help="Size that the reader has verified before.")] = None,
    json: Json = False,
) -> None:
    """Write everything, or one battery's entries with the proof that they are in the ledger, into a file."""
    with Ledger.open(place) as ledger:
        signing = SigningKey.read(key) if key else None
        made = export_ledger(ledger, out, battery=battery, key=signing, challenge=challenge, since=since)
    if json:
        facts = {"file": str(out), "entries": made.entries, "size": made.size, "unsigned": made.unsigned}
        typer.echo(jsonlib.dumps({**facts, "sealed": made.sealed}))
        return
    typer.echo(f"{out}: {made.entries} entries, signed with {made.size}{', sealed' if made.sealed else ''}")
    if made.unsigned:
        typer.echo(f"{made.unsigned} newer entries are not signed yet and are not in it", err=True)


@ledger_app.command()
def prove(
    place: Place,
    battery: Annotated[str, typer.Argument(help="Identity of the battery.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="A new file (.jsonl).", show_default=False)],
    key: KeyFile = None,
    challenge: Annotated[str, typer.Option(help="The asker's own word, for the seal.")] = "",
    since: Annotated[int | None, typer.Option(help="Size that the reader has verified before.")] = None,
    json: Json = False,
) -> None:
    """Prove one battery's entries, without showing the others: the same as export --battery."""
    export(place, out, battery, key, challenge, since, json)


@ledger_app.command()
def show(
    place: Place,
    battery: Annotated[str, typer.Argument(help="Identity of the battery.", show_default=False)],
    json: Json = False,
) -> None:
    """Show a battery's entries: its own, those of its earlier identities, and those of its modules."""
    with Ledger.open(place) as ledger:
        found, names = ledger.entries_of(battery), ledger.names()
    if not found:
        raise UsageError(f"there is nothing about {battery}.", hint="delid ledger find lists batteries.")
    if json:
        typer.echo(jsonlib.dumps([dict(entry.content) for entry in found], ensure_ascii=False, indent=2))
        return
    for entry in found:
        typer.echo(_line(entry, names))


@ledger_app.command()
def find(
    place: Place,
    words: Annotated[str, typer.Argument(help="How identity, label, run, place or receiver begin.")] = "",
    limit: Annotated[int, typer.Option(help="So many at most.")] = 50,
    json: Json = False,
) -> None:
    """List batteries, the newest first."""
    with Ledger.open(place) as ledger:
        found = ledger.find(words, limit)
    if json:
        names = ("battery", "entries", "first_at", "last_at", "last_kind")
        typer.echo(jsonlib.dumps([{name: getattr(s, name) for name in names} for s in found], indent=2))
        return
    for summary in found:
        typer.echo(f"{summary.battery:<40} {summary.entries:>5} entries, last {summary.last_kind} at {summary.last_at}")


@ledger_app.command()
def checkpoint(
    place: Place,
    key: Annotated[Path, typer.Option("--key", help="File of the signing key.", show_default=False)],
    json: Json = False,
) -> None:
    """Sign everything that is written so far."""
    with Ledger.open(place) as ledger:
        made = ledger.checkpoint(SigningKey.read(key))
    typer.echo(
        jsonlib.dumps(dict(made.content))
        if json
        else f"{made.size} entries are signed by {made.key}, root {made.root.hex()}"
    )


@ledger_app.command()
def init(
    place: Place,
    site: Annotated[str, typer.Option(help="Name of the site.", show_default=False)],
    key: Annotated[Path, typer.Option("--key", help="Key file; made if it is not there.", show_default=False)],
) -> None:
    """Make a new ledger, and its key if there is none yet."""
    signing = SigningKey.read(key) if key.exists() else SigningKey.create(key)
    with Ledger.begin(place, site, signing.public) as ledger:
        ledger.checkpoint(signing)
        typer.echo(f"{ledger.name} begins; its key is {signing.public.id}")
    typer.echo(f"give {public_path(key)} to whoever shall verify, in a way that cannot be tampered with")


def _is_export(place: str) -> bool:
    if "://" in place:
        return False
    try:
        with Path(place).open("rb") as file:
            return not file.read(16).startswith(b"SQLite format 3\0")
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error}") from error


def _facts(verdict: Verdict) -> dict[str, Any]:
    names = ("what", "ledger", "battery", "entries", "signed", "signed_at", "key", "trusted", "sealed", "notes")
    findings = [{"where": f.where, "why": f.why, "seq": f.seq, "until": f.until} for f in verdict.findings]
    return {"ok": verdict.ok, **{name: getattr(verdict, name) for name in names}, "findings": findings}


def _words(verdict: Verdict) -> str:
    lines = [str(finding) for finding in verdict.findings]
    if verdict.ok:
        about = f" about {verdict.battery}" if verdict.battery else ""
        lines.append(f"verified: {verdict.entries} entries{about} of {verdict.ledger}")
        lines.append(f"signed up to entry {verdict.signed - 1} by the key {verdict.key} at {verdict.signed_at}")
    else:
        lines.append("NOT verified: something is not as it was written")
    return "\n".join([*lines, *(f"note: {note}" for note in verdict.notes)])


def _line(entry: Entry, names: dict[str, str]) -> str:
    said = {name: value for name, value in entry.payload.items() if value not in ("", None, [], {})}
    if "by" in said:
        said["by"] = names.get(said["by"], said["by"])
    return f"{entry.seq:>7} {entry.at} {entry.kind:<18} {jsonlib.dumps(said, ensure_ascii=False)}"
