"""A cell file and everything it names, loaded and checked together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from delid.core import PACKTAGS_NUMBERS, ConfigError, State

from ._cell import CellFile
from ._pack import PackFile
from ._plc import RegisterMap
from ._recipe import RecipeFile
from ._yaml import Document, read_document


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe with its document, for the line numbers, and its digest, for the record."""

    spec: RecipeFile
    document: Document

    @property
    def sha256(self) -> str:
        return self.document.sha256


@dataclass(frozen=True, slots=True)
class Cell:
    """A loaded cell: the file, what it names, and ``resolve`` for its relative paths."""

    path: Path
    spec: CellFile
    packs: dict[str, PackFile]
    recipes: tuple[Recipe, ...]
    plc_map: RegisterMap
    texts: dict[str, str]
    """Every configuration file read, path to text, for the recording."""

    def resolve(self, path: Path) -> Path:
        """A path of the cell file as seen from the process."""
        return path if path.is_absolute() else (self.path.parent / path).resolve()

    @property
    def packml_numbers(self) -> dict[State, int]:
        return PACKTAGS_NUMBERS | self.spec.packml_numbers

    @property
    def socket_path(self) -> Path:
        return self.resolve(self.spec.socket) if self.spec.socket else self.resolve(self.spec.runs) / "cell.sock"

    @property
    def sha256(self) -> str:
        """One digest over all configuration texts."""
        digest = hashlib.sha256()
        for name in sorted(self.texts):
            digest.update(f"{Path(name).name}\0{self.texts[name]}\0".encode())
        return digest.hexdigest()


def load_pack(path: Path | str) -> PackFile:
    """A pack file; raises ConfigError."""
    return read_document(path).validate(PackFile)


def load_recipe(path: Path | str) -> Recipe:
    """A recipe file; raises ConfigError."""
    document = read_document(path)
    return Recipe(document.validate(RecipeFile), document)


def load_register_map(path: Path | str) -> RegisterMap:
    """A PLC register map; raises ConfigError."""
    return read_document(path).validate(RegisterMap)


def load_cell(path: Path | str) -> Cell:
    """A cell file with its packs, recipes and register map; raises ConfigError with all findings of all files."""
    path = Path(path)
    document = read_document(path)
    spec = document.validate(CellFile)
    findings: list[str] = []
    texts = {str(path): document.text}

    def under(relative: Path, location: tuple[str | int, ...]) -> Document | None:
        target = relative if relative.is_absolute() else (path.parent / relative).resolve()
        if not target.is_file():
            findings.append(document.finding(location, f"no such file: {target}"))
            return None
        try:
            found = read_document(target)
        except ConfigError as error:
            findings.extend(error.findings)
            return None
        texts[str(target)] = found.text
        return found

    packs: dict[str, PackFile] = {}
    recipes: list[Recipe] = []
    plc_map: RegisterMap | None = None
    wanted: list[tuple[type[PackFile] | type[RecipeFile] | type[RegisterMap], Path, tuple[str | int, ...]]] = [
        *((PackFile, p, ("packs", n)) for n, p in enumerate(spec.packs)),
        *((RecipeFile, p, ("recipes", n)) for n, p in enumerate(spec.recipes)),
        (RegisterMap, spec.plc.map, ("plc", "map")),
    ]
    for model, relative, location in wanted:
        found = under(relative, location)
        if found is None:
            continue
        try:
            value = found.validate(model)
        except ConfigError as error:
            findings.extend(error.findings)
            continue
        if isinstance(value, PackFile):
            packs[value.pack] = value
        elif isinstance(value, RecipeFile):
            recipes.append(Recipe(value, found))
        else:
            plc_map = value
    if findings or plc_map is None:
        raise ConfigError(findings, code="config.invalid")
    return Cell(path.resolve(), spec, packs, tuple(recipes), plc_map, texts)
