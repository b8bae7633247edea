"""Where recordings lie: files, folders, and URLs of any store that fsspec knows."""

from __future__ import annotations

import glob
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from delid.core import RecordingError, UsageError

SUFFIX = ".mcap"
PART = re.compile(r"^(?P<first>.+)\.(?:[2-9]|[1-9]\d+)\.mcap$")
"""A later part of a long recording: ``run.2.mcap`` follows ``run.mcap``."""


@dataclass(frozen=True, slots=True)
class Source:
    """One recording: a path, or a URL such as ``s3://bucket/line-2/0001.mcap``."""

    url: str

    @property
    def remote(self) -> bool:
        return "://" in self.url

    @property
    def name(self) -> str:
        """The recording's name; its reference has the same."""
        return PurePosixPath(self.url).stem


def find_sources(names: Sequence[str]) -> list[Source]:
    """Every recording that is meant: files as they are given, folders and URL patterns in the order of their names.

    Raises UsageError where there is nothing.
    """
    found: dict[str, Source] = {}
    for name in names:
        urls = list(_remote(name) if "://" in name else _local(Path(name)))
        if not urls:
            raise UsageError(f"there is no recording ({SUFFIX}) in {name}.", hint="Check the path or the pattern.")
        found.update((url, Source(url)) for url in urls)
    return list(found.values())


def _local(path: Path) -> Iterator[str]:
    if path.is_dir():
        yield from _firsts(sorted(str(inside) for inside in path.rglob(f"*{SUFFIX}")))
    elif path.is_file():
        yield str(path)
    else:
        raise UsageError(f"no such file: {path}")


def _remote(url: str) -> Iterator[str]:
    store, path = _store(url)
    try:
        pattern = path if "*" in path else f"{path.rstrip('/')}/**/*{SUFFIX}" if store.isdir(path) else path
        inside = sorted(store.glob(pattern)) if "*" in pattern else [path] if store.exists(path) else []
    except OSError as error:
        raise UsageError(
            f"{url} cannot be listed: {error}.", hint="Check the address and the access rights."
        ) from error
    yield from (store.unstrip_protocol(one) for one in _firsts(inside))


def _firsts(paths: Sequence[str]) -> Iterator[str]:
    """Without the later parts of recordings whose first part is there too; they are read with it."""
    there = set(paths)
    for path in paths:
        later = PART.match(path)
        if later is None or f"{later['first']}{SUFFIX}" not in there:
            yield path


def _parts(path: str, exists: Callable[[str], bool]) -> Iterator[str]:
    """All files of a recording, the first part first."""
    yield path
    if PART.match(path):
        return
    for number in count(2):
        following = f"{path.removesuffix(SUFFIX)}.{number}{SUFFIX}"
        if not exists(following):
            return
        yield following


def _store(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it."""
    try:
        from fsspec.core import url_to_fs  # an extra: only whoever reads from a store needs it
    except ImportError as error:
        raise UsageError(f"{url} needs fsspec.", hint='Install it: pip install "delid[dask]".') from error
    try:
        store, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        hint = 'Install what reads such addresses, for s3:// pip install "delid[s3]".'
        raise UsageError(f"{url} cannot be opened: {error}.", hint=hint) from error
    return store, path


def stamp_of(source: Source, reference: Path | None = None) -> str:
    """Changes when the file or its reference changes: size and time, or what the store says; raises RecordingError."""
    try:
        if source.remote:
            store, path = _store(source.url)
            own = [str(store.ukey(part)) for part in _parts(path, store.exists)]
        else:
            own = [_stat(Path(part)) for part in _parts(source.url, os.path.exists)]
    except OSError as error:
        raise _unreadable(source, error) from error
    beside = sorted(reference.glob(f"{glob.escape(source.name)}*.json")) if reference is not None else []
    return " ".join([*own, *map(_stat, beside)])


def _stat(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


@contextmanager
def local_copy(source: Source, max_bytes: int) -> Iterator[Path]:
    """The recording as a file of this machine; raises RecordingError where it cannot be had or is too large."""
    try:
        if not source.remote:
            parts = list(_parts(source.url, os.path.exists))
            _check_size(source, sum(os.path.getsize(part) for part in parts), max_bytes)
            yield Path(source.url)
            return
        store, inside = _store(source.url)
        parts = list(_parts(inside, store.exists))
        _check_size(source, sum(int(store.size(part) or 0) for part in parts), max_bytes)
        with tempfile.TemporaryDirectory(prefix="delid-replay-") as folder:
            for part in parts:
                store.get_file(part, str(Path(folder) / PurePosixPath(part).name))
            yield Path(folder) / PurePosixPath(source.url).name
    except OSError as error:
        raise _unreadable(source, error) from error


def _check_size(source: Source, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise RecordingError(
            f"{source.url} has {size / 1e6:.0f} MB, at most {max_bytes / 1e6:.0f} MB are read.",
            hint="Cut it with `delid recording cut`, or allow more with --max-size-mb.",
            code="recording.too_large",
        )


def _unreadable(source: Source, error: OSError) -> RecordingError:
    return RecordingError(
        f"the recording {source.url} cannot be read: {error}.",
        hint="Check that it is there and may be read, from every worker.",
        code="recording.read",
    )
