"""Databases: SQLite in WAL mode with every commit on the disk, PostgreSQL by its URL, and the schema in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from delid.core import LedgerError

SCHEMA = "0001"
"""The newest migration."""
BUSY_S = 5.0
"""How long a writer waits for another one."""


def url_of(place: str | Path) -> str:
    """A URL of SQLAlchemy: as it is, or that of a SQLite file."""
    return str(place) if "://" in str(place) else f"sqlite:///{place}"


def open_engine(place: str | Path, *, create: bool = False) -> Engine:
    """Connect; LedgerError ``ledger.open`` where there is no database, and ``create`` is not set."""
    try:
        url = make_url(url_of(place))
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite":
            return _open_sqlite(url, create)
        return create_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise _cannot(place, str(error), "Give a file, sqlite:///FILE or postgresql://USER@HOST/NAME.") from error
    except ModuleNotFoundError as error:
        raise _cannot(place, str(error), "Run: pip install 'delid[postgres]'") from error


def _open_sqlite(url: Any, create: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise _cannot(str(url), "a ledger needs a file", "Name a file.")
    path = Path(url.database)
    if not create and not path.is_file():
        raise _cannot(path, "there is no such file", "delid ledger init makes a new ledger.")
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "isolation_level": None})
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    """The driver begins nothing by itself; a writer takes the lock at once, so that nobody comes between."""
    writes = connection.get_execution_options().get("ledger_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def schema_of(engine: Engine) -> str | None:
    """The migration that the database stands at; None for an empty one."""
    with reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)


def has_ledger(place: str | Path) -> bool:
    """Whether there is a ledger in the file or at the URL; LedgerError where the database does not answer."""
    if "://" not in str(place) and not Path(place).is_file():
        return False
    engine = open_engine(place, create=True)
    try:
        return schema_of(engine) is not None
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date; what is there stays as it is."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect().execution_options(ledger_writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(engine: Engine, place: str | Path) -> None:
    """LedgerError where the database is of another version, or no ledger."""
    found = schema_of(engine)
    if found is None:
        raise _cannot(place, "there is no ledger in it", "delid ledger init makes a new one.")
    if found != SCHEMA:
        words = f"its tables are of version {found}, and this delid knows {SCHEMA}"
        raise _cannot(place, words, "Run: delid ledger upgrade, with the newer of the two versions of delid.")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading one consistent state."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise _cannot(engine.url.render_as_string(), str(error.orig)) from error


def _cannot(place: object, why: str, hint: str = "Check the address, and that the database runs.") -> LedgerError:
    return LedgerError(f"the ledger {place} cannot be read: {why.strip()}.", hint=hint, code="ledger.open")
