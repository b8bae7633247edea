"""Packs: what the cell knows, and lessons from photographs, sent or taken by the cell's own camera."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import Field

from .._models import Done, Strict
from .._refusals import refusal
from ..access import Role, Scope
from ..files import MOST_PHOTO_BYTES, Job
from ._asking import panel_of, person_in
from ._bodies import JPEG_OR_PNG, body_of
from ._calls import Calls
from ._diagnostic_calls import JobOut, job_out

CALLS = Calls("packs", Scope.PACKS)
MOST_ARCHIVE_BYTES = 64 * 2**20
PackName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="The name of a pack.")]
FileName = Annotated[str, Path(max_length=100)]
ZIP: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class PackOut(Strict):
    name: str
    title: str | None
    """None for a pack that is taught without a pack file."""
    file: dict[str, Any] | None
    """The pack file."""
    recipes: list[str]
    taught: bool


class PacksOut(Strict):
    packs: list[PackOut]


class PhotoOut(Strict):
    name: str
    bytes: int


class PhotosOut(Strict):
    photos: list[PhotoOut]


class TeachIn(Strict):
    dry_run: bool = False
    """Only the report: each photograph judged without itself, and the expected confusion."""
    replace: bool = False
    """Teach anew a pack that is taught already; what was taught before is kept beside."""
    leave_out: bool = False
    """Go on without photographs that are not fit, if enough are left."""
    accept: Annotated[list[Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]], Field(max_length=10)] = []
    """Objections to overrule; that takes the PIN."""


@CALLS.get("/packs", Role.VIEWER, PacksOut, scope=Scope.VIEW)
async def packs(request: Request) -> PacksOut:
    """The packs of the cell, and those that are taught without a pack file."""
    return PacksOut(packs=await _packs(request))


@CALLS.get("/packs/{pack}", Role.VIEWER, PackOut, scope=Scope.VIEW)
async def one_pack(request: Request, pack: PackName) -> PackOut:
    """One pack, with its pack file."""
    found = next((p for p in await _packs(request) if p.name == pack), None)
    if found is None:
        raise refusal("panel.not_found", f"There is no pack {pack!r} in this cell.")
    return found


@CALLS.get("/packs/{pack}/photos", Role.ENGINEER, PhotosOut)
async def photos(request: Request, pack: PackName) -> PhotosOut:
    """The photographs that wait for a lesson."""
    return _photos(request, pack)


@CALLS.put("/packs/{pack}/photos/{name}", Role.ENGINEER, PhotosOut, extra=JPEG_OR_PNG)
async def put_photo(request: Request, pack: PackName, name: FileName) -> PhotosOut:
    """Send one photograph, as it is. ``lid.left.jpg`` is ``lid.jpg`` under a lamp from the left."""
    content = await body_of(request, ("image/jpeg", "image/png"), MOST_PHOTO_BYTES)
    panel_of(request).photos.put(pack, name, content)
    return _photos(request, pack)


@CALLS.post("/packs/{pack}/photos/archive", Role.ENGINEER, PhotosOut, extra=ZIP)
async def put_archive(request: Request, pack: PackName) -> PhotosOut:
    """Send a zip archive of photographs; all are taken or none."""
    panel = panel_of(request)
    content = await body_of(request, ("application/zip",), MOST_ARCHIVE_BYTES)
    await asyncio.get_running_loop().run_in_executor(panel.pool, panel.photos.put_archive, pack, content)
    return _photos(request, pack)


@CALLS.post("/packs/{pack}/photos/live", Role.ENGINEER, PhotosOut)
async def take_photo(request: Request, pack: PackName) -> PhotosOut:
    """Take what the cell's camera shows now as a photograph."""
    panel = panel_of(request)
    frame = panel.live.frame
    if frame is None or panel.live.error is not None:
        raise refusal("panel.no_frame", "The camera shows nothing now.")
    captured_s = float(frame.meta.get("captured_wall_s") or 0.0)
    if panel.clock.wall_s() - captured_s > 5.0:
        raise refusal("panel.no_frame", "The camera's last picture is old.")
    panel.photos.put(pack, f"live-{captured_s * 1000:.0f}.jpg", frame.jpeg)
    return _photos(request, pack)


@CALLS.delete("/packs/{pack}/photos/{name}", Role.ENGINEER, PhotosOut)
async def remove_photo(request: Request, pack: PackName, name: FileName) -> PhotosOut:
    """Take one photograph out."""
    panel_of(request).photos.remove(pack, name)
    return _photos(request, pack)


@CALLS.delete("/packs/{pack}/photos", Role.ENGINEER, Done)
async def remove_photos(request: Request, pack: PackName) -> Done:
    """Take all photographs out."""
    panel_of(request).photos.remove_all(pack)
    return Done()


@CALLS.post("/packs/{pack}/teach", Role.ENGINEER, JobOut)
async def teach(request: Request, pack: PackName, body: TeachIn) -> JobOut:
    """Teach the cell to recognise a pack from the photographs that were sent: ``delid packs teach``, as a job."""
    panel, person = panel_of(request), person_in(request)
    request.state.detail = {"pack": pack} | body.model_dump()
    if body.accept:
        panel.access.check(person, Role.ENGINEER, Scope.PACKS, step_up=True)
    cell = await panel.files.cell()
    if not panel.photos.of(pack):
        raise refusal("panel.refused", f"There are no photographs of {pack}.", "Send 5 to 20 first.")
    options = {"--dry-run": body.dry_run, "--replace": body.replace, "--leave-out": body.leave_out}
    arguments = [
        "packs", "teach", pack, "--photos", str(panel.photos.folder(pack)), "--cell", str(cell.path),
        "--by", person.name, "--json", *(name for name, on in options.items() if on),
        *(part for word in body.accept for part in ("--accept", word)),
    ]  # fmt: skip
    job: Job = panel.jobs.start(f"teach {pack}", person.name, [arguments])
    return job_out(job)


async def _packs(request: Request) -> list[PackOut]:
    cell = await panel_of(request).files.cell()
    gallery = cell.resolve(cell.spec.models.gallery)
    taught = {path.stem for path in gallery.glob("*.json")}
    found = [
        PackOut(
            name=pack.pack, title=pack.name, file=pack.model_dump(mode="json"), taught=pack.pack in taught,
            recipes=[r.spec.recipe for r in cell.recipes if {"*", pack.pack} & set(r.spec.serves.packs)],
        )
        for pack in cell.packs.values()
    ]  # fmt: skip
    others = sorted(taught - set(cell.packs))
    return [*found, *(PackOut(name=n, title=None, file=None, recipes=[], taught=True) for n in others)]


def _photos(request: Request, pack: str) -> PhotosOut:
    return PhotosOut(photos=[PhotoOut(name=n, bytes=size) for n, size in panel_of(request).photos.of(pack)])
