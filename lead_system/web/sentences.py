"""The one sentence for each refusal: what is so, and what to do next (R14).

A fact named in a sentence comes from the refusal; `%(…)s` is filled in here, in the page's language.
"""

from datetime import datetime

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from lead_system.domain.errors import Fact, RefusalCode, Refused
from lead_system.domain.lifecycle import LeadStatus, Verb
from lead_system.web.filters import moment

_SENTENCES: dict[RefusalCode, LazyString] = {
    RefusalCode.NAME_MISSING: _l("Enter the name."),
    RefusalCode.NAME_TOO_LONG: _l("The name is too long: at most %(limit)s characters."),
    RefusalCode.NAME_NOT_LETTERS: _l("A name has only letters; leave out digits and signs."),
    RefusalCode.PHONE_INCOMPLETE: _l(
        "Enter the first three digits of the mobile number and its last four, both complete."
    ),
    RefusalCode.PHONE_FULL_NUMBER: _l(
        "That is a whole mobile number. Enter only its first three and its last four digits."
    ),
    RefusalCode.PHONES_EQUAL: _l("The second phone is the same as the first. Change it or leave it blank."),
    RefusalCode.TEXT_HAS_FULL_NUMBER: _l(
        "The text holds a whole mobile number. Take it out: customers' numbers are not kept here."
    ),
    RefusalCode.TEXT_TOO_LONG: _l("The text is too long: at most %(limit)s characters."),
    RefusalCode.TEXT_NOT_READABLE: _l("The text holds characters that cannot be read. Type it again."),
    RefusalCode.REASON_MISSING: _l("Write a few words here first."),
    RefusalCode.TYPE_NOT_OFFERED: _l("That customer type is no longer offered. Choose another one."),
    RefusalCode.CONSULTANT_MISSING: _l("Choose the consultant who will show the customer round."),
    RefusalCode.CONSULTANT_NOT_OFFERED: _l("That consultant cannot be chosen any more. Choose another one."),
    RefusalCode.INTENT_UNKNOWN: _l("Choose how strong the intent is: A, B, C or D."),
    RefusalCode.OUTCOME_UNKNOWN: _l("Choose one of the outcomes in the list, or none."),
    RefusalCode.BROKERAGE_NOT_OFFERED: _l("Choose a brokerage from the list."),
    RefusalCode.ROLE_NOT_OFFERED: _l("Choose one of the roles in the list."),
    RefusalCode.ACCOUNT_PHONE_WRONG: _l("Enter the whole mobile number: eleven digits, beginning with 1."),
    RefusalCode.DEAL_DATE_OUTSIDE: _l(
        "The deal date must be a day on which the customer was bound to this broker, and not after today."
    ),
    RefusalCode.DEAL_AMOUNT_WRONG: _l(
        "Enter the amount in yuan with at most two decimals, or leave it blank."
    ),
    RefusalCode.FEE_AMOUNT_WRONG: _l(
        "Enter an amount between 0.01 and 999,999.99 yuan, with at most two decimals."
    ),
    RefusalCode.REQUEST_ID_WRONG: _l("This form is incomplete. Reload the page and fill it in again."),
    RefusalCode.NOTHING_CHOSEN: _l("Choose at least one row first."),
    RefusalCode.MOMENT_WRONG: _l("That date cannot be right. Choose it again."),
    RefusalCode.MOMENT_TO_COME: _l("That moment has not come yet. Choose one that has passed."),
    RefusalCode.NEXT_DAY_PAST: _l("That day has passed. Choose today or a later day, or leave it blank."),
    RefusalCode.COLLEAGUE_NOT_OFFERED: _l(
        "Nobody of your brokerage can be chosen by that. Choose a colleague from the list, or none."
    ),
    RefusalCode.DAYS_REVERSED: _l("The first day comes after the last one. Swap them."),
    RefusalCode.DECISION_MISSING: _l("Press the button that approves, or the one that rejects."),
    RefusalCode.EXTENSION_DAYS_WRONG: _l("Enter a whole number of days between 1 and %(limit)s."),
    RefusalCode.PICTURE_MISSING: _l("Choose the screenshot of the payment."),
    RefusalCode.PICTURE_TOO_LARGE: _l(
        "The picture is too large: at most %(limit)s MB and 40 million pixels, as WebP 20 million. "
        "Send a screenshot, not a photo of the screen."
    ),
    RefusalCode.PICTURE_UNREADABLE: _l(
        "That file is no picture that can be read. Choose a JPEG, PNG or WebP file."
    ),
    RefusalCode.ILLUSTRATION_MISSING: _l("Choose a picture first."),
    RefusalCode.ILLUSTRATION_TOO_LARGE: _l(
        "The picture is too large: at most %(limit)s MB and 40 million pixels, as WebP 20 million. "
        "Choose a smaller one."
    ),
    RefusalCode.ILLUSTRATION_NOT_KEPT: _l(
        "A picture in the text is not kept here. Take it out and insert it again."
    ),
    RefusalCode.TOO_MANY_TAGS: _l("Too many tags: at most %(limit)s. Take some out."),
    RefusalCode.TAG_TOO_LONG: _l("A tag is too long: at most %(limit)s characters. Shorten it."),
    RefusalCode.POSITION_WRONG: _l(
        "Enter latitude and longitude in degrees with decimals, such as 39.908722 and 116.397499, "
        "or leave both blank."
    ),
    RefusalCode.POSITION_NOT_FOUND: _l(
        "No coordinates were found in what you pasted. Paste something like 39.908722, 116.397499."
    ),
    RefusalCode.PLOT_NUMBER_MISSING: _l("Enter the plot number."),
    RefusalCode.PLOT_PLACE_WRONG: _l("Enter the place in the list as a whole number from 1 to %(limit)s."),
    RefusalCode.LOGIN_WRONG: _l(
        "An account name has 3 to 30 small letters, digits, dots, hyphens or underscores, and begins with a "
        "letter or digit."
    ),
    RefusalCode.EMPLOYEE_NUMBER_WRONG: _l(
        "An employee number has 1 to 20 letters, digits or hyphens. Correct it."
    ),
    RefusalCode.BROKERAGE_PHONE_WRONG: _l(
        "A phone number has 5 to 20 digits; spaces, hyphens, brackets and + may stand between them."
    ),
    RefusalCode.PROTECTION_DAYS_WRONG: _l("Enter a whole number of days between 1 and %(limit)s."),
    RefusalCode.RETENTION_MONTHS_WRONG: _l("Enter a whole number of months between %(least)s and %(limit)s."),
    RefusalCode.FLAG_THRESHOLD_WRONG: _l("Enter a whole number between %(least)s and %(limit)s."),
    RefusalCode.SPAN_REVERSED: _l("The first number of days is the larger one. Swap them."),
    RefusalCode.DAYS_TOO_MANY: _l("Choose at most %(limit)s days at once."),
    RefusalCode.SERVICE_PHONE_WRONG: _l(
        "A phone number has 5 to 20 digits; spaces, hyphens, brackets and + may stand between them."
    ),
    RefusalCode.SERVICE_LINK_WRONG: _l(
        "Enter a whole address that begins with https://, copied from WeChat or from your service desk; "
        "or leave it blank."
    ),
    RefusalCode.PASSWORD_TOO_SHORT: _l("The password is too short: at least %(limit)s characters."),
    RefusalCode.PASSWORD_TOO_EASY: _l(
        "That password is too easy to guess. Put together several words that have nothing to do with each "
        "other, with you or with this system."
    ),
    RefusalCode.PASSWORDS_DIFFER: _l("The two passwords differ. Type the new one twice, the same."),
    RefusalCode.PASSWORD_WRONG: _l("The present password is wrong. Type it again."),
    RefusalCode.PASSWORD_UNCHANGED: _l("That is the present password. Choose another one."),
    RefusalCode.EXTENDED_BEFORE: _l(
        "This binding was extended before, which is possible once. Ask the broker to report again later."
    ),
    RefusalCode.LEAD_MERGED: _l(
        "This number was merged into customer number %(lead_id)s. Do that on the page of that one."
    ),
    RefusalCode.ALREADY_ANOTHER_PERSON: _l(
        "Customer number %(lead_id)s is declared another person already. Say first that it is the same "
        "person after all."
    ),
    RefusalCode.NOT_ANOTHER_PERSON: _l(
        "Customer number %(lead_id)s counts as the same person. Reload the page and look again."
    ),
    RefusalCode.BROKER_HAS_CUSTOMER: _l(
        "The broker has another entry for that customer: number %(lead_id)s. Look at that one, and leave "
        "this one another person."
    ),
    RefusalCode.FEE_ALREADY_VOIDED: _l("%(name)s has voided this fee already. Nothing more is to be done."),
    RefusalCode.COLLISION_NOT_HANDLED: _l("This collision is open already. Handle it in the list."),
    RefusalCode.COLLISION_CLOSED_BY_SYSTEM: _l(
        "A rebind closed this collision, so it cannot be opened again. Look at the customer's rebinds."
    ),
    RefusalCode.NEWER_COLLISION_OPEN: _l(
        "A newer collision of the same two customers is open. Handle that one."
    ),
    RefusalCode.LOGIN_TAKEN: _l(
        "This account name was used before, and is never given to anybody else. Choose another one."
    ),
    RefusalCode.EMPLOYEE_NUMBER_TAKEN: _l(
        "This employee number was used before, and is never given to anybody else. Choose another one."
    ),
    RefusalCode.PHONE_TAKEN: _l("Somebody else signs in with this phone, or did before. Check the number."),
    RefusalCode.PHONE_UNCHANGED: _l("That is the phone you sign in with already. Enter the new one."),
    RefusalCode.BROKERAGE_NAME_TAKEN: _l(
        "A brokerage of this name exists, or existed before. Choose another name."
    ),
    RefusalCode.CUSTOMER_TYPE_NAME_TAKEN: _l(
        "The customer type “%(name)s” is called so already. Choose another name."
    ),
    RefusalCode.CUSTOMER_TYPE_RETIRED: _l(
        "There is a retired customer type “%(name)s”. Bring that one back instead."
    ),
    RefusalCode.PLOT_NUMBER_TAKEN: _l("A plot with this number is shown already. Choose another number."),
    RefusalCode.EXPORT_TOO_LARGE: _l(
        "These are %(rows)s rows; an Excel file takes %(limit)s at most. Narrow the search, "
        "for example to some days."
    ),
    RefusalCode.EVIDENCE_TOO_LARGE: _l(
        "There is more about this customer than one evidence file can hold. Print the time line instead."
    ),
    RefusalCode.FILE_MISSING: _l("Choose the filled-in Excel file first."),
    RefusalCode.FILE_TOO_LARGE: _l(
        "The file is too large: at most %(limit)s MB, and %(unpacked)s MB when it is unpacked. "
        "Copy the rows into a fresh template."
    ),
    RefusalCode.FILE_LOCKED: _l(
        "The file is protected by a password. Save it in Excel without one and choose it again."
    ),
    RefusalCode.FILE_NOT_WORKBOOK: _l(
        "That file is no Excel workbook (.xlsx) that can be read. Open it in Excel and save it as .xlsx."
    ),
    RefusalCode.SHEET_MISSING: _l("The workbook has no sheet with cells. Fill in the template."),
    RefusalCode.HEADINGS_MISSING: _l(
        "These headings are missing in the first row: %(headings)s. Use the template and keep its first row."
    ),
    RefusalCode.HEADING_UNKNOWN: _l(
        "The first row has a heading that is not of the template: %(name)s. Remove that column."
    ),
    RefusalCode.HEADING_TWICE: _l(
        "The first row has this heading twice: %(headings)s. Remove one of the two columns."
    ),
    RefusalCode.CELLS_MERGED: _l(
        "Cells are merged in %(cells)s. Unmerge them, so that each row has its own values."
    ),
    RefusalCode.ROWS_MISSING: _l("There is no row under the headings. Fill in at least one."),
    RefusalCode.ROWS_TOO_MANY: _l("The file has more than %(limit)s rows. Divide it into several files."),
    RefusalCode.CELL_HAS_FORMULA: _l("The cell holds a formula. Type the value itself."),
    RefusalCode.CELL_IS_DATE: _l(
        "Excel has made a date or time of this cell. Format it as text and type it again."
    ),
    RefusalCode.CELL_UNREADABLE: _l("The cell cannot be read. Format it as text and type it again."),
    RefusalCode.TWICE_IN_FILE: _l("The same stands in row %(line)s already. Keep one of the two."),
    RefusalCode.IMPORT_ROWS_BAD: _l(
        "Nothing was imported. Rows that cannot be, as things are now: %(rows)s. Look at them below."
    ),
    RefusalCode.IMPORT_NOTHING_GOOD: _l(
        "Nothing was imported: no row of this file can be. Mend the file and choose it again."
    ),
    RefusalCode.IMPORT_DONE_BEFORE: _l("This file was imported already. Nothing more is to be done."),
    RefusalCode.IMPORT_EXPIRED: _l(
        "This file was read more than an hour ago. Choose it again, so that it is checked afresh."
    ),
    RefusalCode.PASSWORDS_GONE: _l(
        "These passwords can no longer be put into a file. Set a new temporary password where one is missing."
    ),
    RefusalCode.ALREADY_ENTERED: _l(
        "You have entered this customer before: number %(lead_id)s. Report that one again."
    ),
    RefusalCode.OWN_PERSON: _l("A broker cannot be their own customer. Enter somebody else."),
    RefusalCode.COLLEAGUE_HAS_CUSTOMER: _l(
        "Your colleague has entered this customer before. Tell your colleague to report the customer again."
    ),
    RefusalCode.COLLEAGUE_REPORTS: _l(
        "Only your colleague can report this customer. Press “Only enter”, and tell your colleague."
    ),
    RefusalCode.REPORTED_ENOUGH_TODAY: _l(
        "This customer was already reported today. The visit code works; show it at the gate."
    ),
    RefusalCode.CODE_UNKNOWN: _l("This is no visit code of ours. Ask the broker to open the code again."),
    RefusalCode.CODE_MERGED: _l(
        "This code is no longer used. Ask the broker for the code of customer number %(lead_id)s."
    ),
    RefusalCode.SLIP_NOT_OURS: _l(
        "Not confirmed: no slip with this number and this code was issued here. Compare both with the paper "
        "and type them again."
    ),
    RefusalCode.HELD_BY_ANOTHER: _l(
        "Another broker holds this customer (number %(holders)s). Ask the director, who settles it."
    ),
    RefusalCode.MUST_REPORT_AGAIN: _l(
        "The protection has ended. Ask the broker to report this customer again, then scan the same code."
    ),
    RefusalCode.BROKER_NOT_ACTIVE: _l("This broker's account is not in use. Ask the back office."),
    RefusalCode.BROKER_NOT_APPROVED: _l("This resident broker is not approved yet. Ask the back office."),
    RefusalCode.BROKERAGE_NOT_ACTIVE: _l(
        "The broker belongs to no brokerage that works with us. A brokerage must be chosen first."
    ),
    RefusalCode.ANOTHER_VISIT_UNCONFIRMED: _l(
        "This customer was scanned less than a minute ago. Count it as another visit?"
    ),
    RefusalCode.STANDING_IN_UNCONFIRMED: _l(
        "This customer is assigned to %(consultant)s. Record the viewing as standing in?"
    ),
    RefusalCode.NEVER_HELD: _l("This customer was never bound to this broker, so there is no deal to mark."),
    RefusalCode.NEVER_SCANNED: _l("The gate has never scanned this customer, so no viewing fee is due."),
    RefusalCode.REBIND_SAME_BROKER: _l("The customer is bound to this broker already. Choose another one."),
    RefusalCode.DEAL_STANDS: _l("A deal stands. Undo the deal first."),
    RefusalCode.PROFILE_ALREADY_COMPLETE: _l("Your profile is complete already. Go on to your customers."),
    RefusalCode.VISITOR_NAME_FIXED: _l(
        "Your name stands in our visit records and cannot be changed here. Ask at the desk."
    ),
    RefusalCode.NO_BROKER_REPORTED: _l("No broker has reported you, so there is nothing to object to."),
    RefusalCode.OBJECTED_ENOUGH_TODAY: _l(
        "We have your objections of today and look into them. Write again tomorrow, or call us."
    ),
    RefusalCode.NOT_WAITING: _l("This person does not wait for an approval. Reload the page."),
    RefusalCode.ANONYMISED: _l(
        "This person's data was anonymised, so nothing more can be done here. Enter the customer anew."
    ),
    RefusalCode.STILL_HELD: _l(
        "Customer number %(lead_id)s is bound or dealt, or another broker holds the customer. "
        "The data can go once nobody holds the customer any more."
    ),
    RefusalCode.COLLISION_STILL_OPEN: _l(
        "A collision about this person is open, and needs the data. Handle the collision first."
    ),
    RefusalCode.TOO_MANY_CHOSEN: _l("Choose at most %(limit)s customers at once; the rest comes after them."),
    RefusalCode.RECONCILIATION_RUNS: _l(
        "The checks are being run already. Reload the page in a minute; the result will stand there."
    ),
    RefusalCode.STALE: _l("Somebody else has changed this meanwhile. Reload the page and look again."),
    RefusalCode.REQUEST_REUSED: _l(
        "This form was already sent with other content. Reload the page and try again."
    ),
    RefusalCode.BUSY: _l("Too many people are at this customer right now. Try again in a moment."),
    RefusalCode.SIGN_IN_FAILED: _l("Account name or password is wrong. Check both and try again."),
    RefusalCode.TEMPORARY_PASSWORD_OVER: _l(
        "This temporary password is more than a week old. Ask your administrator for a new one."
    ),
    RefusalCode.SECOND_FACTOR_WRONG: _l(
        "This code is wrong, was used before or is too old. Wait for the next one in your app and type that."
    ),
    RefusalCode.SECOND_FACTOR_ON: _l(
        "The second factor is on already. Turn it off first if you want to set it up on another phone."
    ),
    RefusalCode.SECOND_FACTOR_OFF: _l("This account has no second factor. Reload the page to see how it is."),
    RefusalCode.CODE_WRONG: _l("The code is wrong or no longer valid. Check it, or have a new one sent."),
    RefusalCode.CODE_SENT_RECENTLY: _l(
        "A code was just sent. You can have another one in %(seconds)s seconds."
    ),
    RefusalCode.TOO_MANY_CODES: _l(
        "Too many codes were sent to this phone or from this connection. Try again after %(until)s."
    ),
    RefusalCode.CODE_NOT_SENT: _l("The code could not be sent. You can try again at once."),
    RefusalCode.WECHAT_LINK_OLD: _l(
        "That sign-in from WeChat was used before or is too old. Start again, or sign in with your phone."
    ),
    RefusalCode.WECHAT_NOT_ALLOWED: _l(
        "You did not allow WeChat to say who you are. Allow it, or sign in with your phone."
    ),
    RefusalCode.WECHAT_BUSY: _l(
        "WeChat takes no more questions at the moment. Sign in with your phone, or try again later."
    ),
    RefusalCode.WECHAT_NOT_REACHED: _l(
        "WeChat does not answer as it should. Try again, or sign in with your phone."
    ),
    RefusalCode.ACCOUNT_CLOSED: _l("This account was closed. Ask the back office."),
    RefusalCode.NOT_FOUND: _l("There is nothing here, or nothing that your account may see."),
    RefusalCode.FORBIDDEN: _l(
        "Your account may not do this. Sign in with another one, or ask your administrator."
    ),
}

_NOT_BOUND_YET: dict[str, LazyString] = {
    LeadStatus.REPORTED: _l("Gate staff have not scanned this customer yet. Go to the gate first."),
    LeadStatus.EXPIRED: _l(
        "The protection has ended. The broker must report this customer again, and the gate scan the code."
    ),
}

_NO_DEAL = _l("No deal stands on this customer. Reload the page and look again.")

_REPORTED_BEFORE = _l(
    "This customer was reported already, so the entry can be neither corrected nor withdrawn. "
    "What the customer wishes can be changed with every report."
)

_STATUS_FORBIDS: dict[str, LazyString] = {
    LeadStatus.ENTERED: _l("The customer is only entered. That needs a bound customer."),
    LeadStatus.REPORTED: _l("The customer is reported but not bound. That needs a bound customer."),
    LeadStatus.BOUND: _l("The customer is bound already."),
    LeadStatus.EXPIRED: _l("The customer's protection has ended. That needs a bound customer."),
    LeadStatus.DEALT: _l("The customer is marked as dealt. Undo the deal first."),
    LeadStatus.WITHDRAWN: _l("The entry was withdrawn and cannot be used any more."),
}


_BOUND_PERSON = _l(
    "The customer is bound, so who it is stays as it is. Move the binding to the right broker, or wait until "
    "it ends."
)
"""Nobody is declared another person, or the same one, while a binding runs (R4)."""

_SAID_IN_MINUTES = 120
"""From how many seconds on a wait is said in minutes."""

_NAMES = frozenset({"name", "consultant"})
"""Facts that people typed, in whatever language they speak."""


def sentence_for_page(refused: Refused) -> Markup:
    """Return the sentence as a page shows it: names in it are marked as what people typed."""
    marked = Markup("<span data-user>{}</span>")
    names = {name: marked.format(fact) for name, fact in refused.facts.items() if name in _NAMES}
    if not names:
        return escape(sentence(refused))
    return Markup(_wording(refused)) % {**_spoken_facts(refused), **names}  # noqa: S704 - our own sentence


def _wording(refused: Refused) -> str:
    """Return the sentence with its facts still to be filled in."""
    status = str(refused.facts.get("status") or "")
    if refused.code is RefusalCode.NOT_BOUND_YET:
        return str(_NOT_BOUND_YET.get(status, _NOT_BOUND_YET[LeadStatus.REPORTED]))
    if refused.code is RefusalCode.STATUS_FORBIDS:
        if refused.facts.get("verb") in (Verb.CORRECT.value, Verb.WITHDRAW.value):
            return str(_REPORTED_BEFORE)
        if refused.facts.get("verb") == Verb.TELL_APART.value and status == LeadStatus.BOUND.value:
            return str(_BOUND_PERSON)
        is_undo = refused.facts.get("verb") in (Verb.UNDO_DEAL.value, Verb.UNDO_LATE_DEAL.value)
        return str(_NO_DEAL if is_undo else _STATUS_FORBIDS[LeadStatus(status)])
    if refused.code in (RefusalCode.TOO_MANY_TRIES, RefusalCode.TOO_MANY_REQUESTS):
        return _wait(refused.code, int(refused.facts.get("seconds") or 1))
    return str(_SENTENCES[refused.code])


def _wait(code: RefusalCode, seconds: int) -> str:
    """Return the sentence of those who have come too often: how long they have to wait."""
    are_tries, minutes = code is RefusalCode.TOO_MANY_TRIES, -(-seconds // 60)
    if seconds > _SAID_IN_MINUTES and are_tries:
        return str(_("Too many tries. Try again in %(minutes)s minutes.", minutes=minutes))
    if seconds > _SAID_IN_MINUTES:
        return str(_("That was too much at once. Try again in %(minutes)s minutes.", minutes=minutes))
    if are_tries:
        return str(
            ngettext(
                "Too many tries. Try again in %(num)s second.",
                "Too many tries. Try again in %(num)s seconds.",
                seconds,
            )
        )
    return str(
        ngettext(
            "That was too much at once. Try again in %(num)s second.",
            "That was too much at once. Try again in %(num)s seconds.",
            seconds,
        )
    )


def _spoken_facts(refused: Refused) -> dict[str, Fact]:
    """Return the facts as they are said: a moment on a Shanghai clock."""
    until = refused.facts.get("until")
    told = {} if until is None else {"until": moment(datetime.fromisoformat(str(until)))}
    return refused.facts | told


def sentence(refused: Refused) -> str:
    """Return the sentence that tells a person why not, and what to do next."""
    text = _wording(refused)
    said = text % _spoken_facts(refused) if refused.facts else text
    lead_id = refused.facts.get("lead_id")
    if lead_id is not None and f"{lead_id}" not in said and refused.code is RefusalCode.STATUS_FORBIDS:
        return str(_("Customer number %(lead_id)s: %(sentence)s", lead_id=lead_id, sentence=said))
    return said
