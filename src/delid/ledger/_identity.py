"""Who a battery is: its code, or a provisional identity that can be linked to a code later; modules and their pack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from delid.core import LedgerError, decode_battery_code

from ._entry import Entry
from ._ledger import Ledger
from ._payload import Photo
from ._payloads_pack import HandOver, IdentityConfirmed, IdentityLinked, Intake, ModuleOut, Provisional

PROVISIONAL = "P-"
"""Provisional identities begin so; no battery code has a hyphen."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a pack is, as far as its labels tell.

    Attributes:
        battery: the GB/T 34014 code, or the provisional identity.
        code_raw: the code as it was read.
        provisional: set where no code, or more than one, was read.
        labels: everything else that was read on it.
    """

    battery: str
    code_raw: str | None = None
    provisional: Provisional | None = None
    labels: tuple[str, ...] = ()


def battery_code(text: str, product: str = "pack") -> str | None:
    """The code in its one form (capital letters, no spaces); None where it is none, or of another product."""
    fields = decode_battery_code(text)
    if fields is None or product not in (fields["product"], fields.get("reused_as")):
        return None
    return "".join(text.split()).upper()


def identify(texts: Sequence[str], site: str, at: str, photo_sha256: str, why: str = "") -> Identity:
    """The identity that the texts read on a pack give: its code if there is exactly one, else a provisional one.

    Args:
        at: when the picture was taken, RFC 3339, UTC.
        photo_sha256: digest of the picture, which makes the provisional identity one of its own.
        why: why there is no code, where that is known.
    """
    codes = {code: text for text in texts if (code := battery_code(text)) is not None}
    labels = tuple(dict.fromkeys(text for text in texts if battery_code(text) is None))
    if len(codes) == 1:
        code, raw = next(iter(codes.items()))
        return Identity(code, raw, None, labels)
    if codes:
        why, labels = "codes of several packs were read", (*codes.values(), *labels)
    name = f"{PROVISIONAL}{site}-{_compact(at)}-{photo_sha256[:8]}"
    return Identity(name, None, Provisional(site=site, at=at, photo_sha256=photo_sha256, why=why), labels)


def _compact(at: str) -> str:
    return at.split(".")[0].rstrip("Z").replace("-", "").replace(":", "")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whether a battery is new here. ``doubts`` are other identities that share its picture or a label."""

    arrival: str
    earlier: int | None
    doubts: tuple[str, ...]


def arrival_of(ledger: Ledger, identity: Identity, photos: Iterable[Photo] = ()) -> Arrival:
    """Look for earlier intakes under any of the battery's identities, and for strangers that look like it."""
    family = ledger.family_of(identity.battery)
    own = {family.battery, *family.provisional, identity.battery}
    past = [entry for name in own for entry in ledger.entries_of(name, family=False)]
    intakes = [entry.seq for entry in past if entry.kind == Intake.kind]
    left = [entry.seq for entry in past if entry.kind == HandOver.kind]
    earlier = max(intakes, default=None)
    gone = earlier is not None and max(left, default=-1) > earlier
    arrival = "new" if earlier is None else "reentry" if gone else "still_here"
    return Arrival(arrival, earlier, _doubts(ledger, identity, photos, own))


def _doubts(ledger: Ledger, identity: Identity, photos: Iterable[Photo], own: set[str]) -> tuple[str, ...]:
    first = [identity.provisional.photo_sha256] if identity.provisional else []
    shared = [("photo", sha) for sha in dict.fromkeys([*first, *(photo.sha256 for photo in photos)])]
    shared += [("label", label) for label in identity.labels]
    found = []
    for word, value in shared:
        others = {e.battery for e in ledger.marked(f"{word}:{value}", limit=20) if e.kind == Intake.kind} - own
        shown = "the same picture" if word == "photo" else f"the label {value}"
        found += [f"{other} was taken in with {shown}" for other in sorted(others)]
    return tuple(found)


def intake_of(ledger: Ledger, identity: Identity, **said: object) -> Intake:
    """What an intake of this pack says; further fields of ``Intake`` as keywords."""
    photos = said.get("photos", ())
    assert isinstance(photos, tuple)
    found = arrival_of(ledger, identity, photos)
    return Intake.model_validate(
        {
            "site": ledger.site,
            "identity": "provisional" if identity.provisional else "code",
            "code_raw": identity.code_raw,
            "provisional": identity.provisional,
            "labels": identity.labels,
            "arrival": found.arrival,
            "earlier": found.earlier,
            "doubts": found.doubts,
            **said,
        }
    )


def confirm(ledger: Ledger, provisional: str, by: str, photos: tuple[Photo, ...] = ()) -> Entry:
    """A person (an id of ``Ledger.person``) confirms a provisional identity."""
    _must_be_provisional(ledger, provisional)
    return ledger.append(IdentityConfirmed(by=by, photos=photos), provisional)


def link(
    ledger: Ledger, provisional: str, code: str, reason: str, by: str | None = None, photos: tuple[Photo, ...] = ()
) -> Entry:
    """The code of a provisional pack is known now: from here on its entries stand under the code.

    Raises LedgerError ``ledger.identity`` where the code is none, the identity is linked already, or a pack with this
    code is here as well.
    """
    _must_be_provisional(ledger, provisional)
    battery = battery_code(code)
    if battery is None:
        raise _wrong(f"{code!r} is no GB/T 34014 code of a pack.", "Read the label again, letter by letter.")
    if (main := ledger.family_of(provisional).battery) != provisional:
        raise _wrong(f"{provisional} is linked to {main} already.", "Look at both packs.")
    there = arrival_of(ledger, Identity(battery, code))
    if there.arrival == "still_here":
        hint = "Two packs with one code: look at both labels, and report the code if both bear it."
        raise _wrong(f"a pack with the code {battery} is here, by entry {there.earlier}.", hint)
    return ledger.append(IdentityLinked(provisional=provisional, reason=reason, by=by, photos=photos), battery)


def module_identity(ledger: Ledger, parent: str, position: str, code: str | None = None) -> tuple[str, str]:
    """The identity of a module, and whether it is its ``code`` or ``derived`` from its pack.

    Raises LedgerError ``ledger.identity`` where a code is none of a module, or stands for a module of another pack.
    """
    if code is None:
        return f"{parent}/{position}", "derived"
    battery = battery_code(code, "module")
    if battery is None:
        raise _wrong(f"{code!r} is no GB/T 34014 code of a module.", "Read the label again, letter by letter.")
    before = [e for e in ledger.entries_of(battery, family=False) if e.kind == ModuleOut.kind]
    if before and before[-1].payload["parent"] != parent:
        words = f"the module {battery} came out of {before[-1].payload['parent']} by entry {before[-1].seq}."
        raise _wrong(words, "Look at the labels of both modules.")
    return battery, "code"


def _must_be_provisional(ledger: Ledger, provisional: str) -> None:
    known = ledger.entries_of(provisional, family=False)
    if not any(e.kind == Intake.kind and e.payload["identity"] == "provisional" for e in known):
        raise _wrong(f"there is no provisional identity {provisional}.", "delid ledger find P- lists them.")


def _wrong(words: str, hint: str) -> LedgerError:
    return LedgerError(words, hint=hint, code="ledger.identity")
