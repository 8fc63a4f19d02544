"""Where values rest: encrypted, one data key per owner, each wrapped by the master key, with an expiry.

AES-256-GCM; the authenticated data bind a value to its owner and handle. The same value is found again by an
HMAC under a key derived from the owner's data key, so nothing can be compared between owners. Erasing an owner
destroys the data key and the rows; numbers are never given out twice, so an old handle never opens a new value.
SQLite (WAL, waits for locks) and Postgres by one model. It does not know text, policy or who may ask.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from guardrails.errors import UnknownHandle, VaultError, VaultUnavailable
from guardrails.findings import VaultOwner
from guardrails.handles import MAX_NUMBER, Handle
from guardrails.same_value import key as same_value_key
from guardrails.vault_tables import counters, make_engine, metadata, owners, values

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TRIES: Final = 6
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Stored:
    """A value with its handle and origin. ``repr`` hides the value."""

    handle: Handle
    value: str
    origin: str

    def __repr__(self) -> str:
        return f"Stored({self.handle.kind}_{self.handle.number}, {len(self.value)} characters, {self.origin})"


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a data key is used for: one derived key per purpose."""

    cipher: AESGCM
    lookup: bytes

    @classmethod
    def derive(cls, data_key: bytes) -> "_Keys":
        def purpose(name: bytes) -> bytes:
            return hmac.new(data_key, b"tactful vault " + name, hashlib.sha256).digest()

        return cls(AESGCM(purpose(b"values")), purpose(b"lookup"))

    def digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self.lookup, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


class Vault:
    """Values by owner and handle. Thread-safe; several processes may share one database."""

    def __init__(
        self, url: str, master_key: bytes, *, value_days: float = 30, clock: Callable[[], float] = time.time
    ) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"expected a master key of {KEY_BYTES} bytes, got {len(master_key)}")
        if value_days <= 0:
            raise ValueError(f"expected value_days > 0, got {value_days}")
        self._master = master_key
        self._seconds = value_days * 86_400
        self._clock = clock
        self._engine, self._lock, self._writing = make_engine(url)
        try:
            metadata.create_all(self._engine)
        except DBAPIError as error:
            if self._engine.dialect.name == "sqlite" or not isinstance(error, IntegrityError):
                raise VaultUnavailable(f"the vault's database cannot be opened: {_kind(error)}") from None
        path = self._engine.url.database
        if self._engine.dialect.name == "sqlite" and path and path != ":memory:":
            with suppress(OSError):
                Path(path).chmod(0o600)

    def put(self, owner: VaultOwner, items: Sequence[tuple[str, str]], origin: str) -> list[Handle]:
        """Handles for ``(kind, value)`` pairs, in their order; new ones for new values, one transaction for all.

        Raises:
            VaultUnavailable: nothing was stored.
        """
        if not items:
            return []
        return self._write(lambda db: self._put(db, owner, items, origin))

    def get(self, owner: VaultOwner, wanted: Sequence[Handle]) -> dict[Handle, Stored]:
        """The values of these handles; unknown and expired ones are missing.

        Raises:
            VaultUnavailable: the database cannot be read.
            VaultError: a row was tampered with, or another master key wrote it.
        """
        if not wanted:
            return {}
        numbers = {(handle.kind, handle.number) for handle in wanted}
        with self._reading() as db:
            keys = self._keys(db, owner)
            if keys is None:
                return {}
            rows = db.execute(
                select(values).where(
                    values.c.owner == owner,
                    values.c.expires_at > self._clock(),
                    or_(*((values.c.kind == kind) & (values.c.number == number) for kind, number in numbers)),
                )
            ).all()
        stored = [self._open(keys, owner, row) for row in rows]
        by_handle = {item.handle: item for item in stored}
        first = {
            (item.handle.kind, item.handle.number): item for item in sorted(stored, key=lambda s: -s.handle.spelling)
        }
        # an unknown spelling of a known value is a model's slip: it opens as the first spelling
        found = {handle: by_handle.get(handle) or first.get((handle.kind, handle.number)) for handle in wanted}
        return {handle: item for handle, item in found.items() if item is not None}

    def find(self, owner: VaultOwner, items: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """Those of the ``(kind, value)`` pairs that the owner has, in whatever spelling they were stored."""
        if not items:
            return {}
        with self._reading() as db:
            keys = self._keys(db, owner)
            if keys is None:
                return {}
            found: dict[tuple[str, str], Stored] = {}
            for kind, value in items:
                row = db.execute(
                    select(values)
                    .where(
                        values.c.owner == owner,
                        values.c.expires_at > self._clock(),
                        values.c.lookup == keys.digest(kind, same_value_key(kind, value)),
                    )
                    .order_by(values.c.spelling)
                ).first()
                if row is not None:
                    found[kind, value] = self._open(keys, owner, row)
        return found

    def open(self, owner: VaultOwner, handle: Handle) -> str:
        """The value of one handle.

        Raises:
            UnknownHandle: this owner has no such handle, or it expired.
        """
        stored = self.get(owner, [handle]).get(handle)
        if stored is None:
            raise UnknownHandle(
                f"no handle {handle.kind}_{handle.number} for this owner: it never existed, expired or was erased"
            )
        return stored.value

    def adopt(self, visitor: VaultOwner, customer: VaultOwner) -> None:
        """Erasing ``customer`` will erase ``visitor`` too. The visitor's handles stay the visitor's."""
        if visitor == customer:
            return

        def link(db: Connection) -> None:
            self._locked_keys(db, visitor)
            self._locked_keys(db, customer)
            db.execute(update(owners).where(owners.c.owner == visitor).values(adopted_by=customer))

        self._write(link)

    def erase(self, owner: VaultOwner) -> int:
        """Destroys the owner's key and those of adopted visitors; the number of values made unreadable."""

        def destroy(db: Connection) -> int:
            mine = [owner, *db.scalars(select(owners.c.owner).where(owners.c.adopted_by == owner))]
            count = (
                db.scalar(
                    select(func.count()).select_from(values).where(values.c.owner.in_(mine), values.c.spelling == 0)
                )
                or 0
            )
            db.execute(delete(values).where(values.c.owner.in_(mine)))
            db.execute(update(owners).where(owners.c.owner.in_(mine)).values(wrapped_key=None))
            return count

        return self._write(destroy)

    def forget(self, owner: VaultOwner) -> None:
        """Deletes everything of the owner, its name too: for owners of one use, whose names never come again."""

        def delete_all(db: Connection) -> None:
            for table in (values, counters, owners):
                db.execute(delete(table).where(table.c.owner == owner))

        self._write(delete_all)

    def purge(self) -> int:
        """Deletes expired rows; how many."""
        return self._write(lambda db: db.execute(delete(values).where(values.c.expires_at <= self._clock())).rowcount)

    def rotate(self, new_master_key: bytes) -> int:
        """Wraps every owner's data key with the new master key; how many. Values are not touched."""
        if len(new_master_key) != KEY_BYTES:
            raise ValueError(f"expected a master key of {KEY_BYTES} bytes, got {len(new_master_key)}")

        def rewrap(db: Connection) -> int:
            rows = db.execute(select(owners).where(owners.c.wrapped_key.is_not(None)).with_for_update()).all()
            for row in rows:
                wrapped = _wrap(new_master_key, row.owner, self._unwrap(row.owner, row.wrapped_key))
                db.execute(update(owners).where(owners.c.owner == row.owner).values(wrapped_key=wrapped))
            return len(rows)

        count = self._write(rewrap)
        self._master = new_master_key
        return count

    def opens(self) -> bool:
        """Whether every owner's key opens with this master key and there is one at least."""
        with self._reading() as db:
            rows = db.execute(select(owners).where(owners.c.wrapped_key.is_not(None))).all()
        try:
            return bool([self._unwrap(row.owner, row.wrapped_key) for row in rows])
        except VaultError:
            return False

    def owners(self) -> int:
        """How many owners have a key."""
        with self._reading() as db:
            return len(db.execute(select(owners.c.owner).where(owners.c.wrapped_key.is_not(None))).all())

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    def _put(self, db: Connection, owner: VaultOwner, items: Sequence[tuple[str, str]], origin: str) -> list[Handle]:
        keys = self._locked_keys(db, owner)
        expires_at = self._clock() + self._seconds
        done: dict[tuple[str, str], Handle] = {}
        for kind, value in items:
            if (kind, value) not in done:
                done[kind, value] = self._put_one(db, keys, owner, kind, value, origin, expires_at)
        return [done[item] for item in items]

    def _put_one(
        self, db: Connection, keys: _Keys, owner: VaultOwner, kind: str, value: str, origin: str, expires_at: float
    ) -> Handle:
        lookup, exact = keys.digest(kind, same_value_key(kind, value)), keys.digest(kind, "\0" + value)
        rows = db.execute(
            select(values.c.number, values.c.spelling, values.c.exact).where(
                values.c.owner == owner, values.c.lookup == lookup
            )
        ).all()
        if rows:
            number = rows[0].number
            same = (values.c.owner == owner) & (values.c.kind == kind) & (values.c.number == number)
            db.execute(update(values).where(same).values(expires_at=expires_at))
            for row in rows:
                if row.exact == exact:
                    if origin == "customer":  # what the customer typed may go back to the customer
                        db.execute(
                            update(values).where(same & (values.c.spelling == row.spelling)).values(origin=origin)
                        )
                    return Handle(kind, number, row.spelling)
            if origin != "customer":
                return Handle(kind, number)
            spelling = max(row.spelling for row in rows) + 1
        else:
            number, spelling = _next_number(db, owner, kind), 0
        handle = Handle(kind, number, spelling)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + keys.cipher.encrypt(nonce, value.encode("utf-8", "surrogatepass"), _bound_to(owner, handle))
        db.execute(
            insert(values).values(
                owner=owner,
                kind=kind,
                number=number,
                spelling=spelling,
                lookup=lookup,
                exact=exact,
                sealed=sealed,
                origin=origin,
                expires_at=expires_at,
            )
        )
        return handle

    def _open(self, keys: _Keys, owner: VaultOwner, row: Any) -> Stored:
        handle = Handle(row.kind, row.number, row.spelling)
        try:
            plain = keys.cipher.decrypt(row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:], _bound_to(owner, handle))
        except InvalidTag:
            raise VaultError(
                f"value {row.kind}_{row.number} does not belong to its row: the vault was changed from outside"
            ) from None
        return Stored(handle, plain.decode("utf-8", "surrogatepass"), row.origin)

    def _keys(self, db: Connection, owner: VaultOwner) -> _Keys | None:
        wrapped = db.scalar(select(owners.c.wrapped_key).where(owners.c.owner == owner))
        return _Keys.derive(self._unwrap(owner, wrapped)) if wrapped else None

    def _locked_keys(self, db: Connection, owner: VaultOwner) -> _Keys:
        """The owner's keys, made where there are none; the owner's row is locked until the transaction ends."""
        row = db.execute(select(owners).where(owners.c.owner == owner).with_for_update()).first()
        if row is not None and row.wrapped_key is not None:
            return _Keys.derive(self._unwrap(owner, row.wrapped_key))
        data_key = secrets.token_bytes(KEY_BYTES)
        wrapped = _wrap(self._master, owner, data_key)
        if row is None:
            db.execute(insert(owners).values(owner=owner, wrapped_key=wrapped, created_at=self._clock()))
        else:
            db.execute(update(owners).where(owners.c.owner == owner).values(wrapped_key=wrapped))
        return _Keys.derive(data_key)

    def _unwrap(self, owner: str, wrapped: bytes) -> bytes:
        try:
            return AESGCM(self._master).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], owner.encode())
        except InvalidTag:
            raise VaultError(
                "an owner's key does not open with this master key: use the key file that belongs to this vault"
            ) from None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._lock:
            try:
                with self._engine.connect() as db:
                    yield db
            except DBAPIError as error:
                raise VaultUnavailable(f"the vault cannot be read: {_kind(error)}") from None

    def _write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Runs ``work`` in one writing transaction; two writers that met on a new row try again."""
        for attempt in range(_TRIES):
            try:
                with self._writing, self._engine.connect().execution_options(vault_writes=True) as db, db.begin():
                    return work(db)
            except IntegrityError:
                time.sleep(0.002 * 2**attempt * (0.5 + secrets.randbelow(1000) / 1000))
            except DBAPIError as error:
                raise VaultUnavailable(f"the vault cannot be written: {_kind(error)}") from None
        raise VaultUnavailable(f"the vault was too busy: {_TRIES} attempts met other writers")


def _next_number(db: Connection, owner: str, kind: str) -> int:
    row = db.execute(
        update(counters)
        .where(counters.c.owner == owner, counters.c.kind == kind)
        .values(last=counters.c.last + 1)
        .returning(counters.c.last)
    ).first()
    if row is None:
        db.execute(insert(counters).values(owner=owner, kind=kind, last=1))
        return 1
    if row.last > MAX_NUMBER:
        raise VaultError(f"one owner has more than {MAX_NUMBER} values of kind {kind}")
    return int(row.last)


def _wrap(master_key: bytes, owner: str, data_key: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(master_key).encrypt(nonce, data_key, owner.encode())


def _bound_to(owner: str, handle: Handle) -> bytes:
    return f"{owner}\0{handle.kind}\0{handle.number}\0{handle.spelling}".encode()


def _kind(error: DBAPIError) -> str:
    """What the database said, by class only: its messages may hold rows."""
    text = str(error.orig).lower()
    for word in ("readonly", "read-only", "locked", "full", "unable to open", "disk i/o", "connection"):
        if word in text:
            return word
    return type(error.orig).__name__
