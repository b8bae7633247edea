"""How batteries, materials, sites and entries are named to other systems: as URIs under the site's own base."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from delid.core import UsageError

NO_BASE = "tag:delid.invalid,2026:"
"""Stands where a site has named no base: valid as a URI (RFC 4151), and plainly nobody's."""
_EVENTS = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/delid/epcis-event")


class Names:
    """Names under one base, for example ``https://id.plant.example/``."""

    def __init__(self, base: str = "") -> None:
        self.base = base or NO_BASE
        parts = urlsplit(self.base)
        if not parts.scheme or self.base != self.base.strip() or not self.base.endswith(("/", ":", "#")):
            raise UsageError(
                f"{base!r} is no base for identifiers.",
                hint="Give a URI of your own that ends in '/', ':' or '#', for example https://id.plant.example/.",
            )

    def battery(self, key: str) -> str:
        return f"{self.base}battery/{quote(key, safe='')}"

    def material(self, kind: str) -> str:
        return f"{self.base}material/{quote(kind, safe='')}"

    def site(self, site: str) -> str:
        return f"{self.base}site/{quote(site, safe='')}"

    def destination(self, place: str) -> str:
        return f"{self.base}place/{quote(place, safe='')}"


def event_id(*parts: str) -> str:
    """A UUID of these parts: the same event has the same one in every export."""
    return uuid.uuid5(_EVENTS, "\0".join(parts)).urn


def utc(at_s: float) -> str:
    """Seconds since 1970 as ISO 8601 with milliseconds, UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(at: str) -> float:
    """Seconds since 1970 UTC of a time of the ledger (RFC 3339)."""
    return datetime.fromisoformat(at).timestamp()
