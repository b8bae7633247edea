"""The options of ``delid plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delid.core import DamageKind, Route

Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE...", help="Inspections as JSON, images, or - for JSON on standard input."),
]
CellFile = Annotated[Path, typer.Option(help="Cell file.")]
AsJson = Annotated[bool, typer.Option("--json", help="The whole decision as one JSON object.")]
AssumePack = Annotated[str | None, typer.Option(help="Pack model as a person names it; stands above what was seen.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Fastener given up, for example lid.07; repeat it.")]
RuledOut = Annotated[
    list[DamageKind] | None,
    typer.Option(help="Unclear damage that a person looked for and did not find; repeat it."),
]
RuledIn = Annotated[
    list[DamageKind] | None, typer.Option(help="Unclear damage that a person looked for and found; repeat it.")
]
Explain = Annotated[
    bool, typer.Option("--explain", help="For each recipe, what would have to be different for it to be taken.")
]
AskedRoute = Annotated[Route | None, typer.Option(help="The customer's route; the proposed one if not given.")]
HealthReportFile = Annotated[Path | None, typer.Option(help="Health report: a JSON file with what was measured.")]
HealthRules = Annotated[Path | None, typer.Option(help="Health rules, if not the cell file's.")]
VoltageV = Annotated[float | None, typer.Option(help="Measured voltage of the pack at rest.")]
IsolationOhmPerV = Annotated[float | None, typer.Option(help="Measured isolation.")]
ImpedanceMohm = Annotated[float | None, typer.Option(help="Measured impedance of the pack.")]
CapacityAh = Annotated[float | None, typer.Option(help="Measured capacity.")]
Readings = Annotated[list[str] | None, typer.Option(help="PLC reading TAG=VALUE, for example gas_ppm=80; repeat it.")]
Maintenance = Annotated[bool, typer.Option("--maintenance", help="As in maintenance mode: recipes need no release.")]
