"""Entries about the site and the ledger itself: its keys, self-inspections, reports, legal holds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ._payload import Payload, Sha256, Text
from ._payloads_pack import JudgementItem

PublicKeyHex = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
SignatureHex = Annotated[str, Field(pattern="^[0-9a-f]{128}$")]

KeyReason = Literal["routine", "lost", "compromised"]


class LedgerBegun(Payload):
    """The first entry. It names the ledger and the first key that may sign it."""

    kind: ClassVar[str] = "ledger"
    ledger: Text
    """Name that no other ledger has."""
    site: Text
    key: Text
    """Id of the key: the first 16 hex digits of the SHA-256 of the public key."""
    public_key: PublicKeyHex
    """Ed25519, 32 bytes."""
    delid: Text = ""

    def marks(self) -> tuple[str, ...]:
        return ("kind:ledger", "kind:key")


class KeyChanged(Payload):
    """From here on another key signs. The key before it vouches for it."""

    kind: ClassVar[str] = "key"
    key: Text
    public_key: PublicKeyHex
    previous: Text
    reason: KeyReason = "routine"
    endorsement: SignatureHex | None = None
    """Signature of the previous key; without it (the key was lost) a verifier must be told of the new key apart."""
    by: Text | None = None

    def marks(self) -> tuple[str, ...]:
        return ("kind:key",)


class SelfInspection(Payload):
    """The daily list of a site, with photos and sign-off."""

    kind: ClassVar[str] = "self_inspection"
    site: Text
    day: Text
    """ISO date."""
    items: tuple[JudgementItem, ...]
    rule: Text | None = None
    by: Text

    def marks(self) -> tuple[str, ...]:
        photos = (f"photo:{photo.sha256}" for item in self.items for photo in item.photos)
        return ("kind:self_inspection", f"day:{self.day}", *dict.fromkeys(photos))


class ReportMade(Payload):
    """A report that a rule asks for was made."""

    kind: ClassVar[str] = "report"
    report: Text
    """Id of the duty in the rules of the region."""
    rule: Text
    period: Text | None = None
    reference: Text | None = None
    """The authority's receipt."""
    by: Text

    def marks(self) -> tuple[str, ...]:
        return ("kind:report", f"report:{self.report}")


class LegalHold(Payload):
    """Nothing about the battery may be deleted or forgotten while a hold is on."""

    kind: ClassVar[str] = "legal_hold"
    on: bool
    reason: Text
    by: Text

    def marks(self) -> tuple[str, ...]:
        return ("kind:legal_hold",)


class Erased(Payload):
    """Pictures and names that the site's rules of retention let go. What the entries say of them stays."""

    kind: ClassVar[str] = "erased"
    photos: tuple[Sha256, ...] = ()
    """Digests of the pictures."""
    people: tuple[Text, ...] = ()
    """Ids of people whose names were forgotten."""
    rule: Text
    by: Text

    def marks(self) -> tuple[str, ...]:
        return ("kind:erased",)
