"""Imports: a workbook that was read and waits for a yes, or what it made."""

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.imports import ImportKind
from lead_system.extensions import db
from lead_system.models import Account, Import
from lead_system.queries import scope


def get_import(actor: Account, import_id: int, kind: ImportKind) -> Import:
    """Return one of the account's own imports.

    Raises:
        Refused: NOT_FOUND for another's, for one of another kind, as for one that does not exist (R12).
    """
    own = (Import.id == import_id, Import.kind == kind, scope.visible_imports(actor))
    found = db.session.scalar(select(Import).where(*own))
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND)
    return found


def accounts_made(done: Import) -> list[Account]:
    """Return the accounts that an import made, in the order of its rows."""
    found = select(Account).where(Account.id.in_(done.made)).order_by(Account.id)
    return list(db.session.scalars(found))
