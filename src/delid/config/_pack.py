"""The pack file: what is known of one pack model, each fact with its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from delid.core import FastenerKind

from ._keep_out import KeepOut
from ._keep_out import Name as Name
from ._keep_out import XyMm as XyMm
from ._yaml import StrictModel

Positive = Annotated[float, Field(gt=0)]


class FastenerGroup(StrictModel):
    """Fasteners of one kind that are removed together. Ids are ``group.NN``, 1-based, in the order given."""

    kind: FastenerKind
    """What they are when the pack is whole: bolt or nut."""
    head: Literal["hex_flange", "hex", "torx", "nut_on_stud"]
    """Shape of the head."""
    thread: str
    """For example M6."""
    socket_mm: Positive
    """Width across flats in mm."""
    torque_nm: Positive
    """Nominal tightening torque in newton metres."""
    holds: Literal["lid", "modules", "connector"] = "lid"
    """What they hold: it may be moved when they are out."""
    positions_mm: Annotated[list[XyMm], Field(min_length=1)]
    """Nominal centres in the pack's frame, mm."""


class Lid(StrictModel):
    """The upper cover."""

    mass_kg: Positive
    """Its mass, kg; the load cell is compared with it."""
    grip_mm: XyMm
    """Where the vacuum tool takes hold, in the pack's frame, mm."""


class Modules(StrictModel):
    """What is lifted out one by one: modules, or stacks of them."""

    mass_kg: Positive
    """Mass of one lift, kg."""
    size_mm: tuple[Positive, Positive, Positive]
    """Length, width and height of one lift, mm."""
    positions_mm: Annotated[list[XyMm], Field(min_length=1)]
    """Centres in the pack's frame, mm."""


class Connector(StrictModel):
    """A connector that a person pulls or closes."""

    id: Name
    """Name, as recipes use it."""
    kind: Literal["service_disconnect", "high_voltage", "low_voltage", "coolant"]
    """The service disconnect parts the pack from its terminals."""
    at_mm: XyMm
    """Where it is, in the pack's frame, mm."""


class LabelPlace(StrictModel):
    """Where a label with a code is to be expected."""

    id: Name
    """Name of the place."""
    at_mm: XyMm
    """Its middle, in the pack's frame, mm."""
    size_mm: XyMm
    """Length and width, mm."""


class Source(StrictModel):
    """Where a fact is from."""

    fact: str
    """Key of this file, for example ``mass_kg`` or ``groups.lid``."""
    source: str
    """In words: document, measurement, or how it was estimated."""
    status: Literal["read", "claim", "inferred", "approximate", "unverified", "measured"]
    """How far it can be trusted."""


class PackFile(StrictModel):
    """One pack model: geometry in the pack's frame (mm), masses, voltages, places, and where each fact is from."""

    pack: Name
    """Name of the pack model; vision and recipes use it."""
    name: str
    """For people."""
    geometry: Literal["taught", "nominal", "approximate"]
    """Measured on a pack, from a drawing, or drawn by hand."""
    frame: str
    """The frame of reference, in words."""
    outline_mm: Annotated[list[XyMm], Field(min_length=3)]
    """Corners of the outline seen from above, in order, mm."""
    height_mm: Positive
    """From the base to the lid's upper face, mm."""
    design: Literal["modules", "cell_to_pack"]
    """With modules that can be taken out, or with battery cells glued into the pack."""
    chemistry: str
    """For example NMC or LFP."""
    nominal_voltage_v: Positive
    """Volts."""
    energy_kwh: Positive
    """Rated energy, kWh."""
    mass_kg: Positive
    """Of the whole pack, kg."""
    lid: Lid
    """Its cover."""
    groups: dict[Name, FastenerGroup]
    """Fastener groups by name."""
    modules: Modules | None = None
    """Its modules; none where the design is cell_to_pack."""
    connectors: list[Connector] = []
    """Its connectors."""
    labels: list[LabelPlace] = []
    """Where codes are to be expected."""
    keep_out: list[KeepOut] = []
    """What stands out of the lid and no tool may touch, such as a connector."""
    cells_in_series: Annotated[int, Field(ge=1)] | None = None
    """Battery cells in series; the voltage of one is judged by it."""
    impedance_mohm: Positive | None = None
    """Of the whole pack when new, milliohms."""
    sources: Annotated[list[Source], Field(min_length=1)]
    """Where the facts are from."""

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
