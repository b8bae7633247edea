"""The tables of the accounts, from their folder, and the rules of a region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ._compliance import RegionRules
from ._factors import FactorFile
from ._site_account import SiteAccount
from ._uses import UsesFile
from ._yaml import load_yaml_model


@dataclass(frozen=True, slots=True)
class AccountingFiles:
    """What a folder of accounting tables holds."""

    factors: FactorFile
    site: SiteAccount
    uses: UsesFile


def load_accounting(folder: Path | str) -> AccountingFiles:
    """``factors.yaml``, ``site.yaml`` and ``uses.yaml`` of ``folder``; raises ConfigError."""
    folder = Path(folder)
    return AccountingFiles(
        load_yaml_model(folder / "factors.yaml", FactorFile),
        load_yaml_model(folder / "site.yaml", SiteAccount),
        load_yaml_model(folder / "uses.yaml", UsesFile),
    )


def load_rules(path: Path | str) -> RegionRules:
    """The rules of a region; raises ConfigError."""
    return load_yaml_model(path, RegionRules)
