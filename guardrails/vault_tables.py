"""The vault's tables and its connection, for SQLite and Postgres. Holds ciphertext, digests, numbers and times only."""

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.pool import StaticPool

BUSY_S: Final = 1.0
"""How long a writer waits for another one; below the guards' time budget."""

metadata = MetaData()
owners = Table(
    "vault_owners",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("wrapped_key", LargeBinary),  # none after erasure
    Column("adopted_by", String(200), index=True),
    Column("created_at", Float, nullable=False),
)
values = Table(
    "vault_values",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("number", Integer, nullable=False),
    Column("spelling", Integer, nullable=False),
    Column("lookup", LargeBinary(32), nullable=False),  # of the value, whatever its spelling
    Column("exact", LargeBinary(32), nullable=False),  # of this spelling
    Column("sealed", LargeBinary, nullable=False),
    Column("origin", String(12), nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
    UniqueConstraint("owner", "kind", "number", "spelling"),
    UniqueConstraint("owner", "exact"),
    Index("vault_values_lookup", "owner", "lookup"),
)
counters = Table(
    "vault_counters",  # outlives erasure and expiry, so that no handle is ever given out twice
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("last", Integer, nullable=False),
)


def make_engine(url: str) -> tuple[Engine, AbstractContextManager[Any], AbstractContextManager[Any]]:
    """The engine, the lock that readers hold around it, and the one that writers do.

    Only a database in memory needs the first. In a SQLite file the writers of a process take turns: SQLite lets them
    wait without an order, and one of many may wait too long.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if not parsed.drivername.startswith("sqlite"):
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True), nullcontext(), nullcontext()
    memory = parsed.database in (None, "", ":memory:")
    options: dict[str, Any] = {"poolclass": StaticPool} if memory else {"pool_size": 8, "max_overflow": 24}
    engine = create_engine(
        parsed, hide_parameters=True, connect_args={"timeout": BUSY_S, "check_same_thread": False}, **options
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    lock = threading.RLock()
    return engine, lock if memory else nullcontext(), lock


def _on_connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
    finally:
        cursor.close()


def _on_begin(db: Connection) -> None:
    writes = db.get_execution_options().get("vault_writes", False)
    db.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
