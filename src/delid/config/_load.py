"""A cell file and everything it names, loaded and checked together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from delid.core import PACKTAGS_MODES, PACKTAGS_NUMBERS, ConfigError, Mode, MotionCapabilities, State, collector_paused

from ._calibration import CalibrationFile, CalibrationRef
from ._cell import CellFile
from ._expand import Library
from ._health import HealthFile
from ._looks import LAMPS_PARAM, SET_LIGHT
from ._motion import motion_capabilities
from ._pack import PackFile
from ._plc import RegisterMap
from ._program import ProgramMap
from ._recipe_load import Recipe, read_recipe
from ._release import ReleaseFile, releases_path, version_of
from ._times import TimesFile
from ._yaml import Document, read_document

M = TypeVar("M", bound=BaseModel)


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
    robot_map: ProgramMap | None = None
    """Of a program robot."""
    calibrations: Mapping[str, CalibrationFile] = field(default_factory=dict)
    """Of the cameras whose calibration stands in a file of its own, by camera."""
    calibration_limits_days: Mapping[str, float] = field(default_factory=dict)
    times: TimesFile | None = None
    """Learnt durations of acts, where the cell has them."""
    health: HealthFile | None = None
    """Rules for state of health and route, where the cell has them."""
    pack_texts: Mapping[str, str] = field(default_factory=dict)
    """Pack to the text of its file."""
    released: frozenset[tuple[str, str]] | None = None
    """Name and digest of each recipe whose present version is released; None where releases do not matter."""

    def is_released(self, recipe: Recipe) -> bool:
        return self.released is None or (recipe.spec.recipe, recipe.sha256) in self.released

    def old_calibrations(self, wall_s: float) -> list[str]:
        """One line for each camera whose calibration is older than the cell file allows, at ``wall_s`` (UTC)."""
        lines = []
        for name, limit_days in self.calibration_limits_days.items():
            age_days = self.calibrations[name].age_days(wall_s)
            if age_days > limit_days:
                lines.append(
                    f"{self.path}: the calibration of camera {name} is {age_days:.0f} days old, {limit_days:g} are "
                    "allowed; check it with `delid calibrate check` and calibrate again."
                )
        return lines

    def resolve(self, path: Path) -> Path:
        """A path of the cell file as seen from the process."""
        return path if path.is_absolute() else (self.path.parent / path).resolve()

    @property
    def motion_capabilities(self) -> MotionCapabilities:
        return motion_capabilities(self.spec.motion.driver, self.spec.motion.limits, self.robot_map)

    @property
    def packml_numbers(self) -> dict[State, int]:
        """PackTags, as the register map changes it, as the cell file changes that."""
        return PACKTAGS_NUMBERS | self.plc_map.states | self.spec.packml_numbers

    @property
    def mode_numbers(self) -> dict[Mode, int]:
        """PackTags, as the register map changes it."""
        return PACKTAGS_MODES | self.plc_map.modes

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


def load_calibration(path: Path | str) -> CalibrationFile:
    """A calibration file; raises ConfigError."""
    return read_document(path).validate(CalibrationFile)


def load_times(path: Path | str) -> TimesFile:
    """A file of learnt times; raises ConfigError."""
    return read_document(path).validate(TimesFile)


def load_health(path: Path | str) -> HealthFile:
    """A file of health rules; raises ConfigError."""
    return read_document(path).validate(HealthFile)


def load_register_map(path: Path | str) -> RegisterMap:
    """A PLC register map; raises ConfigError."""
    return read_document(path).validate(RegisterMap)


def load_program_map(path: Path | str) -> ProgramMap:
    """A program robot's register map; raises ConfigError."""
    return read_document(path).validate(ProgramMap)


def load_cell(path: Path | str) -> Cell:
    """A cell file with its packs, recipes and register map; raises ConfigError with all findings of all files."""
    path = Path(path)
    document = read_document(path)
    files = _CellFiles(document, document.validate(CellFile))
    with collector_paused():
        return files.load()


class _CellFiles:
    """Reads what a cell file names and keeps every finding, so that all of them are told at once."""

    def __init__(self, document: Document, spec: CellFile) -> None:
        self._document, self._spec = document, spec
        self._findings: list[str] = []
        self._library = Library()
        self._texts = {str(document.path): document.text}

    def load(self) -> Cell:
        spec = self._spec
        packs = [pack for n, p in enumerate(spec.packs) if (pack := self._read(PackFile, p, ("packs", n)))]
        recipes = [recipe for n, p in enumerate(spec.recipes) if (recipe := self._recipe(p, ("recipes", n)))]
        pack_texts = {file.pack: document.text for file, document in packs}
        released = self._released(recipes, pack_texts)
        plc_map = self._read(RegisterMap, spec.plc.map, ("plc", "map"))
        robot_map = self._read(ProgramMap, spec.motion.map, ("motion", "map")) if spec.motion.map else None
        times = self._read(TimesFile, spec.times, ("times",)) if spec.times else None
        health = self._read(HealthFile, spec.health, ("health",)) if spec.health else None
        if plc_map:
            self._check_lamps(plc_map[0])
        spec, calibrations = self._calibrated(spec)
        if self._findings or plc_map is None:
            raise ConfigError(self._findings, code="config.invalid")
        return Cell(
            self._document.path.resolve(),
            spec,
            {file.pack: file for file, _ in packs},
            tuple(recipes),
            plc_map[0],
            self._texts,
            robot_map[0] if robot_map else None,
            calibrations,
            {
                camera.id: ref.max_age_days
                for camera in self._spec.cameras
                if isinstance(ref := camera.given_calibration, CalibrationRef) and ref.max_age_days
            },
            times[0] if times else None,
            health[0] if health else None,
            pack_texts,
            released,
        )

    def _released(self, recipes: list[Recipe], pack_texts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        """Those whose last release is of the version that lies there."""
        found = set()
        for recipe in recipes:
            path = releases_path(recipe.document.path)
            if not path.is_file():
                continue
            try:
                document = read_document(path)
                last = document.validate(ReleaseFile).releases[-1:]
            except ConfigError as error:
                self._findings.extend(error.findings)
                continue
            self._texts[str(path)] = document.text
            if any(r.content == version_of(recipe, pack_texts).content for r in last):
                found.add((recipe.spec.recipe, recipe.sha256))
        return frozenset(found)

    def _calibrated(self, spec: CellFile) -> tuple[CellFile, dict[str, CalibrationFile]]:
        """The cell with every camera's figures in place of the file that holds them."""
        cameras, files = [], {}
        for n, camera in enumerate(spec.cameras):
            ref = camera.given_calibration
            cameras.append(camera)
            if not isinstance(ref, CalibrationRef):
                continue
            location = ("cameras", n, "calibration", "file")
            if not (read := self._read(CalibrationFile, ref.file, location)):
                continue
            files[camera.id] = read[0]
            try:
                cameras[n] = camera.calibrated(read[0].calibration_of())
            except ValueError as error:
                self._findings.append(self._document.finding(location, str(error)))
            if read[0].size_px != camera.size_px:
                words = f"made for pictures of {read[0].size_px}, this camera has {camera.size_px}"
                self._findings.append(self._document.finding(location, words))
        return spec.model_copy(update={"cameras": cameras}), files

    def _check_lamps(self, plc_map: RegisterMap) -> None:
        """A light program needs a PLC that switches lamps."""
        command = plc_map.commands.get(SET_LIGHT)
        for n, camera in enumerate(self._spec.cameras):
            if camera.looks and (command is None or command.params != [LAMPS_PARAM]):
                words = (
                    f"the register map {plc_map.map!r} has no command {SET_LIGHT!r} with the parameter {LAMPS_PARAM!r}"
                )
                self._findings.append(self._document.finding(("cameras", n, "looks"), words))

    def _recipe(self, relative: Path, location: tuple[str | int, ...]) -> Recipe | None:
        if (found := self._document_at(relative, location)) is None:
            return None
        try:
            recipe = read_recipe(found, library=self._library)
        except ConfigError as error:
            self._findings.extend(f for f in error.findings if f not in self._findings)
            return None
        self._texts.update(recipe.fragments)
        return recipe

    def _read(self, model: type[M], relative: Path, location: tuple[str | int, ...]) -> tuple[M, Document] | None:
        if (found := self._document_at(relative, location)) is None:
            return None
        try:
            return found.validate(model), found
        except ConfigError as error:
            self._findings.extend(error.findings)
            return None

    def _document_at(self, relative: Path, location: tuple[str | int, ...]) -> Document | None:
        target = relative if relative.is_absolute() else (self._document.path.parent / relative).resolve()
        if not target.is_file():
            self._findings.append(self._document.finding(location, f"no such file: {target}"))
            return None
        try:
            found = read_document(target)
        except ConfigError as error:
            self._findings.extend(error.findings)
            return None
        self._texts[str(target)] = found.text
        return found
