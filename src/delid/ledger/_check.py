"""What every verification has in common: entries and checkpoints together, keys, and what was seen before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from ._checkpoint import Checkpoint
from ._key_book import Broken
from ._keys import PublicKey
from ._verdict import Terms, Verdict
from ._walk import Row, Walk

AT_ONCE = 1024


def sort_out(verdict: Verdict, checkpoints: Iterable[Checkpoint]) -> list[Checkpoint]:
    """The checkpoints that can be read, by their size; the others are findings."""
    good: list[Checkpoint] = []
    for number, checkpoint in enumerate(checkpoints, start=1):
        try:
            size = checkpoint.size
        except ValueError as error:
            verdict.bad(f"checkpoint {number}", f"it cannot be read: {error}")
            continue
        if good and size <= good[-1].size:
            verdict.bad(f"checkpoint of {size} entries", "it does not stand in its place")
            continue
        good.append(checkpoint)
    return good


def walk_through(
    verdict: Verdict, walk: Walk, rows: Iterable[Row], checkpoints: Sequence[Checkpoint], terms: Terms
) -> None:
    """Check all entries, and each checkpoint when the walk has come to its size."""
    source = iter(rows)
    stops = sorted({c.size for c in checkpoints} | {s.size for s in terms.seen.values()})
    by_size = {c.size: c for c in checkpoints}
    try:
        for stop in stops:
            if not _go(walk, source, stop):
                break
            _stop(verdict, walk, by_size.get(stop), terms)
        _go(walk, source, None)
    except Broken as broken:
        verdict.bad(f"entry {broken.seq}", broken.why, broken.seq)
    verdict.entries, verdict.ledger = walk.tree.size, walk.keys.ledger
    if verdict.ok and checkpoints and verdict.entries < checkpoints[-1].size:
        size = checkpoints[-1].size
        verdict.bad(f"entry {verdict.entries}", f"it is missing: {size} entries were signed", verdict.entries, size)


def _go(walk: Walk, source: Iterable[Row], stop: int | None) -> bool:
    """Go on to the size; False where there are fewer entries."""
    rows = iter(source)
    while stop is None or walk.tree.size < stop:
        count = AT_ONCE - walk.tree.size % AT_ONCE  # whole blocks of the tree
        if stop is not None:
            count = min(count, stop - walk.tree.size)
        part = list(islice(rows, count))
        if not part:
            return stop is None
        walk.take(part)
    return True


def _stop(verdict: Verdict, walk: Walk, checkpoint: Checkpoint | None, terms: Terms) -> None:
    size, root = walk.tree.size, walk.tree.root()
    seen = terms.seen.get(walk.keys.ledger)
    if seen is not None and seen.size == size and seen.root != root:
        verdict.bad(f"entries 0 to {size - 1}", "they are not those that were verified before", 0, size)
    if checkpoint is None:
        return
    if checkpoint.root != root:
        _unsigned(verdict, size)
    elif fits(verdict, checkpoint, walk.keys.ledger, walk.keys.key_at(size)):
        verdict.signed, verdict.root, verdict.key, verdict.signed_at = size, root, checkpoint.key, checkpoint.at


def _unsigned(verdict: Verdict, size: int) -> None:
    since = verdict.signed
    if verdict.findings and verdict.findings[-1].until is not None:
        return  # the first one that does not fit says where
    why = f"they do not give the root that was signed for {size} entries; one of them is not what was written"
    verdict.bad(f"entries {since} to {size - 1}", why, since, size)


def fits(verdict: Verdict, checkpoint: Checkpoint, ledger: str, key: PublicKey | None) -> bool:
    """Whether the checkpoint is of this ledger, and signed by the key that was in force."""
    where = f"checkpoint of {checkpoint.size} entries"
    if checkpoint.ledger != ledger:
        verdict.bad(where, f"it is of the ledger {checkpoint.ledger}, and this is {ledger}")
    elif key is None or checkpoint.key != key.id:
        verdict.bad(where, f"it is signed by the key {checkpoint.key}; {key.id if key else 'none'} was in force")
    elif not checkpoint.signed_by(key):
        verdict.bad(where, f"the key {key.id} did not sign it")
    else:
        return True
    return False


def conclude(verdict: Verdict, newest: Checkpoint | None, terms: Terms) -> None:
    """The newest checkpoint against what the reader brought along."""
    if newest is None:
        verdict.bad("the ledger", "nothing of it is signed, so that nothing shows what it was")
        return
    if terms.key is None:
        verdict.notes.append(f"no key was given: whether {verdict.key} is the owner's must be known in another way")
    elif verdict.key and verdict.key != terms.key.id:
        verdict.bad(
            f"checkpoint of {newest.size} entries",
            f"it is signed by the key {verdict.key}, not by {terms.key.id}; ask the owner which key is in force",
        )
    else:
        verdict.trusted = bool(verdict.key)
    seen = terms.seen.get(verdict.ledger)
    if seen is not None and verdict.signed < seen.size and verdict.ok:
        verdict.bad("the export", f"it is old: {seen.size} entries were verified before, and it is of {verdict.signed}")
    verdict.findings.sort(key=lambda finding: finding.seq is None)  # the first bad entry stands first
