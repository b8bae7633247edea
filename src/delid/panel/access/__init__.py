"""Who may use the panel: roles, users, sessions, tokens, limits, and the audit list."""

from ._access import NOBODY, OPEN_NAME, Access, Rules, plain_address
from ._audit import Audit
from ._limits import Rate
from ._passwords import MAX_PASSWORD, MAX_PIN, MIN_PASSWORD, MIN_PIN, Cost, Passwords
from ._roles import Person, Role, Scope, Via
from ._sessions import Session, Sessions, Times
from ._store import Store
from ._tls import Tls, make_tls, names_of
from ._tokens import LONGEST_DAYS, Token
from ._users import User

__all__ = [
    "LONGEST_DAYS",
    "MAX_PASSWORD",
    "MAX_PIN",
    "MIN_PASSWORD",
    "MIN_PIN",
    "NOBODY",
    "OPEN_NAME",
    "Access",
    "Audit",
    "Cost",
    "Passwords",
    "Person",
    "Rate",
    "Role",
    "Rules",
    "Scope",
    "Session",
    "Sessions",
    "Store",
    "Times",
    "Tls",
    "Token",
    "User",
    "Via",
    "make_tls",
    "names_of",
    "plain_address",
]
