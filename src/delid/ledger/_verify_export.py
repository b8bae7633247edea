"""Verifying an export alone: the file, the public key, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from delid.core import LedgerError

from ._check import conclude, fits, sort_out, walk_through
from ._checkpoint import Checkpoint
from ._entry import OF_THE_SITE
from ._key_book import KEY_KINDS, Broken, KeyBook
from ._lines import ENTRY, LEAF, Consistency, EntryLine, Header, Line, Seal, StampLine, read_line
from ._payloads_pack import IdentityLinked, ModuleOut
from ._stamp import check_stamps
from ._tree import is_consistent, root_from_path
from ._verdict import Terms, Verdict
from ._walk import Row, Walk, read_whole


def verify_export(path: Path | str, terms: Terms | None = None, *, deep: bool = False) -> Verdict:
    """Verify an export. What is wrong is in the findings; LedgerError where the file cannot be read.

    ``deep`` also reads the inside of every payload of a whole ledger; its bytes are checked anyway.
    """
    return _Verification(Path(path), terms or Terms(), deep).run()


def row_of_line(line: bytes) -> Row:
    """The entry in a line of a whole ledger; one that cannot be read says why."""
    if (row := plain_row(line)) is not None:
        return row
    try:
        said = read_line(line)
    except (ValueError, KeyError, TypeError) as error:
        return Row(line, b"", fault=f"its line cannot be read: {error}")
    if isinstance(said, EntryLine) and said.path is None:
        return Row(said.body, said.leaf)
    return Row(line, b"", fault="it is missing: in its line stands something else")


def plain_row(line: bytes) -> Row | None:
    """The entry in a line of a whole ledger; None where it has another form."""
    digest = line[-66:-2]
    if not line.startswith(ENTRY) or line[-75:-66] != LEAF or not line.endswith(b'"}'):
        return None
    try:
        leaf = bytes.fromhex(digest.decode("ascii"))
    except ValueError:
        return None
    return Row(line[9:-75], leaf) if leaf.hex().encode() == digest else None


class _Verification:
    def __init__(self, path: Path, terms: Terms, deep: bool) -> None:
        self._terms, self._deep = terms, deep
        self.verdict = Verdict(str(path))
        try:
            self._lines = path.read_bytes().split(b"\n")
        except OSError as error:
            hint = "Name a file that delid ledger export wrote."
            raise LedgerError(f"{path} cannot be read: {error}.", hint=hint, code="ledger.export") from error
        self._rest: list[tuple[int, Line]] = []
        self._good: list[Checkpoint] = []
        self._keys = KeyBook()

    def run(self) -> Verdict:
        if self._lines.pop() != b"":
            self.verdict.bad(f"line {len(self._lines) + 1}", "it is cut")
            return self.verdict
        header = self._header()
        if header is None:
            return self.verdict
        self._read_rest(header)
        kept = [(n, said) for n, said in self._rest if isinstance(said, Checkpoint)]
        self._good = sort_out(self.verdict, (said for _, said in kept))
        if header.battery is None:
            self._whole(header)
        else:
            self._part(header)
        if self.verdict.ledger != header.ledger:
            self.verdict.bad("line 1", f"it names the ledger {header.ledger!r}, the entries {self.verdict.ledger!r}")
        conclude(self.verdict, self._good[-1] if self._good else None, self._terms)
        stamps = [said for _, said in self._rest if isinstance(said, StampLine)]
        check_stamps(self.verdict, self._good, stamps, self._terms.stamp_roots)
        self._seal()
        self.verdict.findings.sort(key=lambda finding: finding.seq is None)  # the first bad entry stands first
        return self.verdict

    def _header(self) -> Header | None:
        try:
            said = read_line(self._lines[0]) if self._lines else None
        except (ValueError, KeyError, TypeError) as error:
            self.verdict.bad("line 1", f"it cannot be read: {error}")
            return None
        if not isinstance(said, Header):
            self.verdict.bad("line 1", "it is not the first line of an export")
            return None
        return said

    def _read_rest(self, header: Header) -> None:
        """What stands behind the entries."""
        for number, line in enumerate(self._lines[header.entries + 1 :], start=header.entries + 2):
            try:
                said = read_line(line)
            except (ValueError, KeyError, TypeError) as error:
                self.verdict.bad(f"line {number}", f"it cannot be read: {error}")
                continue
            if isinstance(said, (EntryLine, Header)):
                self.verdict.bad(f"line {number}", f"line 1 speaks of {header.entries} entries, and here is one more")
                continue
            self._rest.append((number, said))

    # --- all entries -------------------------------------------------------------------------------------------------

    def _whole(self, header: Header) -> None:
        walk = Walk(deep=self._deep)
        walk_through(self.verdict, walk, self._rows(header), self._good, self._terms)
        self._keys = walk.keys
        if self.verdict.ok and self._good and walk.tree.size > self._good[-1].size:
            self.verdict.bad(
                f"entry {self._good[-1].size}", "it is newer than the last checkpoint", self._good[-1].size
            )

    def _rows(self, header: Header) -> Iterator[Row]:
        for line in self._lines[1 : header.entries + 1]:
            yield row_of_line(line)

    # --- one battery's entries ---------------------------------------------------------------------------------------

    def _part(self, header: Header) -> None:
        verdict = self.verdict
        verdict.battery = header.battery
        newest = self._good[-1] if self._good else None
        if newest is None:
            return
        contents: list[Mapping[str, Any]] = []
        for number, line in enumerate(self._lines[1 : header.entries + 1], start=2):
            try:
                contents.append(self._proven(line, newest, contents[-1]["seq"] if contents else -1))
            except (Broken, ValueError, KeyError, TypeError) as error:
                seq = error.seq if isinstance(error, Broken) else None
                verdict.bad(f"line {number}", str(error), seq)
                return
        verdict.entries, verdict.ledger = len(contents), self._keys.ledger
        if len(contents) < header.entries:
            verdict.bad(f"line {len(contents) + 2}", f"{header.entries} entries should be there: it is missing")
            return
        self._complete(contents, str(header.battery))
        if fits(verdict, newest, self._keys.ledger, self._keys.key_at(newest.size)):
            verdict.signed, verdict.root = newest.size, newest.root
            verdict.key, verdict.signed_at = newest.key, newest.at
        self._compare_with_seen(newest)

    def _proven(self, line: bytes, newest: Checkpoint, before: int) -> Mapping[str, Any]:
        """The entry of a line, which must be in the tree that was signed."""
        said = read_line(line)
        if not isinstance(said, EntryLine) or said.path is None:
            raise ValueError("an entry with its proof should be here")
        content = read_whole(Row(said.body, said.leaf), before + 1)
        seq = int(content["seq"])
        if seq <= before:
            raise Broken(seq, f"it stands behind entry {before}")
        if root_from_path(said.leaf, seq, newest.size, said.path) != newest.root:
            raise Broken(seq, "its proof does not lead to the root that was signed")
        if content["kind"] in KEY_KINDS:
            self._keys.take(seq, content["kind"], content["payload"])
        return content

    def _complete(self, contents: Sequence[Mapping[str, Any]], battery: str) -> None:
        """No number of a battery is left out, and every entry belongs to the battery that the export is about."""
        due: dict[str, int] = {}
        own = {battery}
        for _ in range(2):
            own |= {
                c["payload"]["provisional"]
                for c in contents
                if c["kind"] == IdentityLinked.kind and c["battery"] in own
            }
            own |= {c["battery"] for c in contents if c["kind"] == ModuleOut.kind and c["payload"]["parent"] in own}
        for content in contents:
            name, number = content["battery"], content["number"]
            if name == OF_THE_SITE and content["kind"] in KEY_KINDS:
                continue
            if name not in own:
                self.verdict.bad(
                    f"entry {content['seq']}", f"it is about {name!r}, not about {battery!r}", content["seq"]
                )
                return
            if number != due.get(name, 0):
                words = f"number {due.get(name, 0)} of {name!r} is missing before it"
                self.verdict.bad(f"entry {content['seq']}", words, content["seq"])
                return
            due[name] = number + 1
        if battery not in due:
            self.verdict.bad("line 1", f"nothing in the export is about {battery!r}")

    def _compare_with_seen(self, newest: Checkpoint) -> None:
        seen = self._terms.seen.get(self.verdict.ledger)
        if seen is None or seen.size > newest.size:
            return
        proofs = {said.old: said.path for _, said in self._rest if isinstance(said, Consistency)}
        path = proofs.get(seen.size, ())
        if is_consistent(seen.size, seen.root, newest.size, newest.root, path):
            return
        if path or seen.size == newest.size:
            self.verdict.bad("the export", "it does not go on from what was verified before", 0, seen.size)
        else:
            self.verdict.bad("the export", f"it does not prove that it goes on from the {seen.size} entries verified "
                             f"before; ask for one made with --since {seen.size}")  # fmt: skip

    # --- what stands behind the entries ------------------------------------------------------------------------------

    def _seal(self) -> None:
        verdict, terms = self.verdict, self._terms
        seals = [(n, said) for n, said in self._rest if isinstance(said, Seal)]
        if len(seals) > 1 or (seals and seals[0][0] != len(self._lines)):
            verdict.bad(f"line {seals[0][0]}", "a seal is the last line, and something stands behind it")
            return
        if not seals:
            if terms.challenge:
                verdict.bad("the export", "it has no seal, and so it does not answer the challenge")
            verdict.notes.append("it has no seal: that it ends where it ended, nobody signed")
            return
        self._check_seal(*seals[0])

    def _check_seal(self, number: int, seal: Seal) -> None:
        verdict, where = self.verdict, f"line {number}"
        digest = hashlib.sha256(b"".join(line + b"\n" for line in self._lines[: number - 1])).hexdigest()
        key = self._keys.key_at(self._good[-1].size) if self._good else None
        try:
            said = seal.content
        except ValueError as error:
            verdict.bad(where, f"the seal cannot be read: {error}")
            return
        if key is None or said["key"] != key.id or not seal.signed_by(key):
            verdict.bad(where, "the seal is not signed by the key in force")
        elif said["sha256"] != digest:
            verdict.bad(where, "the seal is of other lines than those above it")
        elif said["ledger"] != verdict.ledger:
            verdict.bad(where, f"the seal is of the ledger {said['ledger']}")
        elif self._terms.challenge and said["challenge"] != self._terms.challenge:
            verdict.bad(
                where, f"it answers the challenge {said['challenge']!r}; it was made for somebody else, or before"
            )
        else:
            verdict.sealed = True
