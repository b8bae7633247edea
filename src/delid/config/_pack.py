"""The pack file: what is known of one pack model, each fact with its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import FastenerKind

from ._yaml import StrictModel

XyMm = tuple[float, float]
Positive = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class FastenerGroup(StrictModel):
    """Fasteners of one kind that are removed together. Ids are ``group.NN``, 1-based, in the order given."""

    kind: FastenerKind
    head: Literal["hex_flange", "hex", "torx", "nut_on_stud"]
    thread: str
    socket_mm: Positive
    """Width across flats in mm."""
    torque_nm: Positive
    """Nominal tightening torque in newton metres."""
    positions_mm: Annotated[list[XyMm], Field(min_length=1)]
    """Nominal centres in the pack's frame, mm."""


class Lid(StrictModel):
    mass_kg: Positive
    grip_mm: XyMm
    """Where the vacuum tool takes hold, in the pack's frame, mm."""


class Modules(StrictModel):
    mass_kg: Positive
    size_mm: tuple[Positive, Positive, Positive]
    positions_mm: Annotated[list[XyMm], Field(min_length=1)]


class Connector(StrictModel):
    id: Name
    kind: Literal["service_disconnect", "high_voltage", "low_voltage", "coolant"]
    at_mm: XyMm


class LabelPlace(StrictModel):
    id: Name
    at_mm: XyMm
    size_mm: XyMm


class Source(StrictModel):
    fact: str
    source: str
    status: Literal["read", "claim", "inferred", "approximate", "unverified", "measured"]


class PackFile(StrictModel):
    """One pack model: geometry in the pack's frame (mm), masses, voltages, places, and where each fact is from."""

    pack: Name
    name: str
    geometry: Literal["taught", "nominal", "approximate"]
    frame: str
    outline_mm: Annotated[list[XyMm], Field(min_length=3)]
    height_mm: Positive
    design: Literal["modules", "cell_to_pack"]
    chemistry: str
    nominal_voltage_v: Positive
    energy_kwh: Positive
    mass_kg: Positive
    lid: Lid
    groups: dict[Name, FastenerGroup]
    modules: Modules | None = None
    connectors: list[Connector] = []
    labels: list[LabelPlace] = []
    sources: Annotated[list[Source], Field(min_length=1)]

    @model_validator(mode="after")
    def _modules_fit_design(self) -> PackFile:
        if (self.modules is not None) != (self.design == "modules"):
            raise ValueError("design 'modules' needs a modules section, 'cell_to_pack' must have none")
        return self

    def fastener_ids(self, group: str) -> list[str]:
        """Ids of a group in the order of its positions: ``lid.01``, ``lid.02``, ..."""
        return [f"{group}.{n:02d}" for n in range(1, len(self.groups[group].positions_mm) + 1)]

    def fastener_places(self) -> dict[str, XyMm]:
        """Nominal centre in the pack's frame (mm) of every fastener id."""
        return {
            name: position
            for group, spec in self.groups.items()
            for name, position in zip(self.fastener_ids(group), spec.positions_mm, strict=True)
        }
