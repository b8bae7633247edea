"""Users, tokens, the audit list. All of it takes an admin; changes take the PIN as well."""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import Field

from .._models import Done, Name, Seconds, Strict
from .._refusals import refusal
from ..access import LONGEST_DAYS, Role, Scope, Token, User, Via
from ._asking import panel_of, person_in
from ._calls import Calls

CALLS = Calls("admin", Scope.ADMIN)
NEWEST = 200
"""Audit entries whose digests are checked each time that the list is looked at."""
UserName = Annotated[str, Path(max_length=64)]


class UserOut(Strict):
    name: str
    role: Role
    must_change: bool
    disabled: bool
    has_pin: bool
    created_at: Seconds
    created_by: str
    sessions: int
    """Where this person is logged in now."""


class UsersOut(Strict):
    users: list[UserOut]


class UserIn(Strict):
    name: Name
    role: Role


class UserEdit(Strict):
    role: Role | None = None
    disabled: bool | None = None


class NewPassword(Strict):
    """A password to hand over. It is told this once, and must be changed with the first login."""

    user: UserOut
    password: str


class TokenOut(Strict):
    id: str
    title: str
    owner: str
    role: Role
    scopes: list[Scope]
    created_at: Seconds
    expires_at: Seconds
    used_at: Seconds | None


class TokensOut(Strict):
    tokens: list[TokenOut]


class TokenIn(Strict):
    title: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]
    role: Role
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=8)]
    days: Annotated[float, Field(gt=0, le=LONGEST_DAYS)]


class NewToken(Strict):
    """The token itself is told this once; only its digest is kept."""

    token: TokenOut
    text: str


class AuditLine(Strict):
    seq: int
    at: Seconds
    who: str
    role: str
    via: str
    address: str
    what: str
    """The call, by its name in the description of the API."""
    target: str
    status: int
    """The HTTP status of the answer."""
    code: str
    """Of the refusal, if it was refused."""
    detail: dict[str, Any]


class AuditOut(Strict):
    lines: list[AuditLine]
    first_broken: int | None
    """The first entry that was changed after it was written; null if all hold."""


@CALLS.get("/users", Role.ADMIN, UsersOut)
async def users(request: Request) -> UsersOut:
    """Everybody who may log in."""
    return UsersOut(users=[_user(request, user) for user in panel_of(request).access.users.all()])


@CALLS.post("/users", Role.ADMIN, NewPassword, step_up=True, secret=True)
async def add_user(request: Request, body: UserIn) -> NewPassword:
    """Add somebody; the answer has a password to hand over."""
    users = panel_of(request).access.users
    request.state.detail = {"name": body.name, "role": body.role}
    password = secrets.token_urlsafe(12)
    user = await users.add(body.name, body.role, password, None, by=person_in(request).name)
    return NewPassword(user=_user(request, user), password=password)


@CALLS.patch("/users/{name}", Role.ADMIN, UserOut, step_up=True)
async def edit_user(request: Request, name: UserName, body: UserEdit) -> UserOut:
    """Give another role, disable or enable. The person's sessions end."""
    access = panel_of(request).access
    request.state.detail = body.model_dump(mode="json", exclude_none=True)
    user = await access.users.edit(name, body.role, body.disabled)
    await access.sessions.end_all_of(user.name, but=person_in(request).session)
    return _user(request, user)


@CALLS.post("/users/{name}/password", Role.ADMIN, NewPassword, step_up=True, secret=True)
async def reset_password(request: Request, name: UserName) -> NewPassword:
    """Give somebody a new password to hand over. The PIN is forgotten, the sessions end."""
    access = panel_of(request).access
    user = access.users.get(name)
    password = await access.users.reset(user.name)
    await access.sessions.end_all_of(user.name)
    return NewPassword(user=_user(request, access.users.get(name)), password=password)


@CALLS.delete("/users/{name}", Role.ADMIN, Done, step_up=True)
async def remove_user(request: Request, name: UserName) -> Done:
    """Remove somebody, with sessions and tokens. What the person did stays in the audit list."""
    access = panel_of(request).access
    user = access.users.get(name)
    await access.users.remove(user.name)
    await access.sessions.end_all_of(user.name)
    await access.tokens.remove_all_of(user.name)
    return Done()


@CALLS.get("/tokens", Role.ADMIN, TokensOut)
async def tokens(request: Request) -> TokensOut:
    """All tokens, those that are over too."""
    return TokensOut(tokens=[_token(token) for token in panel_of(request).access.tokens.all()])


@CALLS.post("/tokens", Role.ADMIN, NewToken, step_up=True, secret=True)
async def add_token(request: Request, body: TokenIn) -> NewToken:
    """Make a token for a program. It has an end, and never more rights than whoever made it."""
    panel, person = panel_of(request), person_in(request)
    request.state.detail = body.model_dump(mode="json")
    if person.via is Via.OPEN:
        raise refusal("panel.refused", "In open mode there are no tokens.", "Start the panel without --open.")
    if Scope.ADMIN in body.scopes or body.role is Role.ADMIN:
        raise refusal("panel.refused", "No token manages users.", "Choose another role and other scopes.")
    text, token = await panel.access.tokens.add(body.title, person.name, body.role, body.scopes, body.days)
    return NewToken(token=_token(token), text=text)


@CALLS.delete("/tokens/{token}", Role.ADMIN, Done, step_up=True)
async def remove_token(request: Request, token: Annotated[str, Path(max_length=64)]) -> Done:
    """Take a token back; it is not valid any more from now on."""
    await panel_of(request).access.tokens.remove(token)
    return Done()


@CALLS.get("/audit", Role.ADMIN, AuditOut)
async def audit(
    request: Request,
    who: Annotated[str, Query(max_length=64)] = "",
    what: Annotated[str, Query(max_length=64, description="part of the name of a call")] = "",
    before: Annotated[int | None, Query(ge=0, le=2**62, description="entries before this one")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    whole: Annotated[bool, Query(description="check the digests of the whole list, not of the newest only")] = False,
) -> AuditOut:
    """Who did what, from where, and what came of it; newest first."""
    found = panel_of(request).access.audit
    lines = [
        AuditLine(
            seq=row["seq"], at=row["at_s"], detail=json.loads(row["detail"]),
            **{name: row[name] for name in ("who", "role", "via", "address", "what", "target", "status", "code")},
        )
        for row in found.page(who, what, before, limit)
    ]  # fmt: skip
    return AuditOut(lines=lines, first_broken=await found.first_broken(None if whole else NEWEST))


def _user(request: Request, user: User) -> UserOut:
    return UserOut(
        name=user.name, role=user.role, must_change=user.must_change, disabled=user.disabled, has_pin=user.has_pin,
        created_at=user.created_s, created_by=user.created_by,
        sessions=len(panel_of(request).access.sessions.of(user.name)),
    )  # fmt: skip


def _token(token: Token) -> TokenOut:
    return TokenOut(
        id=token.id, title=token.title, owner=token.owner, role=token.role, scopes=sorted(token.scopes),
        created_at=token.created_s, expires_at=token.expires_s, used_at=token.used_s,
    )  # fmt: skip
