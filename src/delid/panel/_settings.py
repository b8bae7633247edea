"""How a panel is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ._guard import LOOPBACK_NAMES
from .access import Cost, Rate, Role, Times
from .files import DELID

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """One panel in front of one cell.

    Attributes:
        socket: of the cell process.
        data: folder of the panel's own data; made, and readable by the service's user only.
        cell: cell file, for runs, packs, recipes and diagnostics; without it there are none of them.
        hosts: the names under which it answers.
        open_as: open mode: nobody logs in, everybody has this role. For this machine only.
        tls: the address is served over HTTPS.
        times: of sessions.
        cost: of guessing a password.
        rate: of requests from one address.
        static: the built page.
        program: what does longer work, as the start of a command line.
        on_set_up: is told the code of the first set-up, while nobody can log in yet.
    """

    socket: Path
    data: Path
    cell: Path | None = None
    hosts: tuple[str, ...] = LOOPBACK_NAMES
    open_as: Role | None = None
    tls: bool = False
    times: Times = field(default_factory=Times)
    cost: Cost = field(default_factory=Cost)
    rate: Rate = field(default_factory=Rate)
    static: Path = STATIC
    program: tuple[str, ...] = DELID
    on_set_up: Callable[[str], None] = lambda code: None
