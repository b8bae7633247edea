"""The battery's record: list, page, proof, account, exports, the safety judgement, legal hold and retention."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import Response

from .._models import Done
from .._refusals import refusal
from ..access import Role, Scope
from ..files import MOST_PHOTO_BYTES
from ._asking import by_of, panel_of, person_in
from ._bodies import JPEG_OR_PNG, body_of, check_picture
from ._calls import Calls
from ._record_models import (
    HoldIn,
    HoldOut,
    JudgementIn,
    JudgementListOut,
    JudgementOut,
    PhotoKept,
    ProofOut,
    RecordAccountOut,
    RecordOut,
    RecordsOut,
    RetentionOut,
)
from ._record_views import account_out, judgement_of, line_of, list_out, proof_out, record_out

CALLS = Calls("record", Scope.VIEW)
Which = Annotated[str, Query(min_length=1, max_length=200, description="the identity of the battery or module")]
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
          "description": "The file."},
}  # fmt: skip


@CALLS.get("/records", Role.VIEWER, RecordsOut)
async def records(
    request: Request,
    words: Annotated[
        str, Query(max_length=200, description="the beginning of an identity, label, run, place or receiver")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RecordsOut:
    """Batteries on record; without words the newest ones."""
    found = await panel_of(request).records.find(words, limit)
    return RecordsOut(batteries=[line_of(one) for one in found])


@CALLS.get("/record", Role.VIEWER, RecordOut)
async def record(request: Request, battery: Which) -> RecordOut:
    """One battery's record with all its entries."""
    return record_out(*await panel_of(request).records.battery(battery))


@CALLS.get("/record/proof", Role.VIEWER, ProofOut)
async def record_proof(request: Request, battery: Which) -> ProofOut:
    """Verify the record now: its entries are exported with their proofs, and that export is verified."""
    return proof_out(*await panel_of(request).records.proof(battery))


@CALLS.get("/record/account", Role.VIEWER, RecordAccountOut)
async def record_account(request: Request, battery: Which) -> RecordAccountOut:
    """Energy, carbon, materials and deadlines, worked out from the record."""
    return account_out(*await panel_of(request).records.account(battery))


@CALLS.get("/record/export", Role.VIEWER, response_class=Response, answers=FILE)
async def record_export(
    request: Request,
    battery: Which,
    format: Literal["pdf", "html", "json", "csv", "epcis", "passport", "aasx", "proof"],
    language: Annotated[Literal["en", "zh"], Query(description="of a certificate")] = "en",
) -> Response:
    """The record as a file. People stand in it under pseudonyms. ``proof``: the entries with their proofs."""
    content, media_type, name = await panel_of(request).records.export(battery, format, language)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


@CALLS.get("/record/judgement", Role.VIEWER, JudgementListOut)
async def judgement_list(request: Request) -> JudgementListOut:
    """What a safety judgement asks, item by item."""
    return list_out(await panel_of(request).records.judgement())


@CALLS.post("/record/judgement", Role.OPERATOR, JudgementOut, scope=Scope.COMMAND)
async def judge(request: Request, body: JudgementIn) -> JudgementOut:
    """Record a safety judgement. Any yes fails it, and so does an item that was not judged."""
    request.state.detail = {"battery": body.battery, "judgement": body.judgement}
    records = panel_of(request).records
    digests = [digest for item in body.items for digest in item.photos]
    if missing := await records.missing_photos(digests):
        raise refusal("panel.bad_request", f"There is no picture {missing[0]}.", "Send the photographs first.")
    made = functools.partial(judgement_of, body)
    entry = await records.judge(body.battery, made, by_of(person_in(request)))
    said = entry.payload
    return JudgementOut(
        seq=entry.seq, passed=said["passed"], hazard_class=said["hazard_class"], reasons=list(said["reasons"])
    )


@CALLS.put("/record/photo", Role.OPERATOR, PhotoKept, scope=Scope.COMMAND, extra=JPEG_OR_PNG)
async def put_record_photo(request: Request, battery: Which) -> PhotoKept:
    """Keep a photograph for an entry that is to come; the entry names it by its digest."""
    content = await body_of(request, ("image/jpeg", "image/png"), MOST_PHOTO_BYTES)
    check_picture(content)
    return PhotoKept(sha256=(await panel_of(request).records.keep_photo(battery, content)).sha256)


@CALLS.get("/record/photo", Role.VIEWER, response_class=Response, answers=FILE)
async def record_photo(
    request: Request, sha256: Annotated[str, Query(pattern="^[0-9a-f]{64}$", description="its digest")]
) -> Response:
    """A photograph that an entry names."""
    content, media_type = await panel_of(request).records.photo(sha256)
    return Response(content, media_type=media_type)


@CALLS.post("/record/hold", Role.ENGINEER, HoldOut, scope=Scope.COMMAND, step_up=True)
async def hold_record(request: Request, body: HoldIn) -> HoldOut:
    """Put a battery on legal hold, or lift the hold: while it is on, nothing of the record is deleted."""
    request.state.detail = {"battery": body.battery, "on": body.on, "reason": body.reason}
    main = await panel_of(request).records.hold(body.battery, body.on, body.reason, by_of(person_in(request)))
    return HoldOut(battery=main, on=body.on)


@CALLS.get("/record/retention", Role.ENGINEER, RetentionOut)
async def retention(request: Request) -> RetentionOut:
    """What the site's rules of retention would delete now."""
    plan = await panel_of(request).records.retention()
    return RetentionOut(photos=len(plan.photos), people=len(plan.people), held=len(plan.held), rule=plan.rule)


@CALLS.post("/record/retention", Role.ADMIN, Done, scope=Scope.ADMIN, step_up=True)
async def apply_retention(request: Request) -> Done:
    """Delete what the rules of retention say, and write into the ledger what was deleted."""
    await panel_of(request).records.retain(by_of(person_in(request)))
    return Done()
