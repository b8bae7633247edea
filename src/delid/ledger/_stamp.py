"""Time stamps (RFC 3161): somebody else's word about when a checkpoint was there. Needs ``delid[timestamp]``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from cryptography import x509
from sqlalchemy import insert

from delid.core import LedgerError

from ._checkpoint import Checkpoint
from ._ledger import Ledger
from ._lines import StampLine, checkpoint_line
from ._tables import stamps
from ._verdict import Verdict


def stamp_request(checkpoint: Checkpoint) -> bytes:
    """What a time stamp authority is asked: the digest of the checkpoint, signature and all."""
    client = _client()
    builder = client.TimestampRequestBuilder(checkpoint_line(checkpoint), client.HashAlgorithm.SHA256)
    return bytes(builder.build().as_bytes())


def add_stamp(
    ledger: Ledger, checkpoint: Checkpoint, authority: str, answer: bytes, roots: Sequence[bytes]
) -> dt.datetime:
    """Keep an authority's answer, once it is found good; returns the time that it says.

    Args:
        roots: certificates (PEM) that the answer must lead to.
    """
    try:
        said = check_stamp(checkpoint, answer, roots)
    except ValueError as error:
        raise LedgerError(
            f"the time stamp of {authority} is not good: {error}.",
            hint="Check the address, and the authority's root certificate.",
            code="ledger.stamp",
        ) from error
    with ledger.changing() as connection:
        row = {"size": checkpoint.size, "authority": authority, "token": answer}
        connection.execute(insert(stamps), row)
    return said


def check_stamp(checkpoint: Checkpoint, answer: bytes, roots: Sequence[bytes]) -> dt.datetime:
    """The time that a stamp says; ValueError where it is not good, or of something else."""
    client = _client()
    verifier = client.VerifierBuilder()
    for root in roots:
        for certificate in x509.load_pem_x509_certificates(root):
            verifier = verifier.add_root_certificate(certificate)
    try:
        found = client.decode_timestamp_response(answer)
        verifier.build().verify_message(found, checkpoint_line(checkpoint))
    except client.VerificationError as error:
        raise ValueError(str(error)) from error
    when = found.tst_info.gen_time
    assert isinstance(when, dt.datetime)
    return when


def check_stamps(
    verdict: Verdict, checkpoints: Sequence[Checkpoint], found: Iterable[StampLine], roots: Sequence[bytes]
) -> None:
    """All stamps of a ledger or an export. Without roots they are counted, and nothing is said about them."""
    by_size, given = {c.size: c for c in checkpoints}, list(found)
    if given and not roots:
        verdict.notes.append(f"{len(given)} time stamps were not checked: name the authority's root, --tsa ROOT.pem")
        return
    for stamp in given:
        where = f"time stamp of {stamp.authority} for {stamp.size} entries"
        try:
            if stamp.size not in by_size:
                raise ValueError("there is no such checkpoint")
            when = check_stamp(by_size[stamp.size], stamp.token, roots)
        except ValueError as error:
            verdict.bad(where, str(error))
        else:
            verdict.notes.append(f"{stamp.size} entries were there at {when.isoformat()}, says {stamp.authority}")


def read_roots(path: Path | None) -> tuple[bytes, ...]:
    """Root certificates (PEM) of a file."""
    if path is None:
        return ()
    try:
        data = path.read_bytes()
        x509.load_pem_x509_certificates(data)
    except (OSError, ValueError) as error:
        hint = "Name a PEM file with the authority's root certificate."
        raise LedgerError(f"{path} cannot be used: {error}.", hint=hint, code="ledger.stamp") from error
    return (data,)


def _client() -> ModuleType:
    try:
        import rfc3161_client
    except ModuleNotFoundError as error:
        hint = "Run: pip install 'delid[timestamp]'"
        raise LedgerError("time stamps need another package.", hint=hint, code="ledger.stamp") from error
    return rfc3161_client
