"""Recordings judged on a Dask cluster. Workers need delid, and the same paths to models and recordings."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from delid.core import DelidError, UsageError

from ._order import AHEAD, InOrder
from ._poison import poisoned
from ._setup import Setup
from ._sources import Source
from ._worker import Judged, Worker

CONNECT_S = 20.0
ALLOWED_FAILURES = 3
"""What a scheduler allows unless it is told otherwise: a task whose worker died more often is given up."""
_here = threading.local()


def judge_there(setup_digest: str, source: Source) -> Judged:
    """Runs on a worker: judge with the setup that was sent to it; one inspector for each thread."""
    from distributed import get_worker

    if getattr(_here, "digest", None) != setup_digest:
        worker, setup = get_worker().delid_setups[setup_digest]
        _here.worker, _here.digest = worker(setup), setup_digest
    found: Judged = _here.worker.judge(source)
    return found


class DaskPool:
    """A cluster at ``address``, for example ``tcp://10.0.0.5:8786``. See ``ProcessPool`` for the rest.

    Raises UsageError where Dask is not installed, the cluster does not answer or has no worker.
    """

    def __init__(
        self,
        setup: Setup,
        address: str,
        *,
        on_done: Callable[[Judged], None] | None = None,
        worker: type[Worker] = Worker,
    ) -> None:
        self._setup, self._address, self._worker = setup, address, worker
        self._on_done = on_done or (lambda _: None)
        self._digest = setup.digest()
        self._order, self._begun = InOrder(), 0
        self._jobs: dict[str, tuple[int, Source]] = {}
        self._suspects: list[tuple[int, Source]] = []

    def run(self, sources: Iterable[Source]) -> Generator[Judged, None, None]:
        """Judge every source, in order; closing the iterator cancels what is not done."""
        distributed = _distributed()
        client = self._connect(distributed)
        try:
            plugin = _plugin(distributed, self._digest, (self._worker, self._setup))
            client.register_plugin(plugin, name=f"delid-{self._digest[:16]}")
            yield from self._run(distributed, client, sources)
        finally:
            client.close()

    def _connect(self, distributed: Any) -> Any:
        hint = "Check the address, and that it runs: dask scheduler; dask worker ADDRESS --nthreads 1."
        try:
            _knock(self._address)
            client = distributed.Client(self._address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"the Dask cluster {self._address} does not answer: {error}.", hint=hint) from error
        if not client.nthreads():
            client.close()
            raise UsageError(f"the Dask cluster {self._address} has no worker.", hint=hint)
        return client

    def _run(self, distributed: Any, client: Any, sources: Iterable[Source]) -> Generator[Judged, None, None]:
        todo, begun = enumerate(sources), distributed.as_completed(loop=client.loop)
        while True:
            for number, source in islice(todo, self._room(client)):
                begun.add(self._submit(client, number, source))
                self._begun = number + 1
            if not begun.is_empty():
                self._collect(next(begun))
            elif self._suspects:
                self._alone(distributed, client, *self._suspects.pop(0))
            else:
                return
            if client.status != "running":
                raise UsageError(
                    f"the Dask cluster {self._address} is gone.", hint="Start it again and go on with --resume."
                )
            yield from self._order.take()

    def _room(self, client: Any) -> int:
        """How many more may be begun: two for each thread, and not too far ahead of the oldest unfinished one."""
        threads: int = max(1, sum(client.nthreads().values()))
        return max(0, min(2 * threads - len(self._jobs), AHEAD * threads - (self._begun - self._order.next)))

    def _submit(self, client: Any, number: int, source: Source) -> Any:
        key = f"delid-replay-{self._digest[:12]}-{number}-{source.name}"
        self._jobs[key] = (number, source)
        return client.submit(judge_there, self._digest, source, key=key, pure=False, retries=1)

    def _collect(self, future: Any) -> None:
        number, source = self._jobs.pop(future.key)
        judged = self._result(future, source)
        if judged is None:
            # A worker that dies takes the tasks that waited on it into suspicion; each is tried alone at the end.
            self._suspects.append((number, source))
        else:
            self._done(number, judged)

    def _result(self, future: Any, source: Source) -> Judged | None:
        """The judgement; None where workers died over it."""
        if future.status == "finished":
            found: Judged = future.result()
            return found
        error = future.exception() if future.status == "error" else None
        if error is None or type(error).__name__ in ("KilledWorker", "CancelledError"):
            return None
        return Judged(source, error=_failed_there(source, error))

    def _alone(self, distributed: Any, client: Any, number: int, source: Source) -> None:
        """Try a recording over which workers died with nothing beside it."""
        future = self._submit(client, number, source)
        next(distributed.as_completed([future], loop=client.loop))
        self._jobs.pop(future.key)
        judged = self._result(future, source)
        self._done(number, judged or poisoned(source, "was killed", 2 * (ALLOWED_FAILURES + 1)))

    def _done(self, number: int, judged: Judged) -> None:
        self._on_done(judged)
        self._order.put(number, judged)


def _knock(address: str) -> None:
    """Raise OSError or ValueError at once where nobody listens; a client of Dask would go on trying on its thread."""
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        raise ValueError("an address looks like tcp://HOST:8786")
    socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_S).close()


def _distributed() -> Any:
    try:
        import distributed  # an extra: no cell needs it
    except ImportError as error:
        raise UsageError("--dask needs Dask.", hint='Install it: pip install "delid[dask]".') from error
    return distributed


def _plugin(distributed: Any, digest: str, setup: tuple[type[Worker], Setup]) -> Any:
    """Brings the setup to every worker, also to those that come later or start again."""

    class SetupPlugin(distributed.WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            known = getattr(worker, "delid_setups", {})
            worker.delid_setups = {**known, digest: setup}

    return SetupPlugin()


def _failed_there(source: Source, error: BaseException) -> DelidError:
    if isinstance(error, DelidError):
        return error
    return UsageError(
        f"{source.url}: a worker of the cluster cannot judge it: {type(error).__name__}: {error}.",
        hint="Check that the workers have the same version of delid, and see their logs.",
    )
