"""``delid train``: render, scenes, and the commands of the models. Wiring only; mitsuba and torch are imported late."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from delid.core import UsageError

from . import _train_models
from ._outcome import errors_end_it

app = typer.Typer(no_args_is_help=True, help="Render, fit, export and evaluate the models (needs delid[train]).")

DEFAULT_DATA = Path("build/train")


def require(*modules: str) -> None:
    """Raise UsageError unless the packages of the extra ``train`` are installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} is not installed.", hint="Install delid[train].", code="usage.extra")


@app.command()
def render(
    out: Annotated[Path, typer.Option(help="Folder for pictures and truth; what is there is kept.")] = DEFAULT_DATA,
    seed: Annotated[int | None, typer.Option(help="Seed of families and scenes, instead of the plan's.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    plan: Annotated[Path | None, typer.Option(help="JSON file with other counts and sizes.")] = None,
    hdri: Annotated[Path | None, typer.Option(help="Folder of .exr surroundings to use beside our own.")] = None,
) -> None:
    """Render training pictures with their truth."""
    with errors_end_it(False):
        require("mitsuba", "mitsuba_oidn")
        from delid.training import chosen_plan, produce

        count = produce(out, chosen_plan(plan, seed, hdri), jobs, typer.echo)
    typer.echo(f"{count} pictures in {out}")


@app.command("close-ups")
def close_ups(
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures and truth; what is there is kept.", show_default=False)
    ] = None,
    hdri: Annotated[Path | None, typer.Option(help="Folder of .exr surroundings to use beside our own.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of boards and lids, instead of the plan's.")] = None,
    near: Annotated[bool, typer.Option("--near", help="Boards as the camera at the tool sees them.")] = False,
) -> None:
    """Render close-ups for the fastener models with their truth, in one process: to build/closeups or build/near."""
    with errors_end_it(False):
        require("mitsuba", "mitsuba_oidn")
        from delid.training import NEAR_PLAN, CloseUpPlan, produce_close_ups

        plan = replace(NEAR_PLAN if near else CloseUpPlan(), hdri=str(hdri) if hdri else "")
        folder = out or Path("build/near" if near else "build/closeups")
        count = produce_close_ups(folder, plan if seed is None else replace(plan, seed=seed), typer.echo)
    typer.echo(f"{count} pictures in {folder}")


@app.command()
def scenes(
    out: Annotated[Path, typer.Option(help="Folder of the simulated camera's scenes.")] = Path("fixtures/scenes"),
    only: Annotated[list[str] | None, typer.Option(help="Name of a scene; may be given again. All otherwise.")] = None,
) -> None:
    """Render the scenes that the simulated camera of the demonstration cell shows."""
    with errors_end_it(False):
        require("mitsuba", "mitsuba_oidn")
        from delid.training import SCENE_ORDERS, DataPlan, write_scene

        known = {order.name: order for order in SCENE_ORDERS}
        unknown = sorted(set(only or ()) - set(known))
        if unknown:
            raise UsageError(f"no scene {', '.join(unknown)}; there are {', '.join(known)}.")
        for name in only or known:
            write_scene(known[name], out, f"delid train scenes --out {out} --only {name}", DataPlan())
            typer.echo(str(out / name))


@app.command("tool-scenes")
def tool_scenes(
    out: Annotated[Path, typer.Option(help="Folder of the simulated tool camera's pictures.")] = Path(
        "fixtures/closeups"
    ),
) -> None:
    """Render the close-ups that the simulated camera at the tool shows."""
    with errors_end_it(False):
        require("mitsuba", "mitsuba_oidn")
        from delid.training import write_tool_scenes

        for path in write_tool_scenes(out):
            typer.echo(str(path))


for command in (_train_models.fit, _train_models.export, _train_models.evaluate):
    app.command()(command)
