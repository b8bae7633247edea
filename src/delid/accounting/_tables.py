"""The tables an account is made with, together, and as plain data inside of the account."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from delid.config import AccountingFiles, FactorFile, PackFile, SiteAccount, UsesFile

from ._facts import PackModel


@dataclass(frozen=True, slots=True)
class Tables:
    """Factor table, rules of the site, uses and routes, and what the pack files say."""

    factors: FactorFile
    site: SiteAccount
    uses: UsesFile
    packs: Mapping[str, PackModel]

    @classmethod
    def of(cls, files: AccountingFiles, packs: Iterable[PackFile]) -> Tables:
        """From the files of a folder and the pack files."""
        return cls(files.factors, files.site, files.uses, {pack.pack: pack_model(pack) for pack in packs})

    def plain(self) -> dict[str, Any]:
        """All that an account rests on besides its facts, as JSON data."""
        return {
            "factors": self.factors.model_dump(mode="json", exclude_none=True),
            "site": self.site.model_dump(mode="json", exclude_none=True),
            "uses": self.uses.model_dump(mode="json", exclude_none=True),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Tables:
        """The other way; raises pydantic's ValidationError (a ValueError) and KeyError where it does not fit."""
        return cls(
            FactorFile.model_validate(plain["factors"]),
            SiteAccount.model_validate(plain["site"]),
            UsesFile.model_validate(plain["uses"]),
            {},
        )


def digest(plain: Any) -> str:
    """SHA-256 of plain data in one way of writing it."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def pack_model(pack: PackFile) -> PackModel:
    """What an account needs of a pack file."""
    modules = len(pack.modules.positions_mm) if pack.modules else 0
    return PackModel(pack.pack, pack.mass_kg, pack.energy_kwh, pack.chemistry, modules)
