"""The gate: who somebody is, what that somebody may do now, and the ways in and out."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from concurrent.futures import Executor as Pool
from dataclasses import dataclass

from delid.core import Clock, PanelError

from .._refusals import refusal
from ._audit import Audit
from ._limits import LOGIN, LOGINS, PIN, SETUP, Bucket, Rate, Tries
from ._passwords import Cost, Passwords
from ._roles import Person, Role, Scope, Via
from ._sessions import Session, Sessions, Times
from ._store import Store
from ._tokens import Tokens
from ._users import User, Users

NOBODY = "nobody"
OPEN_NAME = "panel"
"""Who acts in open mode, where nobody is asked for a name."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How strict the panel is."""

    times: Times
    cost: Cost
    open_as: Role | None
    rate: Rate


class Access:
    """Users, sessions, tokens and the audit list of one panel."""

    def __init__(self, store: Store, clock: Clock, pool: Pool, rules: Rules) -> None:
        self.store, self.clock, self.open_as = store, clock, rules.open_as
        self.users = Users(store, Passwords(pool, rules.cost), clock)
        self.sessions = Sessions(store, clock, rules.times)
        self.tokens = Tokens(store, clock)
        self.audit = Audit(store, clock)
        self._tries = Tries()
        self._logins = Bucket(LOGINS)
        self._requests = Bucket(rules.rate)
        self.setup_code = "" if rules.open_as or self.users.any() else secrets.token_urlsafe(16)

    async def who(self, address: str, cookie: str | None, bearer: str | None) -> Person:
        """The person behind a request. A token that is wrong is refused; a cookie that is old is nobody's."""
        address = plain_address(address)
        if bearer is not None:
            return await self._by_token(address, bearer)
        if self.open_as is not None:
            return Person(OPEN_NAME, self.open_as, Via.OPEN, address, stepped_up=True)
        session = self.sessions.find(cookie) if cookie else None
        user = self.users.find(session.user) if session else None
        if session is None or user is None or user.disabled:
            return Person(NOBODY, None, Via.NOBODY, address)
        return self.person_of(user, session, address)

    def person_of(self, user: User, session: Session, address: str) -> Person:
        return Person(
            user.name, user.role, Via.SESSION, address, session.digest,
            locked=session.locked, stepped_up=self.sessions.stepped_up(session), must_change=user.must_change,
        )  # fmt: skip

    async def _by_token(self, address: str, bearer: str) -> Person:
        key = f"token at {address}"
        self._tries.check(key, self.clock.now_s())
        token = await self.tokens.find(bearer)
        owner = self.users.find(token.owner) if token else None
        if token is None or owner is None or owner.disabled:
            self._tries.wrong(key, LOGIN["address"], self.clock.now_s())
            raise refusal("panel.no_session", "This token is not valid: wrong, expired or taken back.")
        role = token.role if owner.role.covers(token.role) else owner.role
        return Person(f"{owner.name} (token {token.title})", role, Via.TOKEN, address, scopes=token.scopes)

    def check(self, person: Person, role: Role, scope: Scope, step_up: bool = False, looking: bool = False) -> None:
        """Raises PanelError when ``person`` may not do what needs this; ``looking`` changes nothing."""
        if person.role is None:
            raise refusal("panel.no_session", "Nobody is logged in.")
        if person.scopes is not None and scope not in person.scopes:
            raise refusal("panel.scope", f"This token has not the scope '{scope}'.")
        if not person.role.covers(role):
            raise refusal("panel.role", f"This takes the role {role}; {person.name} has {person.role}.")
        if person.must_change:
            raise refusal("panel.must_change", "The password was given by somebody else.")
        if person.locked and not looking:
            raise refusal("panel.locked", "The panel is locked, as nobody used it for a while.")
        if step_up and not person.stepped_up:
            raise refusal("panel.step_up", "This takes your PIN.")

    def check_rate(self, address: str) -> None:
        """Raises PanelError ``panel.too_many``; not asked for Hold and Stop."""
        self._requests.take(plain_address(address), self.clock.now_s())

    async def set_up(self, code: str, name: str, password: str, pin: str, address: str) -> tuple[str, User, Session]:
        """Make the first admin, with the code that the panel printed."""
        key = f"set-up at {plain_address(address)}"
        self._tries.check(key, self.clock.now_s())
        if not self.setup_code:
            raise refusal("panel.set_up", "The panel is set up already.")
        if not hmac.compare_digest(code.encode(), self.setup_code.encode()):
            self._tries.wrong(key, SETUP, self.clock.now_s())
            raise refusal("panel.wrong_code", "This is not the code that the panel printed.")
        kept, self.setup_code = self.setup_code, ""  # nobody else gets in while the password is hashed
        try:
            user = await self.users.add(name, Role.ADMIN, password, pin, by=name)
        except PanelError:
            self.setup_code = kept
            raise
        number, session = await self.sessions.begin(user.name, address)
        return number, user, session

    async def log_in(self, name: str, password: str, address: str) -> tuple[str, User, Session]:
        """A new session; what counts wrong tries is in the table LOGIN."""
        address, now_s = plain_address(address), self.clock.now_s()
        keys = {"user at address": f"{name.casefold()} at {address}", "address": address, "user": name.casefold()}
        for kind, key in keys.items():
            self._tries.check(f"{kind}: {key}", now_s)
        self._logins.take(address, now_s)
        user = await self.users.verify_password(name, password)
        if user is None:
            for kind, key in keys.items():
                self._tries.wrong(f"{kind}: {key}", LOGIN[kind], now_s)
            raise refusal("panel.wrong_login", "Name or password is wrong.")
        self._tries.right(f"user at address: {keys['user at address']}")
        await self.sessions.forget_old()
        number, session = await self.sessions.begin(user.name, address)
        return number, user, session

    async def step_up(self, person: Person, pin: str) -> None:
        """Unlock the session and allow what needs the PIN for a while; too many wrong ones end the session."""
        session = self.sessions.by_digest(person.session)
        if session is None:
            raise refusal("panel.no_session", "Only somebody who is logged in has a PIN.")
        key, now_s = f"pin of {person.name}", self.clock.now_s()
        self._tries.check(key, now_s)
        if await self.users.verify_pin(person.name, pin):
            self._tries.right(key)
            await self.sessions.step_up(session)
            return
        if self._tries.wrong(key, PIN, now_s):
            await self.sessions.end(session.digest)
        raise refusal("panel.wrong_pin", "This PIN is wrong, or there is none yet.")

    async def check_own_password(self, person: Person, password: str) -> None:
        """Raises PanelError ``panel.wrong_login``; too many wrong ones end the session."""
        key, now_s = f"password of {person.name}", self.clock.now_s()
        self._tries.check(key, now_s)
        if await self.users.verify_password(person.name, password) is None:
            if self._tries.wrong(key, PIN, now_s):
                await self.sessions.end(person.session)
            raise refusal("panel.wrong_login", "The old password is wrong.")
        self._tries.right(key)


def plain_address(address: str) -> str:
    """An IPv4 address that came over IPv6 as IPv4."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
