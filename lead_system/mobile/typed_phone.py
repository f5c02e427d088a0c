"""Which phone a code was sent to, between the page that asks for it and the page that asks for the code.

The session is signed, and anybody who has the browser reads it: it holds the number of the code's row, and
the phone stays in the database.
"""

from flask import session

from lead_system.services.sign_in_codes import find_code_id, find_phone_of_code


def remember_phone(key: str, phone: str) -> None:
    """Remember in this session to which phone a code was sent, under a name of the page's own."""
    session[key] = find_code_id(phone)


def remembered_phone(key: str) -> str | None:
    """Return to which phone a code was sent; None where none was, or where that is forgotten."""
    code_id = session.get(key)
    return find_phone_of_code(code_id) if isinstance(code_id, int) else None
