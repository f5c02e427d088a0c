"""Exports: which rows of which list left the house, who took them and when (SPEC section 4).

An export is on record before its first row is read, and each file of it before its first byte is sent.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import BACK_OFFICE
from lead_system.extensions import db
from lead_system.models import Account, Export
from lead_system.queries.exports import find_progress
from lead_system.services import history
from lead_system.services.transaction import aside, atomic, use_case

ROWS_OF_AN_EXPORT = 100_000
"""The most rows of one export. They take about half a minute, half of it the writer's (`make bench`); several
times as many would outlast the patience of browsers and proxies, and nobody reads such a table in Excel."""


@dataclass(frozen=True)
class ExportBegun:
    """The export that is on record now."""

    export_id: int


@use_case("begin_export", roles=BACK_OFFICE, answer=ExportBegun)
def begin_export(
    actor: Account,
    *,
    request_id: str,
    table_name: str,
    filters: dict[str, str],
    rows_found: int,
    now: datetime,
) -> ExportBegun:
    """Write down that somebody takes the rows of a list out of the house, before the first is read.

    Writes the export and a history record. `request_id` is the caller's own, by which the waiting page asks
    for the progress. A repeat gets the same export, whose file may be written again, also when the list has
    other rows by now: `rows_found` is not part of the content, and stays as it was at first.

    Raises:
        Refused: EXPORT_TOO_LARGE above 100 000 rows; or REQUEST_REUSED when the id names an older export,
            whose answer is no longer kept (after 90 days).
    """
    if rows_found > ROWS_OF_AN_EXPORT:
        raise Refused(RefusalCode.EXPORT_TOO_LARGE, rows=rows_found, limit=ROWS_OF_AN_EXPORT)
    if find_progress(actor, request_id) is not None:
        raise Refused(RefusalCode.REQUEST_REUSED)
    export = Export(
        account_id=actor.id,
        request_id=request_id,
        table_name=table_name,
        filters=filters,
        rows_found=rows_found,
        started_at=now,
    )
    db.session.add(export)
    db.session.flush()
    history.record(
        actor,
        "begin_export",
        chain=f"export:{export.id}",
        changes={"table": table_name, "rows": rows_found},
        personal={"filters": filters},
        now=now,
    )
    return ExportBegun(export.id)


def note_progress(export_id: int, rows_written: int) -> None:
    """Let the waiting page know how many rows the file has so far, while the list is still being read.

    Written beside the reading transaction and at once; progress is no change, so it has no history.
    """
    progress = update(Export).where(Export.id == export_id).values(rows_written=rows_written)
    aside(lambda connection: connection.execute(progress))


def finish_export(caller_account_id: int, *, export_id: int, rows_written: int, now: datetime) -> None:
    """Write down that a file of an export is complete, before it is sent.

    Writes the number of rows, one more file, the moment of this last file, and a history record: every file
    that leaves the house is on record, also one that was written again for a repeat.

    Raises:
        Refused: NOT_FOUND where the account has no such export.
    """
    atomic(lambda: _finish(caller_account_id, export_id=export_id, rows_written=rows_written, now=now))


def _finish(account_id: int, *, export_id: int, rows_written: int, now: datetime) -> None:
    own = select(Export).where(Export.id == export_id, Export.account_id == account_id).with_for_update()
    export = db.session.scalar(own)
    if export is None:
        raise Refused(RefusalCode.NOT_FOUND)
    export.rows_written, export.files, export.finished_at = rows_written, export.files + 1, now
    changes = {"table": export.table_name, "rows": rows_written, "file": export.files}
    history.record(export.account, "finish_export", chain=f"export:{export_id}", changes=changes, now=now)
