"""What an answer says, in one word: the code of the sentence that a person reads, or what was done."""

import html
from typing import Any

from tests.trials.people import Answer

SENTENCES = (
    ("held_by_another", "Another broker holds this customer"),
    ("another_visit_unconfirmed", "This customer was scanned less than a minute ago"),
    ("must_report_again", "Ask the broker to report this customer again, then scan the same code"),
    ("already_entered", "You have entered this customer before"),
    ("colleague_has_customer", "Your colleague has entered this customer before"),
    ("colleague_not_offered", "Nobody of your brokerage can be chosen by that"),
    ("reported_enough_today", "This customer was already reported today"),
    ("stale", "Somebody else has changed this meanwhile"),
    ("not_waiting", "This person does not wait for an approval"),
    ("broker_not_active", "This broker's account is not in use"),
    ("brokerage_not_active", "The broker belongs to no brokerage that works with us"),
    ("consultant_not_offered", "That consultant cannot be chosen any more"),
    ("fee_already_voided", "has voided this fee already"),
    ("newer_collision_open", "A newer collision of the same two customers is open"),
    ("collision_not_handled", "This collision is open already"),
    ("phone_taken", "Somebody else signs in with this phone, or did before"),
    ("customer_type_name_taken", "is called so already. Choose another name"),
    ("plot_number_taken", "A plot with this number is shown already"),
    ("brokerage_name_taken", "A brokerage of this name exists, or existed before"),
    ("code_wrong", "The code is wrong or no longer valid"),
    ("code_sent_recently", "A code was just sent"),
    ("password_wrong", "The present password is wrong"),
    ("status_forbids", "The customer is only entered. That needs a bound customer"),
    ("status_forbids", "The customer is reported but not bound. That needs a bound customer"),
    ("status_forbids", "The customer is bound already"),
    ("status_forbids", "The customer's protection has ended. That needs a bound customer"),
    ("status_forbids", "The customer is marked as dealt"),
    ("status_forbids", "The entry was withdrawn and cannot be used any more"),
    ("status_forbids", "No deal stands on this customer"),
    ("status_forbids", "This customer was reported already, so the entry can be neither corrected"),
    ("deal_stands", "A deal stands. Undo the deal first"),
    ("code_merged", "This code is no longer used"),
    ("request_reused", "This form was already sent with other content"),
    ("busy", "Too many people are at this customer right now"),
    ("not_found", "There is nothing here, or nothing that your account may see"),
)
"""Refusals in the words of the English pages, written out; a sentence that is not here is unforeseen."""

NO_ANSWER, UNFORESEEN, SIGNED_OUT = "no_answer", "unforeseen", "signed_out"
DONE = frozenset({"done", "bound", "visit", "handled"})
"""What was done, and not merely said."""

_NEVER = frozenset({NO_ANSWER, UNFORESEEN, "busy", "request_reused"})
"""What may be said in no round: a lost race is run again, and never shown."""


def is_never_said(word: str) -> bool:
    """Whether an answer is wrong whatever the round is about."""
    return word in _NEVER or word.startswith("status_5")


def word_of(answer: Answer | None, kept: dict[str, Any] | None) -> str:
    """Return what an answer says; of what was done, `kept` tells how it came out."""
    if answer is None:
        return NO_ANSWER
    if answer.is_done:
        return SIGNED_OUT if "/sign-in" in answer.location else _done(kept or {})
    if answer.status >= 500:
        return f"status_{answer.status}"
    said = html.unescape(answer.text)
    return next((word for word, sentence in SENTENCES if sentence in said), UNFORESEEN)


def _done(kept: dict[str, Any]) -> str:
    answer = kept.get("answer") or {}
    if "handled_ids" in answer:
        return "handled" if answer["handled_ids"] else "told"
    return str(answer.get("outcome", "done"))
