"""Which pages ask again who it is, written out: a mark that was dropped or forgotten is noticed."""

from flask import Flask

from lead_system.domain.roles import BACK_OFFICE
from lead_system.web.access import access_of
from lead_system.web.confirming import Condition, asks_to_confirm

ALWAYS = {
    "consultants": {"add_view", "change_view", "passwords_view", "sign_out_view"},
    "customer_types": {"add_view", "bring_back_view", "move_view", "rename_view", "retire_view"},
    "leads": {"anonymise_view"},
    "plots": {"add_view", "archive_view", "bring_back_view", "change_view"},
    "project": {"index_view", "picture_view"},
    "second_factor": {"recovery_codes_view", "set_up_view", "turn_off_view"},
    "sessions": {"end_others_view", "end_view"},
    "settings": {"contact_view", "flags_view", "protection_view", "retention_view"},
    "staff": {"add_view", "change_view", "passwords_view", "second_factor_view", "sign_out_view"},
    "brokers": {"change_view", "sign_out_view"},
    "visitors": {"anonymise_view", "reveal_view"},
}

WHERE_ACCOUNTS_ARE_MADE = {"consultants": True, "staff": True, "brokerages": False}
"""Imports make accounts with temporary passwords, but for those of brokerages."""


IMPORT_PAGES = ("import_view", "check_view")


def marked(app: Flask) -> dict[str, Condition]:
    with app.app_context():
        conditions = {endpoint: asks_to_confirm(endpoint) for endpoint in app.view_functions}
    return {endpoint: condition for endpoint, condition in conditions.items() if condition is not None}


def test_these_pages_ask_and_exports_and_imports_under_their_conditions(app: Flask) -> None:
    always = {f"{view}.{page}" for view, pages in ALWAYS.items() for page in pages}
    lists = {view for view in app.blueprints if f"{view}.export_view" in app.view_functions}
    exports = {f"{view}.export_view" for view in lists}
    imports = {f"{view}.{page}" for view in WHERE_ACCOUNTS_ARE_MADE for page in IMPORT_PAGES}

    assert len(lists) == 19
    assert set(marked(app)) == always | exports | imports


def test_imports_of_people_ask_and_those_of_brokerages_do_not(app: Flask) -> None:
    conditions = marked(app)

    asking = {
        endpoint: conditions[endpoint](getattr(app.view_functions[endpoint], "__self__", None))
        for endpoint in (f"{view}.{page}" for view in WHERE_ACCOUNTS_ARE_MADE for page in IMPORT_PAGES)
    }

    assert asking == {
        f"{view}.{page}": asks for view, asks in WHERE_ACCOUNTS_ARE_MADE.items() for page in IMPORT_PAGES
    }


def test_only_people_of_the_back_office_who_have_passwords_are_asked(app: Flask) -> None:
    with app.app_context():
        roles = {endpoint: access_of(endpoint) for endpoint in marked(app)}

    assert {e for e, access in roles.items() if not access or not access.roles <= BACK_OFFICE} == set()
