"""Recipes: the texts in use, drafts, and what the checker says of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Request
from pydantic import Field

from delid.config import Cell, schema_text

from .._models import Done, Strict
from .._refusals import refusal
from ..access import Role, Scope
from ..files import FILE, RECORDING, difference, findings
from ._asking import panel_of, person_in
from ._calls import Calls
from ._diagnostic_calls import JobOut, job_out

if TYPE_CHECKING:
    from .._panel import Panel

CALLS = Calls("recipes", Scope.RECIPES)
MOST_RECORDINGS = 20
RELEASE_RUNS = 20
RecipeText = Annotated[str, Field(max_length=200_000)]
FileName = Annotated[str, Path(pattern=FILE.pattern, description="The file's name without its ending.")]


class RecipeOut(Strict):
    file: str
    """The file's name without its ending; this is what the other calls take."""
    recipe: str | None
    """None for a recipe that there is only a draft of."""
    title: str
    packs: list[str]
    hazard: list[str]
    sha256: str | None
    has_draft: bool


class RecipesOut(Strict):
    recipes: list[RecipeOut]


class RecipeTexts(Strict):
    file: str
    text: str | None
    """As it is in use."""
    draft: str | None


class TextIn(Strict):
    text: RecipeText


class FindingOut(Strict):
    line: int
    code: str
    message: str
    hint: str


class FindingsOut(Strict):
    """What ``delid recipe check`` says; nothing where all is well."""

    findings: list[FindingOut]


class SimulateIn(Strict):
    runs: Annotated[int, Field(ge=1, le=500)] = 50
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    pack: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] | None = None
    """If not the first that the recipe serves."""


class ReleaseIn(Strict):
    note: Annotated[str, Field(max_length=200)] = ""
    """Why this version, in a sentence."""


class DiffOut(Strict):
    """The draft against the text in use, as a unified diff."""

    lines: list[str]


@CALLS.get("/recipes", Role.VIEWER, RecipesOut, scope=Scope.VIEW)
async def recipes(request: Request) -> RecipesOut:
    """The recipes of the cell, and drafts of new ones."""
    panel = panel_of(request)
    in_use = panel.recipes.in_use(await panel.files.cell())
    drafts = panel.recipes.drafts()
    found = [
        RecipeOut(
            file=file, recipe=r.spec.recipe, title=r.spec.title, packs=list(r.spec.serves.packs), sha256=r.sha256,
            hazard=[h.value for h in r.spec.serves.hazard], has_draft=file in drafts,
        )
        for file, r in in_use.items()
    ]  # fmt: skip
    new = [file for file in drafts if file not in in_use]
    found += [RecipeOut(file=f, recipe=None, title="", packs=[], hazard=[], sha256=None, has_draft=True) for f in new]
    return RecipesOut(recipes=found)


@CALLS.get("/recipes/schema", Role.VIEWER, dict[str, Any], scope=Scope.VIEW)
async def recipe_schema(request: Request) -> dict[str, Any]:
    """The JSON Schema of recipes, for completion in the editor."""
    found: dict[str, Any] = json.loads(schema_text("recipe"))
    return found


@CALLS.get("/recipes/{file}", Role.VIEWER, RecipeTexts, scope=Scope.VIEW)
async def one_recipe(request: Request, file: FileName) -> RecipeTexts:
    """The text in use, and the draft if there is one."""
    panel = panel_of(request)
    text, draft = panel.recipes.text(await panel.files.cell(), file), panel.recipes.draft(file)
    if text is None and draft is None:
        raise refusal("panel.not_found", f"There is no recipe {file!r}.")
    return RecipeTexts(file=file, text=text, draft=draft)


@CALLS.post("/recipes/{file}/check", Role.VIEWER, FindingsOut, keyed=False, audited=False)
async def check_recipe_text(request: Request, file: FileName, body: TextIn) -> FindingsOut:
    """Check a text by the rules of ``delid recipe check``; nothing is kept."""
    panel = panel_of(request)
    cell = await panel.files.cell()
    found = await asyncio.get_running_loop().run_in_executor(panel.pool, findings, cell, file, body.text)
    return FindingsOut(findings=[FindingOut(line=f.line, code=f.code, message=f.message, hint=f.hint) for f in found])


@CALLS.put("/recipes/{file}/draft", Role.ENGINEER, Done)
async def save_draft(request: Request, file: FileName, body: TextIn) -> Done:
    """Keep a draft. It changes nothing that runs until it is released."""
    panel_of(request).recipes.save(file, body.text)
    return Done()


@CALLS.delete("/recipes/{file}/draft", Role.ENGINEER, Done)
async def discard_draft(request: Request, file: FileName) -> Done:
    """Throw a draft away."""
    panel_of(request).recipes.discard(file)
    return Done()


@CALLS.get("/recipes/{file}/diff", Role.VIEWER, DiffOut, scope=Scope.VIEW)
async def diff_recipe(request: Request, file: FileName) -> DiffOut:
    """What the draft changes."""
    panel = panel_of(request)
    text, draft = panel.recipes.text(await panel.files.cell(), file), panel.recipes.draft(file)
    if draft is None:
        raise refusal("panel.not_found", f"There is no draft of {file!r}.")
    return DiffOut(lines=difference(text or "", draft, file))


@CALLS.post("/recipes/{file}/simulate", Role.ENGINEER, JobOut)
async def simulate_recipe(request: Request, file: FileName, body: SimulateIn) -> JobOut:
    """Run the draft, or the text in use, on a simulated cell: ``delid recipe simulate``, as a job."""
    panel, cell, path = await _tried(request, file)
    pack = ("--pack", body.pack) if body.pack else ()
    figures = ("--runs", str(body.runs), "--seed", str(body.seed), *pack)
    command = ["recipe", "simulate", str(path), "--cell", str(cell.path), *figures, "--json"]
    return job_out(panel.jobs.start(f"simulate {file}", person_in(request).name, [command]))


@CALLS.post("/recipes/{file}/impact", Role.ENGINEER, JobOut)
async def recipe_impact(request: Request, file: FileName) -> JobOut:
    """Which recorded runs would decide differently: ``delid recipe impact``, as a job, over the newest recordings."""
    panel, cell, path = await _tried(request, file)
    runs, _ = await panel.runs.search(lambda run: bool(run.recording_bytes) and run.finished, 0, MOST_RECORDINGS)
    if not runs:
        raise refusal("panel.refused", "There is no recording of a finished run.", "Record a run first.")
    files = [str((await panel.runs.file(run.run, RECORDING))[0]) for run in runs]
    named = [part for name in files for part in ("--recordings", name)]
    command = ["recipe", "impact", str(path), "--cell", str(cell.path), *named, "--json"]
    return job_out(panel.jobs.start(f"impact of {file}", person_in(request).name, [command]))


@CALLS.post("/recipes/{file}/release", Role.ENGINEER, JobOut, step_up=True)
async def release_recipe(request: Request, file: FileName, body: ReleaseIn) -> JobOut:
    """Check, simulate and release the draft in the name of whoever asks, as a job. Refused, all is as it was before."""
    panel, person = panel_of(request), person_in(request)
    request.state.detail = {"file": file, "note": body.note}
    _must_be_free(panel)
    cell, draft = await panel.files.cell(), panel.recipes.draft(file)
    if draft is None and file not in panel.recipes.in_use(cell):
        raise refusal("panel.not_found", f"There is no recipe {file!r}.")
    if draft is not None:
        found = await asyncio.get_running_loop().run_in_executor(panel.pool, findings, cell, file, draft)
        if found:
            raise refusal("panel.refused", f"Line {found[0].line}: {found[0].message}", "Correct what the check finds.")
    path, finished = panel.recipes.install(cell, file)
    where = (str(path), "--cell", str(cell.path), "--json")
    commands = [
        ["recipe", "check", *where],
        ["recipe", "simulate", *where, "--runs", str(RELEASE_RUNS)],
        ["recipe", "release", *where, "--by", person.name, "--note", body.note],
    ]
    return job_out(panel.jobs.start(f"release {file}", person.name, commands, finished))


async def _tried(request: Request, file: str) -> tuple[Panel, Cell, FilePath]:
    """The panel, its cell, and a copy of the recipe to try; raises PanelError while another job runs."""
    panel = panel_of(request)
    _must_be_free(panel)
    cell = await panel.files.cell()
    path = await asyncio.get_running_loop().run_in_executor(panel.pool, panel.recipes.bench, cell, file)
    return panel, cell, path


def _must_be_free(panel: Panel) -> None:
    """Raises PanelError ``panel.busy`` while a job runs: it may have put a text into use that is not released yet."""
    if (job := panel.jobs.running) is not None:
        raise refusal("panel.busy", f"{job.by} has started '{job.what}', which still runs.")
