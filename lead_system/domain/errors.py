"""Refusals: every way in which the system says no, each with a stable code (R14)."""

from enum import StrEnum
from http import HTTPStatus


class RefusalCode(StrEnum):
    """The stable name of a refusal; the sentence that a person reads belongs to the faces."""

    # The shape of what was typed: 422.
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NAME_NOT_LETTERS = "name_not_letters"
    PHONE_INCOMPLETE = "phone_incomplete"
    PHONE_FULL_NUMBER = "phone_full_number"
    PHONES_EQUAL = "phones_equal"
    TEXT_HAS_FULL_NUMBER = "text_has_full_number"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_NOT_READABLE = "text_not_readable"
    REASON_MISSING = "reason_missing"
    TYPE_NOT_OFFERED = "type_not_offered"
    CONSULTANT_MISSING = "consultant_missing"
    CONSULTANT_NOT_OFFERED = "consultant_not_offered"
    INTENT_UNKNOWN = "intent_unknown"
    OUTCOME_UNKNOWN = "outcome_unknown"
    BROKERAGE_NOT_OFFERED = "brokerage_not_offered"
    ROLE_NOT_OFFERED = "role_not_offered"
    ACCOUNT_PHONE_WRONG = "account_phone_wrong"
    DEAL_DATE_OUTSIDE = "deal_date_outside"
    DEAL_AMOUNT_WRONG = "deal_amount_wrong"
    FEE_AMOUNT_WRONG = "fee_amount_wrong"
    REQUEST_ID_WRONG = "request_id_wrong"
    NOTHING_CHOSEN = "nothing_chosen"
    MOMENT_WRONG = "moment_wrong"
    MOMENT_TO_COME = "moment_to_come"
    NEXT_DAY_PAST = "next_day_past"
    COLLEAGUE_NOT_OFFERED = "colleague_not_offered"
    DAYS_REVERSED = "days_reversed"
    DECISION_MISSING = "decision_missing"
    EXTENSION_DAYS_WRONG = "extension_days_wrong"
    PROTECTION_DAYS_WRONG = "protection_days_wrong"
    RETENTION_MONTHS_WRONG = "retention_months_wrong"
    FLAG_THRESHOLD_WRONG = "flag_threshold_wrong"
    DAYS_TOO_MANY = "days_too_many"
    SPAN_REVERSED = "span_reversed"
    SERVICE_PHONE_WRONG = "service_phone_wrong"
    SERVICE_LINK_WRONG = "service_link_wrong"
    PICTURE_MISSING = "picture_missing"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_UNREADABLE = "picture_unreadable"
    ILLUSTRATION_MISSING = "illustration_missing"
    ILLUSTRATION_TOO_LARGE = "illustration_too_large"
    ILLUSTRATION_NOT_KEPT = "illustration_not_kept"
    TOO_MANY_TAGS = "too_many_tags"
    TAG_TOO_LONG = "tag_too_long"
    POSITION_WRONG = "position_wrong"
    POSITION_NOT_FOUND = "position_not_found"
    PLOT_NUMBER_MISSING = "plot_number_missing"
    PLOT_PLACE_WRONG = "plot_place_wrong"
    LOGIN_WRONG = "login_wrong"
    EMPLOYEE_NUMBER_WRONG = "employee_number_wrong"
    BROKERAGE_PHONE_WRONG = "brokerage_phone_wrong"
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105 - the name of a refusal
    PASSWORD_TOO_EASY = "password_too_easy"  # noqa: S105 - the name of a refusal
    PASSWORDS_DIFFER = "passwords_differ"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - the name of a refusal
    PASSWORD_UNCHANGED = "password_unchanged"  # noqa: S105 - the name of a refusal
    FILE_MISSING = "file_missing"
    FILE_TOO_LARGE = "file_too_large"
    FILE_LOCKED = "file_locked"
    FILE_NOT_WORKBOOK = "file_not_workbook"
    SHEET_MISSING = "sheet_missing"
    HEADINGS_MISSING = "headings_missing"
    HEADING_UNKNOWN = "heading_unknown"
    HEADING_TWICE = "heading_twice"
    CELLS_MERGED = "cells_merged"
    ROWS_MISSING = "rows_missing"
    ROWS_TOO_MANY = "rows_too_many"
    CELL_HAS_FORMULA = "cell_has_formula"
    CELL_IS_DATE = "cell_is_date"
    CELL_UNREADABLE = "cell_unreadable"

    # What the rules do not allow now: 409.
    ALREADY_ENTERED = "already_entered"
    OWN_PERSON = "own_person"
    COLLEAGUE_HAS_CUSTOMER = "colleague_has_customer"
    COLLEAGUE_REPORTS = "colleague_reports"
    REPORTED_ENOUGH_TODAY = "reported_enough_today"
    STATUS_FORBIDS = "status_forbids"
    CODE_UNKNOWN = "code_unknown"
    CODE_MERGED = "code_merged"
    SLIP_NOT_OURS = "slip_not_ours"
    HELD_BY_ANOTHER = "held_by_another"
    MUST_REPORT_AGAIN = "must_report_again"
    BROKER_NOT_ACTIVE = "broker_not_active"
    BROKER_NOT_APPROVED = "broker_not_approved"
    BROKERAGE_NOT_ACTIVE = "brokerage_not_active"
    NOT_BOUND_YET = "not_bound_yet"
    ANOTHER_VISIT_UNCONFIRMED = "another_visit_unconfirmed"
    STANDING_IN_UNCONFIRMED = "standing_in_unconfirmed"
    NEVER_HELD = "never_held"
    NEVER_SCANNED = "never_scanned"
    REBIND_SAME_BROKER = "rebind_same_broker"
    DEAL_STANDS = "deal_stands"
    EXTENDED_BEFORE = "extended_before"
    LEAD_MERGED = "lead_merged"
    ALREADY_ANOTHER_PERSON = "already_another_person"
    NOT_ANOTHER_PERSON = "not_another_person"
    BROKER_HAS_CUSTOMER = "broker_has_customer"
    FEE_ALREADY_VOIDED = "fee_already_voided"
    COLLISION_NOT_HANDLED = "collision_not_handled"
    COLLISION_CLOSED_BY_SYSTEM = "collision_closed_by_system"
    NEWER_COLLISION_OPEN = "newer_collision_open"
    LOGIN_TAKEN = "login_taken"
    EMPLOYEE_NUMBER_TAKEN = "employee_number_taken"
    PHONE_TAKEN = "phone_taken"
    PHONE_UNCHANGED = "phone_unchanged"
    BROKERAGE_NAME_TAKEN = "brokerage_name_taken"
    CUSTOMER_TYPE_NAME_TAKEN = "customer_type_name_taken"
    CUSTOMER_TYPE_RETIRED = "customer_type_retired"
    PLOT_NUMBER_TAKEN = "plot_number_taken"
    EXPORT_TOO_LARGE = "export_too_large"
    EVIDENCE_TOO_LARGE = "evidence_too_large"
    TWICE_IN_FILE = "twice_in_file"
    IMPORT_ROWS_BAD = "import_rows_bad"
    IMPORT_NOTHING_GOOD = "import_nothing_good"
    IMPORT_DONE_BEFORE = "import_done_before"
    IMPORT_EXPIRED = "import_expired"
    PASSWORDS_GONE = "passwords_gone"
    PROFILE_ALREADY_COMPLETE = "profile_already_complete"
    VISITOR_NAME_FIXED = "visitor_name_fixed"
    NO_BROKER_REPORTED = "no_broker_reported"
    OBJECTED_ENOUGH_TODAY = "objected_enough_today"
    NOT_WAITING = "not_waiting"
    ANONYMISED = "anonymised"
    STILL_HELD = "still_held"
    COLLISION_STILL_OPEN = "collision_still_open"
    TOO_MANY_CHOSEN = "too_many_chosen"
    RECONCILIATION_RUNS = "reconciliation_runs"
    STALE = "stale"
    REQUEST_REUSED = "request_reused"
    BUSY = "busy"

    # Signing in.
    SIGN_IN_FAILED = "sign_in_failed"
    TEMPORARY_PASSWORD_OVER = "temporary_password_over"  # noqa: S105 - the name of a refusal
    TOO_MANY_TRIES = "too_many_tries"
    TOO_MANY_REQUESTS = "too_many_requests"
    CODE_WRONG = "code_wrong"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    CODE_SENT_RECENTLY = "code_sent_recently"
    TOO_MANY_CODES = "too_many_codes"
    CODE_NOT_SENT = "code_not_sent"
    WECHAT_LINK_OLD = "wechat_link_old"
    WECHAT_NOT_ALLOWED = "wechat_not_allowed"
    WECHAT_BUSY = "wechat_busy"
    WECHAT_NOT_REACHED = "wechat_not_reached"
    ACCOUNT_CLOSED = "account_closed"

    # Who asks.
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"


TYPED_WRONG = frozenset(
    {
        RefusalCode.NAME_MISSING,
        RefusalCode.NAME_TOO_LONG,
        RefusalCode.NAME_NOT_LETTERS,
        RefusalCode.PHONE_INCOMPLETE,
        RefusalCode.PHONE_FULL_NUMBER,
        RefusalCode.PHONES_EQUAL,
        RefusalCode.TEXT_HAS_FULL_NUMBER,
        RefusalCode.TEXT_TOO_LONG,
        RefusalCode.TEXT_NOT_READABLE,
        RefusalCode.REASON_MISSING,
        RefusalCode.LOGIN_WRONG,
        RefusalCode.EMPLOYEE_NUMBER_WRONG,
        RefusalCode.BROKERAGE_PHONE_WRONG,
        RefusalCode.PROTECTION_DAYS_WRONG,
        RefusalCode.RETENTION_MONTHS_WRONG,
        RefusalCode.FLAG_THRESHOLD_WRONG,
        RefusalCode.SERVICE_PHONE_WRONG,
        RefusalCode.SERVICE_LINK_WRONG,
        RefusalCode.PASSWORD_TOO_SHORT,
        RefusalCode.PASSWORD_TOO_EASY,
        RefusalCode.PASSWORD_WRONG,
        RefusalCode.PASSWORD_UNCHANGED,
        RefusalCode.SECOND_FACTOR_WRONG,
    }
)
"""Refusals that depend on nothing but what was typed.

Sent again it is refused the same without being remembered, and it must not be: it may hold a whole number,
and even a hash of one would give away the four digits that are never stored (R1). Passwords are no part of
a request's content, so a wrong one must not answer for the right one that comes after it. A code of an
authenticator app is right or wrong for half a minute.
"""

_UNPROCESSABLE = TYPED_WRONG | {
    RefusalCode.TYPE_NOT_OFFERED,
    RefusalCode.CONSULTANT_MISSING,
    RefusalCode.CONSULTANT_NOT_OFFERED,
    RefusalCode.INTENT_UNKNOWN,
    RefusalCode.OUTCOME_UNKNOWN,
    RefusalCode.BROKERAGE_NOT_OFFERED,
    RefusalCode.ROLE_NOT_OFFERED,
    RefusalCode.ACCOUNT_PHONE_WRONG,
    RefusalCode.DEAL_DATE_OUTSIDE,
    RefusalCode.DEAL_AMOUNT_WRONG,
    RefusalCode.FEE_AMOUNT_WRONG,
    RefusalCode.REQUEST_ID_WRONG,
    RefusalCode.NOTHING_CHOSEN,
    RefusalCode.TOO_MANY_CHOSEN,
    RefusalCode.MOMENT_WRONG,
    RefusalCode.MOMENT_TO_COME,
    RefusalCode.NEXT_DAY_PAST,
    RefusalCode.COLLEAGUE_NOT_OFFERED,
    RefusalCode.DAYS_REVERSED,
    RefusalCode.DAYS_TOO_MANY,
    RefusalCode.SPAN_REVERSED,
    RefusalCode.DECISION_MISSING,
    RefusalCode.EXTENSION_DAYS_WRONG,
    RefusalCode.PICTURE_MISSING,
    RefusalCode.PICTURE_TOO_LARGE,
    RefusalCode.PICTURE_UNREADABLE,
    RefusalCode.FILE_MISSING,
    RefusalCode.FILE_TOO_LARGE,
    RefusalCode.FILE_LOCKED,
    RefusalCode.FILE_NOT_WORKBOOK,
    RefusalCode.SHEET_MISSING,
    RefusalCode.HEADINGS_MISSING,
    RefusalCode.HEADING_UNKNOWN,
    RefusalCode.HEADING_TWICE,
    RefusalCode.CELLS_MERGED,
    RefusalCode.ROWS_MISSING,
    RefusalCode.ROWS_TOO_MANY,
    RefusalCode.CELL_HAS_FORMULA,
    RefusalCode.CELL_IS_DATE,
    RefusalCode.CELL_UNREADABLE,
    RefusalCode.ILLUSTRATION_MISSING,
    RefusalCode.ILLUSTRATION_TOO_LARGE,
    RefusalCode.ILLUSTRATION_NOT_KEPT,
    RefusalCode.TOO_MANY_TAGS,
    RefusalCode.TAG_TOO_LONG,
    RefusalCode.POSITION_WRONG,
    RefusalCode.POSITION_NOT_FOUND,
    RefusalCode.PLOT_NUMBER_MISSING,
    RefusalCode.PLOT_PLACE_WRONG,
    RefusalCode.PASSWORDS_DIFFER,
    RefusalCode.SIGN_IN_FAILED,
    RefusalCode.CODE_WRONG,
    RefusalCode.SLIP_NOT_OURS,
}
_OTHER_STATUS = {
    RefusalCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RefusalCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    RefusalCode.TOO_MANY_TRIES: HTTPStatus.TOO_MANY_REQUESTS,
    RefusalCode.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
}

QUESTIONS = frozenset({RefusalCode.ANOTHER_VISIT_UNCONFIRMED, RefusalCode.STANDING_IN_UNCONFIRMED})
"""Refusals that only ask for a confirmation: they write nothing, not even that they were asked (R5)."""

Fact = str | int | None
"""A detail that a refusal's sentence may name; plain, so that a repeat can answer the same (R13)."""


def http_status_of(code: RefusalCode) -> int:
    """Say with which HTTP status a refusal is answered: 422 for what was typed, 409 for the rest."""
    if code in _OTHER_STATUS:
        return _OTHER_STATUS[code]
    return HTTPStatus.UNPROCESSABLE_ENTITY if code in _UNPROCESSABLE else HTTPStatus.CONFLICT


class Refused(Exception):
    """The rules say no, and nothing was written.

    `facts` are the details that the sentence names (a lead number, a person's name, a field).
    """

    def __init__(self, code: RefusalCode, **facts: Fact) -> None:
        super().__init__(code.value)
        self.code = code
        self.facts = facts

    @property
    def http_status(self) -> int:
        """The HTTP status with which a face answers this refusal."""
        return http_status_of(self.code)
