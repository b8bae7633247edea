"""Unix socket files: their names, their rights, and the check that nobody else serves them."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from delid.core import IpcError

LONGEST_PATH = 107
"""Bytes that Linux takes in the address of a Unix socket (unix(7): 108 with the closing zero)."""


@dataclass(frozen=True, slots=True)
class SocketPaths:
    """The two socket files of one cell: requests, and the newest state and frame."""

    requests: Path
    values: Path

    @classmethod
    def of(cls, socket_path: Path) -> SocketPaths:
        """The absolute paths that belong to ``socket_path``; raises IpcError ``ipc.path_too_long``."""
        base = Path(os.path.abspath(socket_path))
        paths = cls(base, base.with_name(base.name + ".pub"))
        longest = len(os.fsencode(paths.values))
        if longest > LONGEST_PATH:
            raise IpcError(
                f"The socket path {base} needs {longest} bytes; a Unix socket takes at most {LONGEST_PATH}.",
                hint="Give a shorter path as 'socket' in the cell file, for example one under /run.",
                code="ipc.path_too_long",
            )
        return paths


def make_folder(path: Path) -> None:
    """Create the folder of a socket for this user only; a folder that exists keeps its rights."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise IpcError(
            f"The folder {path.parent} for the cell's socket cannot be made: {error.strerror}.",
            hint="Check the folder's owner and rights, or give another path as 'socket' in the cell file.",
            code="ipc.no_folder",
        ) from error


def listening_fd(path: Path) -> int:
    """A listening Unix socket at ``path`` that only this user may open; the caller owns the descriptor.

    Raises IpcError ``ipc.in_use`` when another process serves the path, ``ipc.no_socket`` when it cannot be made.
    """
    make_folder(path)
    _remove_if_dead(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # On Linux bind() gives the file the mode of the descriptor, so that there is no moment with wider rights.
        os.fchmod(listener.fileno(), 0o600)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(16)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise IpcError(
            f"The socket {path} cannot be made: {error.strerror or error}.",
            hint="Check the folder's owner and rights, or give another path as 'socket' in the cell file.",
            code="ipc.no_socket",
        ) from error
    return listener.detach()


def _remove_if_dead(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise IpcError(
            f"{path} exists and is not a socket.",
            hint="Move that file away, or give another path as 'socket' in the cell file.",
            code="ipc.in_use",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError:
            pass
    raise IpcError(
        f"Another process already serves {path}.",
        hint="Only one cell process may run a cell: stop the other one first.",
        code="ipc.in_use",
    )
