"""What a check of an evidence file found, in words."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lead_system.services.evidence_check import Change, Difference, EvidenceCheck

_CHANGES = {
    Change.NOT_EVIDENCE: _l("This is not an evidence file, or one that cannot be read any more."),
    Change.NOT_OURS: _l("The signature fits, but it was not made by this installation."),
    Change.TEXT_CHANGED: _l("The signature does not fit what evidence.json says."),
    Change.RECORD_CHANGED: _l("Record %(id)s (%(where)s, number %(position)s) was changed."),
    Change.RECORD_MISSING: _l(
        "Before record %(id)s (%(where)s, number %(position)s) a record is missing, or the order was changed."
    ),
    Change.PAYLOAD_CHANGED: _l(
        "The personal values of record %(id)s (%(where)s, number %(position)s) were changed."
    ),
    Change.PAYLOAD_GONE: _l(
        "The personal values of record %(id)s (%(where)s, number %(position)s) were removed."
    ),
    Change.CHAIN_MISSING: _l("All records of %(where)s are missing."),
    Change.CUT_OFF: _l("After number %(position)s of %(where)s records are missing or were added."),
    Change.PAPER_CHANGED: _l("The paper, evidence.pdf, was changed."),
    Change.README_CHANGED: _l("README.txt was changed."),
    Change.PACKED_ANEW: _l(
        "What the file contains is as it was made, but it was packed anew or bytes were added around it."
    ),
}

_PARTS = {
    "lead": _l("Which customer the file is about was changed."),
    "names": _l("The names of people and brokerages were changed."),
    "leads": _l("The customer's numbers were changed."),
    "periods": _l("The periods of holding were changed."),
    "steps": _l("The steps of the time line were changed."),
    "made_by": _l("Who made the file was changed."),
    "made_at": _l("When the file was made was changed."),
    "checkpoint": _l("The checkpoint was changed."),
}


def difference_words(difference: Difference) -> str:
    """Return one sentence about what was changed."""
    if difference.change is Change.PART_CHANGED:
        known = _PARTS.get(difference.where)
        return str(known) if known else _("The part %(where)s was changed.", where=difference.where)
    facts = {"where": difference.where, "position": difference.position, "id": difference.record_id}
    return str(_CHANGES[difference.change]) % facts


def verdict_words(check: EvidenceCheck) -> str:
    """Return the one sentence that answers whoever asked."""
    if check.is_genuine:
        return str(_("Genuine: nothing in this file was changed since it was made."))
    if not check.is_evidence:
        return str(_("This is not an evidence file."))
    if check.was_damaged_before:
        return str(_("The file is as it was made, but what it was made of was not whole any more."))
    return str(_("Not genuine: this file is not as it was made."))
