"""Every way to change a ledger of 10,000 entries shows, and the entry is named.

An export holds every byte that an entry is made of, one line an entry. Each byte of each line is changed, each line is
deleted, swapped with the next one and doubled, and the file is cut; the real walk of ``verify`` goes on from the state
that it had before that line. Here a sample of the lines of a smaller ledger is taken; ``DELID_LEDGER_TAMPER=all`` takes
every byte of every line of 10,000 entries. The same changes on disk, through all of ``verify``, are in
``test_ledger_verify.py``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from delid.ledger import SigningKey, Terms, export_ledger, verify_export
from delid.ledger._key_book import Broken
from delid.ledger._verify_export import plain_row, row_of_line
from delid.ledger._walk import Row, Walk
from ledger_kit import fill, new_ledger

ALL = os.environ.get("DELID_LEDGER_TAMPER") == "all"
SIZE = 10_000 if ALL else 1_500
KEY = SigningKey.new()


@dataclass(frozen=True)
class Sample:
    """A line, the walk before it, and the lines after it."""

    seq: int
    before: Walk
    line: bytes
    after: tuple[bytes, ...]

    def first_bad(self, *lines: bytes) -> int | None:
        """What a walk over these lines in place of this one finds; None where it is content."""
        walk = self.before.copy()
        try:
            walk.take([row_of_line(line) for line in lines])
        except Broken as broken:
            return broken.seq
        return None


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tamper")
    with new_ledger(folder / "ledger.db", KEY) as ledger:
        fill(ledger, SIZE, at_once=2500)
        return export_ledger(ledger, folder / "all.jsonl", key=KEY).path


@pytest.fixture(scope="module")
def samples(exported: Path) -> list[Sample]:
    """Some lines, or all of them where everything is asked for, with the walk that has come to them."""
    return list(
        take_samples(
            exported, range(SIZE) if ALL else sorted({0, 1, SIZE - 1, *random.Random(1).sample(range(SIZE), 9)})
        )
    )


def take_samples(exported: Path, wanted: range | list[int]) -> Iterator[Sample]:
    lines = exported.read_bytes().split(b"\n")[1 : SIZE + 1]
    walk, begin = Walk(), 0
    for seq in wanted:
        for part in range(begin, seq, 500):
            walk.take([row_of_line(line) for line in lines[part : min(part + 500, seq)]])
        begin = seq
        yield Sample(seq, walk.copy(), lines[seq], tuple(lines[seq + 1 : seq + 3]))


def test_every_single_byte_counts(samples: list[Sample]) -> None:
    """Each byte is replaced by another one: by every other value here and there, else by one that differs in a bit."""
    chance, changes = random.Random(2), 0
    for sample in samples:
        for at in range(len(sample.line)):
            other = sample.line[at] ^ (1 << chance.randrange(8))
            changed = sample.line[:at] + bytes([other]) + sample.line[at + 1 :]
            assert sample.first_bad(changed, *sample.after) == sample.seq, (sample.seq, at, other)
            changes += 1
    assert changes > 500 * len(samples)


def test_every_other_value_of_a_byte_counts(samples: list[Sample]) -> None:
    sample = samples[1]
    for at in range(0, len(sample.line), 37):
        for other in set(range(256)) - {sample.line[at]}:
            changed = sample.line[:at] + bytes([other]) + sample.line[at + 1 :]
            assert sample.first_bad(changed, *sample.after) == sample.seq, (at, other)


def test_deleted_doubled_and_swapped_entries_are_named(samples: list[Sample]) -> None:
    for sample in samples:
        following = sample.after
        if following:
            assert sample.first_bad(*following) == sample.seq
            assert sample.first_bad(following[0], sample.line, *following[1:]) == sample.seq
        assert sample.first_bad(sample.line, sample.line, *following) == sample.seq + 1


def test_an_entry_of_another_place_is_named(samples: list[Sample]) -> None:
    for sample, other in zip(samples, [*samples[1:], samples[0]], strict=True):
        assert sample.first_bad(other.line, *sample.after) == sample.seq
        assert sample.first_bad(other.line, sample.line, *sample.after) == sample.seq


@pytest.mark.parametrize("kept", [1, 2, 777, SIZE - 1, SIZE])
def test_a_file_that_was_cut_is_refused_and_the_first_missing_entry_named(
    exported: Path, tmp_path: Path, kept: int
) -> None:
    """Without the lines behind the entries nothing is signed; with them, the missing entries are told."""
    lines = exported.read_bytes().split(b"\n")
    whole = tmp_path / "cut.jsonl"
    whole.write_bytes(b"\n".join([*lines[: kept + 1], *lines[SIZE + 1 :]]))
    verdict = verify_export(whole, Terms(KEY.public))
    if kept < SIZE:
        assert verdict.findings[0].seq == kept
    else:
        assert verdict.ok
    whole.write_bytes(b"\n".join([*lines[: kept + 1], b""]))
    assert not verify_export(whole, Terms(KEY.public)).ok


def test_the_fast_way_of_reading_a_line_and_the_slow_one_agree(samples: list[Sample]) -> None:
    for sample in samples:
        row = plain_row(sample.line)
        assert isinstance(row, Row)
        assert row == row_of_line(sample.line)
