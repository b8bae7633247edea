"""Ed25519 keys in PEM files, and what they sign."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from delid.core import LedgerError

from ._canonical import canonical

CHECKPOINT = b"delid-ledger-checkpoint-v1\n"
KEY = b"delid-ledger-key-v1\n"
SEAL = b"delid-ledger-seal-v1\n"
"""What a signature is for stands before what is signed, so that one can never pass for another."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that may be given to anybody; it checks signatures."""

    raw: bytes

    @property
    def id(self) -> str:
        """The first 16 hex digits of the SHA-256 of the 32 bytes."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def signed(self, purpose: bytes, statement: bytes, signature: bytes) -> bool:
        """Whether the other half signed this for this purpose."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, purpose + statement)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    @classmethod
    def read(cls, path: Path) -> PublicKey:
        """From a PEM file: a public key, or a private one without a password."""
        data = _read(path)
        try:
            if b"PRIVATE KEY" in data:
                return SigningKey.read(path).public
            key = serialization.load_pem_public_key(data)
        except ValueError as error:
            raise _no_key(path, "it is no PEM file of a key") from error
        if not isinstance(key, Ed25519PublicKey):
            raise _no_key(path, "it is no Ed25519 key")
        return cls(key.public_bytes_raw())


class SigningKey:
    """The half that signs; it never leaves its file and this process."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())

    def sign(self, purpose: bytes, statement: bytes) -> bytes:
        return self._key.sign(purpose + statement)

    @classmethod
    def new(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def create(cls, path: Path) -> SigningKey:
        """A new key in a new file that only its owner may read, and ``.pub`` beside it for everybody."""
        made = cls.new()
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        pem = made._key.private_bytes(encoding, form, serialization.NoEncryption())
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(pem)
                out.flush()
                os.fsync(file)
            public_path(path).write_bytes(made.public.pem())
        except FileExistsError as error:
            raise _no_key(path, "there is a file of this name already", "Name another file.") from error
        except OSError as error:
            raise _no_key(path, str(error), "Choose a folder that can be written.") from error
        return made

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """From its PEM file; LedgerError ``ledger.key`` where there is none, or others may read it."""
        data = _read(path)
        if path.stat().st_mode & 0o077:
            raise _no_key(path, "others may read it", f"Run: chmod 600 {path}, and think about a new key.")
        try:
            key = serialization.load_pem_private_key(data, None)
        except (ValueError, TypeError) as error:
            raise _no_key(path, "it is no PEM file of a private key without a password") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _no_key(path, "it is no Ed25519 key")
        return cls(key)


def public_path(path: Path) -> Path:
    """Where the public half of a key file lies."""
    return path.with_name(f"{path.name}.pub")


def endorsement(ledger: str, public: PublicKey, previous: str) -> bytes:
    """What the previous key signs to vouch for a new one."""
    statement: Mapping[str, Any] = {
        "key": public.id,
        "ledger": ledger,
        "previous": previous,
        "public_key": public.raw.hex(),
    }
    return canonical(statement)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _no_key(path, str(error)) from error


def _no_key(path: Path, why: str, hint: str = "") -> LedgerError:
    advice = hint or "Name a key file; delid ledger keys new FILE makes one."
    return LedgerError(f"the key {path} cannot be used: {why}.", hint=advice, code="ledger.key")
