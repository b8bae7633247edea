"""Recipes: the texts in use, drafts, and what the checker says of them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import Field

from delid.config import schema_text

from .._models import Done, Strict
from .._refusals import refusal
from ..access import Role, Scope
from ..files import FILE, difference, findings
from ._asking import panel_of
from ._calls import Calls

CALLS = Calls("recipes", Scope.RECIPES)
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
    import json

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
