"""The options of ``delid replay``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Recordings = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Recordings (.mcap), folders of them, or URLs.", show_default=False),
]
Reference = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the references; without it what --model, --recipe and --set change is compared with the "
        "cell file as it is, and a recording with itself as recorded."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Long = Annotated[bool, typer.Option("--long", help="Print the first differences of each seam too.")]
DiffFile = Annotated[Path | None, typer.Option(help="Write all differences to this file.")]
JUnitFile = Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")]
HtmlFile = Annotated[Path | None, typer.Option(help="Write one HTML page with the frames that changed.")]
UpdateRefs = Annotated[bool, typer.Option("--update-refs", help="Write references that differ or are missing.")]
Reason = Annotated[str | None, typer.Option(help="Why the references change; it is kept in them.")]
Models = Annotated[Path | None, typer.Option(help="Folder with other models, by the names of their folders.")]
OneModel = Annotated[
    list[Path] | None, typer.Option(help="Folder of one model, in the place of the one with its task; repeat it.")
]
Recipes = Annotated[list[Path] | None, typer.Option(help="A recipe in the place of the one of its name; repeat it.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="FILE:WAY=VALUE", help="Another value for one setting; repeat it.")
]
CellFile = Annotated[Path, typer.Option(help="Cell file to replay with.")]
RecordedConfig = Annotated[bool, typer.Option("--recorded-config", help="Use the configuration in the recording.")]
ClosedLoop = Annotated[
    bool, typer.Option("--closed-loop", help="Show the recorded frames to the simulated cell and let it go on.")
]
Cache = Annotated[
    Path | None, typer.Option(envvar="DELID_REPLAY_CACHE", help="Folder that keeps inspections, by their content.")
]
DecisionsOnly = Annotated[
    bool, typer.Option("--decisions-only", help="Take every inspection from the cache; load no model.")
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Replay with this many processes.")]
DaskAddress = Annotated[str | None, typer.Option(help="Replay on this Dask cluster, for example tcp://HOST:8786.")]
Results = Annotated[Path | None, typer.Option(help="Add a line of JSON to this file for each recording.")]
Resume = Annotated[bool, typer.Option("--resume", help="Leave out what stands in --results already.")]
MaxSizeMb = Annotated[int, typer.Option(min=1, help="Set larger recordings aside.")]
