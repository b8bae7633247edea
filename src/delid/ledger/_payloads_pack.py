"""Entries about a battery: who it is, how it was judged, what came out of it, where it went."""

from __future__ import annotations

from typing import ClassVar, Literal

from delid.core import HazardClass

from ._payload import Mass, Part, Payload, Photo, Quantity, Sha256, Text, photo_marks


class Provisional(Part):
    """The identity of a pack without a readable code: where and when it was first seen, and the picture of it."""

    site: Text
    at: Text
    """Time of the picture, RFC 3339, UTC."""
    photo_sha256: Sha256
    why: Text = ""
    """Why no code was read."""


class Intake(Payload):
    """A battery comes in, and its identity is fixed: it is the entry's ``battery``."""

    kind: ClassVar[str] = "intake"
    site: Text
    identity: Literal["code", "provisional"]
    code_raw: Text | None = None
    """The code as it was read, letter by letter."""
    provisional: Provisional | None = None
    confirmed_by: Text | None = None
    """The person who confirmed a provisional identity at once."""
    arrival: Literal["new", "reentry", "still_here"] = "new"
    """``reentry``: it was handed over before. ``still_here``: it was taken in before and never left."""
    earlier: int | None = None
    """Number of the entry that shows the earlier intake."""
    doubts: tuple[Text, ...] = ()
    """What speaks against the identity: the same picture or label under another one."""
    received_from: Text | None = None
    document: Text | None = None
    model: Text | None = None
    """Pack model, as the pack files name it."""
    mass_kg: Mass | None = None
    labels: tuple[Text, ...] = ()
    """Other codes that were read on it: part labels, serial numbers of the maker."""
    photos: tuple[Photo, ...] = ()
    run: Text | None = None
    by: Text | None = None

    def marks(self) -> tuple[str, ...]:
        run = (f"run:{self.run}",) if self.run else ()
        named = (f"label:{label}" for label in self.labels)
        first = (f"photo:{self.provisional.photo_sha256}",) if self.provisional else ()
        return ("kind:intake", *run, *named, *dict.fromkeys((*first, *photo_marks(self.photos))))


class IdentityConfirmed(Payload):
    """A person confirms that a provisional identity is this pack, and that its code cannot be read."""

    kind: ClassVar[str] = "identity_confirmed"
    by: Text
    photos: tuple[Photo, ...] = ()

    def marks(self) -> tuple[str, ...]:
        return ("kind:identity_confirmed", *photo_marks(self.photos))


class IdentityLinked(Payload):
    """The code of a pack with a provisional identity became known. The entry stands under the code."""

    kind: ClassVar[str] = "identity_linked"
    provisional: Text
    reason: Text
    photos: tuple[Photo, ...] = ()
    by: Text | None = None

    def marks(self) -> tuple[str, ...]:
        return ("kind:identity_linked", f"linked:{self.provisional}", *photo_marks(self.photos))


class JudgementItem(Part):
    """One item of a safety judgement. ``yes`` means that the danger is there."""

    id: Text
    text: Text
    answer: Literal["yes", "no", "not_judged"]
    note: Text | None = None
    photos: tuple[Photo, ...] = ()


class SafetyJudgement(Payload):
    """The safety judgement of a pack: yes/no items with photos. Any yes fails it, and so does an item left open."""

    kind: ClassVar[str] = "safety_judgement"
    items: tuple[JudgementItem, ...]
    passed: bool
    hazard_class: HazardClass
    reasons: tuple[Text, ...] = ()
    rule: Text | None = None
    """Text reference of the rule that asks for it."""
    run: Text | None = None
    by: Text

    def marks(self) -> tuple[str, ...]:
        photos = (photo for item in self.items for photo in item.photos)
        return ("kind:safety_judgement", *dict.fromkeys(photo_marks(tuple(photos))))


class Measurement(Payload):
    """Something was measured, by the cell or by a person."""

    kind: ClassVar[str] = "measurement"
    what: Text
    values: tuple[Quantity, ...]
    instrument: Text | None = None
    run: Text | None = None
    by: Text | None = None


class MaterialOut(Payload):
    """Material left the pack. ``material`` is the closed word of the materials table, for example ``busbar``."""

    kind: ClassVar[str] = "material_out"
    material: Text
    count: int | None = None
    mass_kg: Mass | None = None
    mass_uncertainty_kg: Mass | None = None
    mass_source: Literal["weighed", "pack_file", "estimated"] | None = None
    destination: Text | None = None
    modules: tuple[Text, ...] = ()
    """Identities of the modules among it."""
    run: Text | None = None
    step: Text | None = None
    by: Text | None = None


class ModuleOut(Payload):
    """A module left its pack and has an identity of its own from now on; the entry stands under that identity."""

    kind: ClassVar[str] = "module_out"
    parent: Text
    """Identity of the pack."""
    position: Text
    """Where it sat, for example ``module.03``."""
    identity: Literal["code", "derived"]
    """``derived``: made of the parent's identity and the position."""
    code_raw: Text | None = None
    mass_kg: Mass | None = None
    run: Text | None = None
    step: Text | None = None
    by: Text | None = None

    def marks(self) -> tuple[str, ...]:
        return ("kind:module_out", f"parent:{self.parent}")


class Stored(Payload):
    """A battery, module or material was put into a storage place for its hazard class."""

    kind: ClassVar[str] = "storage"
    place: Text
    hazard_class: HazardClass
    place_serves: tuple[HazardClass, ...] = ()
    """The classes that the place is made for."""
    mass_kg: Mass | None = None
    run: Text | None = None
    by: Text | None = None

    def marks(self) -> tuple[str, ...]:
        return ("kind:storage", f"place:{self.place}")


class HandOver(Payload):
    """A battery, module or material left the site."""

    kind: ClassVar[str] = "hand_over"
    to: Text
    route: Text
    document: Text | None = None
    mass_kg: Mass | None = None
    items: tuple[Text, ...] = ()
    by: Text

    def marks(self) -> tuple[str, ...]:
        return ("kind:hand_over", f"to:{self.to}")
