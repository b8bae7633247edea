"""In and out: set-up, login, PIN, own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from .._models import Name, Seconds, Strict
from .._refusals import refusal
from ..access import MAX_PASSWORD, MAX_PIN, Person, Role, Scope, Session, User, Via
from ._asking import panel_of, person_in
from ._calls import Calls
from ._route import COOKIE, SECURE_COOKIE

CALLS = Calls("session", Scope.VIEW)
Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
Pin = Annotated[str, Field(min_length=1, max_length=MAX_PIN)]


class SessionOut(Strict):
    """Who the panel takes you for, and what that allows now."""

    set_up: bool
    """False before the first admin was made; then the link that the panel printed leads to the set-up."""
    open: bool
    """Open mode: nobody logs in, everybody who reaches the panel on this machine may do what ``role`` may."""
    name: str | None
    role: Role | None
    locked: bool
    """Nobody used the panel for a while: looking, Hold and Stop work, the rest takes the PIN."""
    stepped_up: bool
    """The PIN was given lately: release, overruling, users and the manual modes are open."""
    stepped_up_until: Seconds | None
    must_change: bool
    """The password was given by somebody else; change it first."""
    has_pin: bool
    locks_in_s: float | None
    """Seconds until the panel locks if nobody does anything."""
    ends_at: Seconds | None
    local: bool
    """On the machine itself, where Hold and Stop need no login."""


class SetupIn(Strict):
    code: Annotated[str, Field(min_length=1, max_length=100)]
    """Part of the link that the panel printed: what stands behind ``#setup=``."""
    name: Name
    password: Password
    pin: Pin


class LoginIn(Strict):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password


class PinIn(Strict):
    pin: Pin


class PasswordIn(Strict):
    old: Password
    new: Password
    pin: Pin | None = None
    """A new PIN; needed where there is none yet."""


@CALLS.get("/session", None, SessionOut, idle=True)
async def session(request: Request) -> SessionOut:
    """Who am I?"""
    return _session(request, person_in(request))


@CALLS.post("/session/set-up", None, SessionOut, keyed=False)
async def set_up(request: Request, response: Response, body: SetupIn) -> SessionOut:
    """Make the first admin and log in, with the code that the panel printed when it started."""
    access = panel_of(request).access
    address = person_in(request).address
    number, user, begun = await access.set_up(body.code, body.name, body.password, body.pin, address)
    return await _begun(request, response, number, user, begun)


@CALLS.post("/session/login", None, SessionOut, keyed=False)
async def login(request: Request, response: Response, body: LoginIn) -> SessionOut:
    """Log in. The session that was there before ends; its number is never used again."""
    access = panel_of(request).access
    request.state.detail = {"name": body.name}
    if access.setup_code:
        raise refusal("panel.not_set_up", "There is nobody yet who could log in.")
    number, user, begun = await access.log_in(body.name, body.password, person_in(request).address)
    return await _begun(request, response, number, user, begun)


@CALLS.post("/session/logout", None, SessionOut, keyed=False)
async def logout(request: Request, response: Response) -> SessionOut:
    """Log out."""
    person = person_in(request)
    if person.session:
        await panel_of(request).access.sessions.end(person.session)
    name = _cookie_name(request)
    response.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="strict")
    nobody = await panel_of(request).access.who(person.address, None, None)
    return _session(request, nobody)


@CALLS.post("/session/step-up", None, SessionOut, keyed=False)
async def step_up(request: Request, body: PinIn) -> SessionOut:
    """Give the PIN: it unlocks the panel, and opens for some minutes what takes the PIN."""
    access, person = panel_of(request).access, person_in(request)
    await access.step_up(person, body.pin)
    return _session(request, await _again(request))


@CALLS.post("/session/lock", None, SessionOut, keyed=False, idle=True)
async def lock(request: Request) -> SessionOut:
    """Lock now, when going away."""
    found = panel_of(request).access.sessions.by_digest(person_in(request).session)
    if found is not None:
        found.locked, found.step_up_until_s = True, 0.0
    return _session(request, await _again(request))


@CALLS.post("/session/touch", Role.VIEWER, SessionOut, keyed=False, audited=False)
async def touch(request: Request) -> SessionOut:
    """Somebody is there: a key, a touch, a movement of the mouse. Sent by the page, once a minute at most."""
    return _session(request, person_in(request))


@CALLS.post("/session/password", None, SessionOut, keyed=False)
async def change_password(request: Request, body: PasswordIn) -> SessionOut:
    """Choose a new password, and PIN. All other sessions of the same person end."""
    access, person = panel_of(request).access, person_in(request)
    if person.via is not Via.SESSION:
        raise refusal("panel.no_session", "Only somebody who is logged in has a password.")
    await access.check_own_password(person, body.old)
    if body.pin is None and not access.users.get(person.name).has_pin:
        raise refusal("panel.weak", "Choose a PIN too.")
    await access.users.change(person.name, body.new, body.pin)
    await access.sessions.end_all_of(person.name, but=person.session)
    return _session(request, await _again(request))


async def _begun(request: Request, response: Response, number: str, user: User, begun: Session) -> SessionOut:
    access, before = panel_of(request).access, person_in(request)
    if before.session:
        await access.sessions.end(before.session)
    name = _cookie_name(request)
    response.set_cookie(
        name, number, max_age=int(access.sessions.times.session_s), path="/", httponly=True, samesite="strict",
        secure=name == SECURE_COOKIE,
    )  # fmt: skip
    request.state.person = access.person_of(user, begun, before.address)
    return _session(request, request.state.person)


async def _again(request: Request) -> Person:
    person = person_in(request)
    found = panel_of(request).access.sessions.by_digest(person.session)
    user = panel_of(request).access.users.find(person.name)
    return panel_of(request).access.person_of(user, found, person.address) if found and user else person


def _cookie_name(request: Request) -> str:
    return SECURE_COOKIE if request.url.scheme == "https" else COOKIE


def _session(request: Request, person: Person) -> SessionOut:
    access = panel_of(request).access
    found = access.sessions.by_digest(person.session)
    user = access.users.find(person.name) if found else None
    times, now_s = access.sessions.times, access.clock.wall_s()
    known = person.role is not None
    return SessionOut(
        set_up=not access.setup_code, open=access.open_as is not None, name=person.name if known else None,
        role=person.role, locked=person.locked, stepped_up=person.stepped_up,
        stepped_up_until=found.step_up_until_s if found and person.stepped_up else None,
        must_change=person.must_change, has_pin=bool(user and user.has_pin),
        locks_in_s=max(0.0, found.seen_s + times.idle_lock_s - now_s) if found and not found.locked else None,
        ends_at=found.began_s + times.session_s if found else None, local=person.is_local,
    )  # fmt: skip
