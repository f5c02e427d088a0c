"""Imports: brokerages, consultants and staff from a workbook, all of its rows or none (SPEC B5).

A file is read once. What it says is kept as rows that wait for a yes, and is judged by the rules of the
pages: when it is read, whenever it is looked at, and again in the transaction that carries it out.
"""

import os
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.fields import Rule, Unique, clean_fields
from lead_system.domain.identity import without_full_numbers
from lead_system.domain.imports import FIELDS, MOST_ROWS, Fault, ImportKind, SheetRow
from lead_system.domain.passwords import draw_temporary_password
from lead_system.domain.roles import DECIDERS, STAFF_ROLES, Role
from lead_system.extensions import db
from lead_system.models import Account, Import
from lead_system.services import history
from lead_system.services.brokerages import (
    FACT_RULES,
    UNIQUE_NAME,
    BrokerageFacts,
    add_brokerage,
    lock_names,
)
from lead_system.services.passwords import hash_password
from lead_system.services.staff import ADMIN, UNIQUE_IN_STAFF, NewStaff, add_staff, staff_rules
from lead_system.services.transaction import Caller, aside, atomic, use_case

ROWS_LIVE = timedelta(hours=1)
"""How long the rows of a file wait for a yes."""

FILE_NAME_LENGTH = 120

_HASHES_AT_ONCE = 20
"""Passwords that are hashed before the waiting page is told how far it is: about half a second's work."""

_SHOWN_LENGTH = 60
"""Characters of a wrong text that are kept, to be shown beside what is wrong with it."""


@dataclass(frozen=True)
class ImportRead:
    """The import whose rows wait for a yes."""

    import_id: int


@dataclass(frozen=True)
class ImportDone:
    """What an import made and left out; `drawing` names the passwords that it used, but tells none."""

    import_id: int
    made: int
    left_out: int
    drawing: str = ""


@dataclass(frozen=True)
class CarriedOut:
    """A carried-out import, and the temporary password of each new account name: now and never again."""

    done: ImportDone
    passwords: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckedRow:
    """A row as it would be kept, and every reason why it cannot be imported as things are now."""

    line: int
    cells: Mapping[str, str]
    refusals: tuple[Refused, ...]

    @property
    def is_good(self) -> bool:
        """Whether the row can be imported."""
        return not self.refusals


@dataclass(frozen=True)
class _Drawn:
    """Temporary passwords by account name, and their hashes; `mark` tells this drawing from a twin's."""

    mark: str = ""
    passwords: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kind:
    """What is the same for all rows of a kind: who may import them, and by which rules."""

    roles: frozenset[Role]
    rules: Mapping[str, Rule]
    unique: tuple[Unique, ...]
    has_passwords: bool


_PERSON_RULES = staff_rules(STAFF_ROLES)
_KINDS = {
    ImportKind.BROKERAGES: _Kind(DECIDERS, FACT_RULES, (UNIQUE_NAME,), has_passwords=False),
    ImportKind.CONSULTANTS: _Kind(ADMIN, _PERSON_RULES, UNIQUE_IN_STAFF, has_passwords=True),
    ImportKind.STAFF: _Kind(ADMIN, _PERSON_RULES, UNIQUE_IN_STAFF, has_passwords=True),
}


def read_import(
    caller: Caller, *, kind: ImportKind, file_name: str, rows: Sequence[SheetRow], now: datetime
) -> ImportRead:
    """Keep the rows of a file until somebody says yes to them, for an hour at most.

    Good texts are kept as the pages would keep them; of wrong ones is kept what may be shown, so that no
    whole number that a rule refuses is stored, not even in a hash of the request (R1). Nothing is on record
    yet, for nothing has happened. A repeat keeps nothing more.

    Raises:
        Refused: ROWS_MISSING for no row, ROWS_TOO_MANY above 1 000, or FORBIDDEN where the actor may not add
            such rows on their page.
    """
    if not rows:
        raise Refused(RefusalCode.ROWS_MISSING, field="file")
    if len(rows) > MOST_ROWS:
        raise Refused(RefusalCode.ROWS_TOO_MANY, field="file", limit=MOST_ROWS)
    kept = [_as_kept(kind, row) for row in rows]
    return _read_import(caller, kind=kind.value, file_name=_clean_file_name(file_name), rows=kept, now=now)


@use_case("read_import", roles=DECIDERS, answer=ImportRead)
def _read_import(
    actor: Account, *, kind: str, file_name: str, rows: list[SheetRow], now: datetime
) -> ImportRead:
    _require_may_import(actor, ImportKind(kind))
    _delete_stale_rows(now)
    read = Import(
        account_id=actor.id,
        kind=ImportKind(kind),
        file_name=file_name,
        rows=[asdict(row) for row in rows],
        rows_read=len(rows),
        read_at=now,
    )
    db.session.add(read)
    db.session.flush()
    return ImportRead(read.id)


def check_rows(read: Import) -> tuple[CheckedRow, ...]:
    """Judge the rows that wait for a yes, by the rules of the pages and as things are now; writes nothing.

    A row repeats an earlier one also when that one is wrong itself: which of them is meant, nobody can say.
    """
    rows = [SheetRow.kept(values) for values in read.rows]
    found: dict[int, list[Refused]] = {row.line: [fault.refused for fault in row.faults] for row in rows}
    for unique in _KINDS[read.kind].unique:
        for line, refused in _clashes(rows, unique):
            found[line].append(refused)
    order = FIELDS[read.kind].index
    for refusals in found.values():
        refusals.sort(key=lambda refused: order(str(refused.facts["field"])))
    return tuple(CheckedRow(row.line, row.cells, tuple(found[row.line])) for row in rows)


def carry_out_import(caller: Caller, *, import_id: int, good_only: bool, now: datetime) -> CarriedOut:
    """Import the rows that wait for a yes: all of them, or with `good_only` those that can be.

    The rows are judged again in the transaction that makes them. Written are the brokerages or accounts, a
    history record for each, one for the import, and what was left out and why. New accounts get temporary
    passwords, of which only hashes are kept; they are hashed first, so that nobody waits for that. A repeat
    makes nothing more and gets no passwords: the first answer had them, and they are kept nowhere.

    Raises:
        Refused: NOT_FOUND for another's import, IMPORT_DONE_BEFORE, IMPORT_EXPIRED after an hour,
            IMPORT_NOTHING_GOOD where no row can be imported, or, without `good_only`, IMPORT_ROWS_BAD with
            the number of rows that cannot. The whole is then not imported.
    """
    drawn = _draw_passwords(caller, import_id, good_only=good_only, now=now)
    done = _carry_out(caller, import_id=import_id, good_only=good_only, drawn=drawn, now=now)
    return CarriedOut(done, drawn.passwords if drawn.mark and done.drawing == drawn.mark else {})


@use_case("carry_out_import", roles=DECIDERS, answer=ImportDone)
def _carry_out(
    actor: Account, *, import_id: int, good_only: bool, drawn: _Drawn, now: datetime
) -> ImportDone:
    read = _lock_import(actor, import_id, now=now)
    lock_names()
    rows = check_rows(read)
    good, bad = [row for row in rows if row.is_good], [row for row in rows if not row.is_good]
    if bad and not good_only:
        raise Refused(RefusalCode.IMPORT_ROWS_BAD, rows=len(bad))
    if not good:
        raise Refused(RefusalCode.IMPORT_NOTHING_GOOD)
    add = _add_brokerage if read.kind is ImportKind.BROKERAGES else _add_account
    read.made = [add(actor, read, row.cells, drawn=drawn, now=now) for row in good]
    read.rows = [asdict(SheetRow(row.line, {}, tuple(map(Fault.of, row.refusals)))) for row in bad]
    read.carried_out_at = now
    _record(actor, read, "import_rows", left_out=len(bad), now=now)
    return ImportDone(read.id, len(good), len(bad), drawn.mark)


@use_case("take_passwords", roles=ADMIN, answer=ImportRead)
def take_passwords(actor: Account, *, import_id: int, now: datetime) -> ImportRead:
    """Write down that the temporary passwords of an import leave the house in a file, before they do.

    Raises:
        Refused: NOT_FOUND for another's import, or one that was not carried out.
    """
    own = (Import.id == import_id, Import.account_id == actor.id, Import.carried_out_at.is_not(None))
    done = db.session.scalar(select(Import).where(*own))
    if done is None:
        raise Refused(RefusalCode.NOT_FOUND)
    _record(actor, done, "take_passwords", now=now)
    return ImportRead(done.id)


def forget_stale_rows(now: datetime) -> None:
    """Delete the rows of files to which nobody said yes within an hour."""
    atomic(lambda: _delete_stale_rows(now))


# The rows of a file.


def _as_kept(kind: ImportKind, row: SheetRow) -> SheetRow:
    """Return a row as it waits for a yes: clean where it is right, cut where it is not."""
    readable = {name: text for name, text in row.cells.items() if name not in row.faulty_fields}
    clean, wrong = clean_fields(readable, _KINDS[kind].rules)
    shown = {name: _may_be_shown(name, text) for name, text in row.cells.items()}
    return replace(row, cells=shown | clean, faults=(*row.faults, *map(Fault.of, wrong)))


def _may_be_shown(name: str, text: str) -> str:
    """Cut a wrong text, and whole numbers out of it; a company's or an account's own phone may be shown."""
    visible = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return (visible if name == "phone" else without_full_numbers(visible))[:_SHOWN_LENGTH]


def _clean_file_name(raw: str) -> str:
    name = raw.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return without_full_numbers(" ".join(visible.split()))[-FILE_NAME_LENGTH:]


def _clashes(rows: Sequence[SheetRow], unique: Unique) -> list[tuple[int, Refused]]:
    """Return the rows whose value somebody has or had, or stands in an earlier row, each with the refusal."""
    values = {
        row.line: unique.fold(row.cells[unique.field])
        for row in rows
        if unique.field not in row.faulty_fields
    }
    taken = unique.taken(set(values.values()))
    clashes = [
        (line, Refused(unique.refusal, field=unique.field)) for line, v in values.items() if v in taken
    ]
    first: dict[str, int] = {}
    for line, value in values.items():
        if first.setdefault(value, line) != line:
            twice = Refused(RefusalCode.TWICE_IN_FILE, field=unique.field, line=first[value])
            clashes.append((line, twice))
    return clashes


# What a row becomes.


def _add_brokerage(
    actor: Account, read: Import, cells: Mapping[str, str], *, drawn: _Drawn, now: datetime
) -> int:
    del drawn
    return add_brokerage(actor, BrokerageFacts(**cells), import_id=read.id, now=now)


def _add_account(
    actor: Account, read: Import, cells: Mapping[str, str], *, drawn: _Drawn, now: datetime
) -> int:
    staff = NewStaff(**{"role": Role.CONSULTANT.value} | dict(cells))
    if staff.login not in drawn.hashes:  # It was wrong when the passwords were drawn, and no longer is.
        raise Refused(RefusalCode.STALE)
    return add_staff(actor, staff, password_hash=drawn.hashes[staff.login], import_id=read.id, now=now)


def _draw_passwords(caller: Caller, import_id: int, *, good_only: bool, now: datetime) -> _Drawn:
    """Draw a password for each account that an import is going to make, and hash it beside any transaction.

    A hash takes 30 ms on purpose. Several are made at once, since argon2 lets other threads run meanwhile.
    """
    logins = _new_logins(caller, import_id, good_only=good_only, now=now)
    if not logins:
        return _Drawn()
    passwords = {login: draw_temporary_password(login) for login in logins}
    hashes: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(logins), _HASHES_AT_ONCE):
            some = logins[start : start + _HASHES_AT_ONCE]
            hashes |= zip(some, pool.map(hash_password, map(passwords.__getitem__, some)), strict=True)
            _note_progress(import_id, len(hashes))
    return _Drawn(secrets.token_urlsafe(12), passwords, hashes)


def _new_logins(caller: Caller, import_id: int, *, good_only: bool, now: datetime) -> list[str]:
    """Return the account names that an import is going to make; none where it will be refused anyway."""
    own = (Import.id == import_id, Import.account_id == caller.account_id, Account.role.in_(ADMIN))
    read = db.session.scalar(select(Import).join(Account, Account.id == Import.account_id).where(*own))
    if read is None or not _KINDS[read.kind].has_passwords or _wont_be_carried_out(read, now):
        return []
    rows = check_rows(read)
    good = [row.cells["login"] for row in rows if row.is_good]
    return good if good_only or len(good) == len(rows) else []


def _note_progress(import_id: int, passwords_made: int) -> None:
    """Let the waiting page know how many passwords are made; progress is no change, so it has no history."""
    progress = update(Import).where(Import.id == import_id).values(passwords_made=passwords_made)
    aside(lambda connection: connection.execute(progress))


# The import itself.


def _require_may_import(actor: Account, kind: ImportKind) -> None:
    """Refuse whoever may not add such rows on their page either."""
    if actor.role not in _KINDS[kind].roles:
        raise Refused(RefusalCode.FORBIDDEN)


def _lock_import(actor: Account, import_id: int, *, now: datetime) -> Import:
    """Lock an own import whose rows still wait for a yes, and read it afresh."""
    read = db.session.scalar(
        select(Import)
        .where(Import.id == import_id, Import.account_id == actor.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if read is None:
        raise Refused(RefusalCode.NOT_FOUND)
    _require_may_import(actor, read.kind)
    if read.is_carried_out:
        raise Refused(RefusalCode.IMPORT_DONE_BEFORE)
    if _wont_be_carried_out(read, now):
        raise Refused(RefusalCode.IMPORT_EXPIRED)
    return read


def _wont_be_carried_out(read: Import, now: datetime) -> bool:
    return read.is_carried_out or now - read.read_at >= ROWS_LIVE


def _delete_stale_rows(now: datetime) -> None:
    stale = (Import.carried_out_at.is_(None), Import.read_at <= now - ROWS_LIVE)
    db.session.execute(delete(Import).where(*stale))


def _record(actor: Account, read: Import, action: str, *, now: datetime, **counts: int) -> None:
    history.record(
        actor,
        action,
        chain=f"import:{read.id}",
        changes={"kind": read.kind.value, "rows": len(read.made), **counts},
        personal={"file_name": read.file_name},
        now=now,
    )
