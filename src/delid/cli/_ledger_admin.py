"""``delid ledger``: keys, identities, moving from one database to another."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Annotated

import typer

from delid.core import LedgerError, UsageError
from delid.ledger import (
    Ledger,
    PublicKey,
    SigningKey,
    add_stamp,
    confirm,
    copy_ledger,
    link,
    open_engine,
    public_path,
    read_roots,
    stamp_request,
    upgrade,
)

STAMP_TIMEOUT_S = 30.0
LONGEST_STAMP = 1 << 20
keys_app = typer.Typer(no_args_is_help=True, help="Signing keys: make, show, change.")
Place = Annotated[str, typer.Argument(metavar="FILE|URL", help="SQLite file or URL of a ledger.", show_default=False)]
By = Annotated[str, typer.Option(help="Who does it.", show_default=False)]


def add_admin(app: typer.Typer) -> None:
    """Add these commands to ``delid ledger``."""
    app.add_typer(keys_app, name="keys")
    app.command("link")(link_identity)
    app.command("confirm")(confirm_identity)
    app.command("stamp")(stamp)
    app.command("migrate")(migrate)
    app.command("upgrade")(upgrade_schema)


@keys_app.command()
def new(file: Annotated[Path, typer.Argument(help="A new file.", show_default=False)]) -> None:
    """Make a key: the file signs and stays here, FILE.pub verifies and goes to whoever shall verify."""
    made = SigningKey.create(file)
    typer.echo(f"{file}: key {made.public.id}; {public_path(file)} is its public half")


@keys_app.command()
def show(place: Place) -> None:
    """Say which key signs the ledger, and which ones did before."""
    with Ledger.open(place) as ledger:
        for entry in reversed(ledger.marked("kind:key")):
            said = entry.payload
            why = f", {said['reason']}, after {said['previous']}" if "previous" in said else ""
            typer.echo(f"{said['key']} since entry {entry.seq} ({entry.at}){why}")
        typer.echo(ledger.key_in_force().pem().decode().strip())


@keys_app.command()
def rotate(
    place: Place,
    new_key: Annotated[Path, typer.Option("--new", help="The new key's file.", show_default=False)],
    by: By,
    old: Annotated[Path | None, typer.Option(help="The old key's file; it vouches for the new one.")] = None,
    reason: Annotated[str, typer.Option(help="routine, lost or compromised.")] = "routine",
) -> None:
    """From now on another key signs; a checkpoint by the old one is refused."""
    if reason not in ("routine", "lost", "compromised"):
        raise UsageError(f"{reason} is no reason.", hint="Say routine, lost or compromised.")
    signing = SigningKey.read(new_key)
    with Ledger.open(place) as ledger:
        vouching = SigningKey.read(old) if old else None
        ledger.rotate(signing.public, vouching, ledger.person(by), reason)  # type: ignore[arg-type]
        ledger.checkpoint(signing)
    typer.echo(f"the key {signing.public.id} signs from now on; give {public_path(new_key)} to whoever shall verify")


def link_identity(
    place: Place,
    provisional: Annotated[str, typer.Argument(help="Provisional identity.", show_default=False)],
    code: Annotated[str, typer.Argument(help="GB/T 34014 code.", show_default=False)],
    reason: Annotated[str, typer.Option(help="How the code became known.", show_default=False)],
    by: By,
) -> None:
    """The code of a pack with a provisional identity is known now."""
    with Ledger.open(place) as ledger:
        entry = link(ledger, provisional, code, reason, ledger.person(by))
    typer.echo(f"{provisional} is {entry.battery} from entry {entry.seq} on")


def confirm_identity(
    place: Place, provisional: Annotated[str, typer.Argument(help="Provisional identity.", show_default=False)], by: By
) -> None:
    """A person looked: this is the pack of the provisional identity, and its code cannot be read."""
    with Ledger.open(place) as ledger:
        entry = confirm(ledger, provisional, ledger.person(by))
    typer.echo(f"{provisional} is confirmed by entry {entry.seq}")


def stamp(
    place: Place,
    url: Annotated[str, typer.Option(help="Address of a time stamp authority (RFC 3161).", show_default=False)],
    tsa: Annotated[Path, typer.Option(help="The authority's root certificate (PEM).", show_default=False)],
) -> None:
    """Have the newest checkpoint stamped by somebody else, who knows nothing of it but its digest."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url} is no address.", hint="Give one that begins with https:// or http://.")
    with Ledger.open(place) as ledger:
        signed = ledger.checkpoints()
        if not signed:
            raise UsageError("nothing is signed yet.", hint="Run: delid ledger checkpoint")
        asked = urllib.request.Request(url, stamp_request(signed[-1]), {"Content-Type": "application/timestamp-query"})
        try:
            with urllib.request.urlopen(asked, timeout=STAMP_TIMEOUT_S) as answer:
                token = answer.read(LONGEST_STAMP)
        except OSError as error:
            raise LedgerError(f"{url} does not answer: {error}.", hint="Try again.", code="ledger.stamp") from error
        when = add_stamp(ledger, signed[-1], url, token, read_roots(tsa))
    typer.echo(f"{signed[-1].size} entries were there at {when.isoformat()}, says {url}")


def migrate(
    place: Place,
    to: Annotated[str, typer.Argument(metavar="TO", help="A new file or an empty database.", show_default=False)],
    key: Annotated[Path | None, typer.Option(help="Public key that must have signed.")] = None,
) -> None:
    """Copy a ledger, byte by byte, for example from SQLite to PostgreSQL; every proof stays good."""
    count = copy_ledger(place, to, PublicKey.read(key) if key else None)
    typer.echo(f"{to}: {count} entries, verified")


def upgrade_schema(place: Place) -> None:
    """Bring the tables up to this version of delid; entries stay as they are."""
    engine = open_engine(place)
    upgrade(engine)
    engine.dispose()
    typer.echo(f"{place} is up to date")
