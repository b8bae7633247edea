"""What the ledger shows of one battery: its entries exported with their proofs, and that export verified."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from delid.core import LedgerError
from delid.ledger import Entry, Ledger, PublicKey, Terms, export_ledger, read_export, verify_export

from ._digest import record_sha256
from ._names import seconds_of
from ._record import ProofFact


def prove(ledger: Ledger, battery: str, entries: Sequence[Entry], key: PublicKey | None) -> ProofFact:
    """Export the battery's part of the ledger, verify that file as a stranger would, and compare it with ``entries``.

    Without ``key`` the ledger is shown to agree with itself only, and the words say so.
    """
    digest = record_sha256(entry.leaf.hex() for entry in entries)
    with tempfile.TemporaryDirectory(prefix="delid-proof-") as folder:
        path = Path(folder) / "export.jsonl"
        try:
            export_ledger(ledger, path, battery=battery)
        except LedgerError as error:
            if error.code != "ledger.unsigned":
                raise
            return ProofFact(False, digest, words="nothing of the ledger is signed yet")
        verdict = verify_export(path, Terms(key=key))
        proven = {e.seq: e.body for e in read_export(path).entries} if verdict.ok else {}
    words = [str(finding) for finding in verdict.findings]
    if verdict.ok:
        words = _differences(entries, proven, verdict.signed)
    at = seconds_of(verdict.signed_at) if verdict.signed_at else None
    ok = not words
    if key is None:
        words.append("no public key was given: who signed it must be known in another way")
    return ProofFact(ok, digest, verdict.signed or None, verdict.root.hex(), verdict.key, at, "; ".join(words))


def _differences(entries: Sequence[Entry], proven: dict[int, bytes], signed: int) -> list[str]:
    newer = [entry.seq for entry in entries if entry.seq >= signed]
    changed = [entry.seq for entry in entries if entry.seq < signed and proven.get(entry.seq) != entry.body]
    words = [f"entry {seq} is not the one that is proven" for seq in changed[:3]]
    if newer:
        words.append(f"{len(newer)} entries, from entry {newer[0]}, are newer than the last signed checkpoint")
    return words
