"""What a history record says to a person."""

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lead_system.models import HistoryRecord

_WORDS: dict[str, LazyString] = {
    "enter_lead": _l("Customer entered"),
    "correct_entry": _l("Entry corrected"),
    "withdraw_entry": _l("Entry withdrawn"),
    "change_wishes": _l("Needs, type, visit or wished consultant changed"),
    "report_lead": _l("Customer reported"),
    "report_on_behalf": _l("Reported on the broker's behalf"),
    "bind_by_scan": _l("Scanned at the gate and bound"),
    "visit_again": _l("Scanned again: another visit"),
    "scan_turned_away": _l("Turned away at the gate: another broker holds the customer"),
    "record_viewing": _l("Viewing recorded"),
    "add_follow_up": _l("Follow-up written"),
    "mark_dealt": _l("Deal marked"),
    "undo_deal": _l("Deal undone"),
    "rebind_away": _l("Rebound to another broker"),
    "rebind_here": _l("Rebound to this broker"),
    "merge_lead": _l("Merged into another entry of the same broker"),
    "assign_consultant": _l("Handed over to another consultant"),
    "extend_binding": _l("Protection extended"),
    "declare_another_person": _l("Declared another person with the same name and digits"),
    "declare_same_person": _l("Declared the same person after all"),
    "reset_protection": _l("Protection changed together with the setting"),
    "change_protection": _l("Protection changed"),
    "change_contact": _l("Contact changed"),
    "change_retention": _l("Retention changed"),
    "change_flags": _l("Flags changed"),
    "anonymise": _l("Anonymised"),
    "make_evidence": _l("Evidence file made"),
    "open_account": _l("First sign-in"),
    "become_visitor": _l("Became a visitor"),
    "rename_visitor": _l("Name corrected"),
    "become_broker": _l("Became a broker"),
    "log_walk_in": _l("Came alone"),
    "change_own_face": _l("Avatar or nickname changed"),
    "take_wechat_avatar": _l("Avatar taken from WeChat"),
    "link_wechat": _l("Linked to WeChat"),
    "unlink_wechat": _l("No longer linked to WeChat"),
    "archive_account": _l("Account archived"),
    "add_customer_type": _l("Customer type added"),
    "rename_customer_type": _l("Customer type renamed"),
    "retire_customer_type": _l("Customer type retired"),
    "bring_back_customer_type": _l("Customer type brought back"),
    "move_customer_type": _l("Customer type moved up"),
    "pay_fee": _l("Viewing fee written down"),
    "void_fee": _l("Viewing fee voided"),
    "change_project": _l("Project page changed"),
    "keep_illustration": _l("Picture added"),
    "open_plot": _l("Plot added"),
    "change_plot": _l("Plot changed"),
    "archive_plot": _l("Plot archived"),
    "bring_back_plot": _l("Plot shown again"),
}


def history_word(record: HistoryRecord) -> str:
    """Return the words for what a record says was done; an action that is not named here shows its code."""
    word = _WORDS.get(record.action)
    return str(word) if word is not None else _("Changed (%(action)s)", action=record.action)
