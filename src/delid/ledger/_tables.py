"""The tables. ``migrations`` builds them; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

Number = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("battery", Text, nullable=False),
    Column("number", Number, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("battery", "number", name="one_number_a_battery"),
)
"""The ledger. All columns but ``body`` repeat what the body says, for finding it; ``verify`` compares them."""

nodes = Table(
    "nodes",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Roots of complete subtrees of 256, 65536 ... entries, so that a proof needs no walk through all of them."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("statement", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

stamps = Table(
    "stamps",
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("authority", Text, primary_key=True),
    Column("token", LargeBinary, nullable=False),
)
"""Time stamps (RFC 3161) of checkpoints."""

marks = Table(
    "marks",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("seq", Number, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Words by which entries are found. They follow from the entries."""

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)
"""Who a person's id stands for. Not part of the chain: a name can be forgotten, and every proof still holds."""

feeds = Table(
    "feeds",
    metadata,
    Column("source", Text, primary_key=True),
    Column("next", Number, nullable=False),
)
"""How far a run's journal has been taken over."""

APPEND_ONLY = (entries, nodes, checkpoints, stamps)
