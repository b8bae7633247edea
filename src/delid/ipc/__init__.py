"""The line between cell process and panel process: requests with a deadline, and the latest state and frame."""

from ._client import CellClient
from ._messages import MEASURED, REQUESTS, Message, check_request, failure
from ._server import CellServer
from ._socket import LONGEST_PATH, SocketPaths

__all__ = [
    "LONGEST_PATH",
    "MEASURED",
    "REQUESTS",
    "CellClient",
    "CellServer",
    "Message",
    "SocketPaths",
    "check_request",
    "failure",
]
