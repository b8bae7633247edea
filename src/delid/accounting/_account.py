"""The account of one battery: energy and carbon, materials and routes, what may be avoided, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from delid.core import UsageError, from_plain, to_plain

from ._avoided import Avoided, avoided
from ._facts import BatteryFacts, EntryLike
from ._footprint import Footprint, footprint
from ._materials import MassBalance, Recovery, mass_balance, recovery, weighed
from ._read import facts_of
from ._routes import Refused, RouteProposal, proposals, refusals
from ._tables import Tables, digest

FORMAT = "delid-account/1"


@dataclass(frozen=True, slots=True)
class PartShare:
    """One part's share of the figure, by the co-product rule of the site."""

    entry: int
    kind: str
    share: float
    kgco2e: float


@dataclass(frozen=True, slots=True)
class Account:
    """All results for one battery.

    Attributes:
        given: the facts it was made from; with ``tables`` they are enough to make it again.
        tables: the tables, as plain data.
    """

    battery: str
    footprint: Footprint
    parts: tuple[PartShare, ...]
    parts_rule: str
    avoided: Avoided
    balance: MassBalance
    recovery: Recovery
    routes: tuple[RouteProposal, ...]
    refused: tuple[Refused, ...]
    given: BatteryFacts
    tables: Mapping[str, Any]
    format: str = FORMAT

    @property
    def is_in_order(self) -> bool:
        """True where the masses add up and nothing went where it must not."""
        return self.balance.verdict == "closed" and not self.refused

    def plain(self) -> dict[str, Any]:
        """As JSON data, with a digest over it."""
        plain: dict[str, Any] = to_plain(self)
        return plain | {"sha256": digest(plain)}


def battery_account(entries: Iterable[EntryLike], battery: str, tables: Tables) -> Account:
    """The account of ``battery`` from the entries of its record; raises UsageError where none is about it."""
    return account_of(facts_of(entries, battery, tables.site.meters, tables.packs), tables)


def account_of(facts: BatteryFacts, tables: Tables) -> Account:
    """The account from facts."""
    site = tables.site
    figure, refused = footprint(facts, tables), refusals(facts, tables.uses, site.region)
    return Account(
        facts.battery, figure, _parts(facts, tables, figure.kgco2e.value), site.co_products.source,
        avoided(facts, tables, (one.entry for one in refused)), mass_balance(facts, site.mass, site.coverage),
        recovery(facts, site.mass, site.coverage), proposals(facts, tables.uses, site.region),
        refused, facts, tables.plain(),
    )  # fmt: skip


def recompute(plain: Mapping[str, Any]) -> Account:
    """Make an account again from what an earlier one holds, and from nothing else.

    Raises UsageError where ``plain`` is no account, or where its results are not those that its facts and tables give.
    """
    hint = "Make the account again from the record: this file was changed, or another version wrote it."
    try:
        facts = from_plain(BatteryFacts, plain["given"])
        account = account_of(facts, Tables.from_plain(plain["tables"]))
        again = account.plain()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError("this is not an account that can be made again.", hint=hint, code="usage.account") from error
    different = sorted(key for key in again.keys() | plain.keys() if again.get(key) != plain.get(key))
    if different:
        words = f"the account of {account.battery} does not follow from its own facts: {', '.join(different)} differ."
        raise UsageError(words, hint=hint, code="usage.account")
    return account


def _parts(facts: BatteryFacts, tables: Tables, kgco2e: float) -> tuple[PartShare, ...]:
    """The figure split by mass, where the site asks for it and every part was weighed."""
    outputs = facts.outputs
    if tables.site.co_products.rule != "mass" or not outputs or any(o.weight is None for o in outputs):
        return ()
    masses = [weighed(o.weight, tables.site.mass).value for o in outputs if o.weight]
    whole = sum(masses)
    if whole <= 0:
        return ()
    return tuple(
        PartShare(o.entry, o.kind, kg / whole, kgco2e * kg / whole) for o, kg in zip(outputs, masses, strict=True)
    )
