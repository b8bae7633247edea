"""Names of people in exports: each becomes a word made with a key of the site, the same word every time.

Only who holds the key can tell whose word it is, by making the words of all names that there are (HMAC-SHA256, RFC
2104). Without the key the words cannot be turned back; destroying the key cuts them off for good.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delid.core import UsageError

KEY_BYTES = 32
PERSONAL = frozenset({"by", "who", "operator", "person", "answered_by", "signed_by", "approved_by", "confirmed_by"})
"""Fields of an entry that name a person, wherever they stand in it."""
NOBODY = frozenset({"", "local panel", "delid", "cell", "nobody", "anybody"})
"""What stands in such a field and is no person."""
CONTEXT = b"delid pseudonym v1\0"


class Pseudonyms:
    """Makes the words of one site."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise UsageError(f"a key for pseudonyms has {KEY_BYTES} bytes or more; this one has {len(key)}.")
        self._key = key

    def of(self, name: str) -> str:
        """The word for a name, for example ``person-7k2mq4xh3d2a``; what is no person stays."""
        if name in NOBODY:
            return name
        digest = hmac.new(self._key, CONTEXT + name.encode(), hashlib.sha256).digest()
        return "person-" + base64.b32encode(digest)[:12].decode().lower()

    def within(self, data: Any) -> Any:
        """Plain data with the words in place of the names, in every field of ``PERSONAL``."""
        if isinstance(data, Mapping):
            return {key: self._field(key, value) for key, value in data.items()}
        if isinstance(data, (list, tuple)):
            return [self.within(item) for item in data]
        return data

    def _field(self, key: str, value: Any) -> Any:
        if key not in PERSONAL:
            return self.within(value)
        if isinstance(value, str):
            return self.of(value)
        if isinstance(value, (list, tuple)):
            return [self.of(item) if isinstance(item, str) else self.within(item) for item in value]
        return self.within(value)


def open_pseudonyms(file: Path) -> Pseudonyms:
    """The pseudonyms of the key in ``file`` (hex digits); makes it, for the owner's eyes only, where there is none.

    Raises UsageError for a file that holds no key.
    """
    if not file.exists():
        _make(file)
    try:
        return Pseudonyms(bytes.fromhex(file.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} holds no key for pseudonyms.",
            hint="It is a file of 64 hex digits; without the old key, new exports use other words for the same people.",
        ) from error


def _make(file: Path) -> None:
    """Whole or not at all; one that another process has made meanwhile stays."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
        part.unlink()
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from error
