"""The forms of the phone pages: their shape only. What is allowed is decided by the services."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import starmap
from typing import Any, ClassVar, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # its stubs are older

from lead_system.domain.errors import Refused
from lead_system.domain.identity import NAME_LENGTH, TEXT_LENGTH, is_title
from lead_system.domain.protection import SHANGHAI
from lead_system.domain.roles import Role
from lead_system.models import Account, Brokerage, CustomerType, Intent, Lead
from lead_system.queries.settings import Colleague
from lead_system.services.leads import LeadEntry, Wishes
from lead_system.web.forms import MayBeBlank, RequestForm
from lead_system.web.sentences import sentence

NOBODY = 0
"""A number that no row has: what is typed by hand instead of a number is refused like any unknown one."""


def number_or_none(text: object) -> int | None:
    """Read the value of a choice: a row's number, None where nothing is chosen."""
    if text in (None, "", "None"):
        return None
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else NOBODY


class PhoneForm(RequestForm):
    """A form that can show a service's refusal beside the field that it is about."""

    OTHER_NAMES: ClassVar[dict[str, str]] = {}
    """Fields that the services call by another name than the form."""

    def refuse(self, refused: Refused) -> int:
        """Put the sentence beside its field, or above the form; returns the HTTP status of the answer."""
        named = str(refused.facts.get("field", ""))
        name = self.OTHER_NAMES.get(named, named)
        is_seen = name in self._fields and not isinstance(self._fields[name], HiddenField)
        if not self.show_refusal(name if is_seen else None, sentence(refused)):
            self.form_errors: list[str] = [sentence(refused)]
        return refused.http_status

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows this form."""
        return 422 if self.errors else 200


class MomentField(MayBeBlank, DateTimeLocalField):
    """Day and time on a Shanghai clock; `moment` is the same with its zone."""

    unreadable = _l("Give the day and the time, like 2026-03-02 15:30.")

    def __init__(self, label: Any, **kwargs: Any) -> None:
        # Shown to the minute, which is all that a broker knows; browsers that send seconds are read too.
        super().__init__(label, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def process_data(self, value: datetime | None) -> None:
        """Show a stored moment on the Shanghai clock."""
        self.data = value.astimezone(SHANGHAI).replace(tzinfo=None) if value else None

    @property
    def moment(self) -> datetime | None:
        """The moment that was typed, None where nothing was."""
        return self.data.replace(tzinfo=SHANGHAI) if self.data else None


class DayField(MayBeBlank, DateField):
    """A day in Shanghai."""

    unreadable = _l("Give the day like 2026-03-02.")
    data: date | None


class ChoiceField(SelectField):
    """A list of rows to choose from; the service decides whether a choice is offered."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=number_or_none, validate_choice=False, choices=[], **kwargs)

    def offer(self, rows: Iterable[Any], *, nothing: str, also: Any = None) -> None:
        """Offer rows that have an id and a name, and `also` the present one if it is no longer among them."""
        offered = {row.id: row.name for row in ([also] if also else [])} | {row.id: row.name for row in rows}
        self.choices = [SelectChoice("", nothing), *starmap(SelectChoice, offered.items())]


class WishesForm(PhoneForm):
    """What a broker may say at entry and at every report."""

    expected_visit_at = MomentField(_l("Expected visit"))
    customer_type_id = ChoiceField(_l("Customer type"))
    wished_consultant_id = ChoiceField(_l("Wished consultant"))
    needs = TextAreaField(
        _l("Customer's needs"), render_kw={"maxlength": TEXT_LENGTH, "rows": 3, "data-user": ""}
    )

    def offer(
        self, types: Sequence[CustomerType], consultants: Sequence[Account], lead: Lead | None = None
    ) -> None:
        """Fill the two lists; what the lead already has stays on offer."""
        chosen_type = lead.customer_type if lead else None
        chosen_consultant = lead.wished_consultant if lead else None
        self.customer_type_id.offer(types, nothing=_("Not chosen"), also=chosen_type)
        self.wished_consultant_id.offer(consultants, nothing=_("No wish"), also=chosen_consultant)

    def wishes(self) -> Wishes:
        """Return the wishes as the services take them."""
        return Wishes(
            expected_visit_at=self.expected_visit_at.moment,
            customer_type_id=self.customer_type_id.data,
            needs=self.needs.data or "",
            wished_consultant_id=self.wished_consultant_id.data,
        )


class PersonForm(WishesForm):
    """Who a customer is, with the wishes."""

    OTHER_NAMES: ClassVar[dict[str, str]] = {"phone1": "phone1_head", "phone2": "phone2_head"}

    surname = StringField(_l("Surname"), render_kw={"maxlength": NAME_LENGTH})
    given_name = StringField(_l("Given name"), render_kw={"maxlength": NAME_LENGTH})
    phone1_head = StringField()
    phone1_tail = StringField()
    phone2_head = StringField()
    phone2_tail = StringField()
    was_warned = BooleanField()
    asks_about_title = False

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Check the shape; a given name that is only a title is warned of once, not refused (R1)."""
        is_valid = super().validate(*args, **kwargs)
        self.asks_about_title = is_title(self.given_name.data or "") and not self.was_warned.data
        if is_valid and self.asks_about_title:
            self.renew()
            return False
        return is_valid

    def renew(self) -> None:
        """Leave of a whole number in a box only what belongs there."""
        super().renew()
        for head, tail in ((self.phone1_head, self.phone1_tail), (self.phone2_head, self.phone2_tail)):
            head.data, tail.data = (head.data or "")[:3], (tail.data or "")[-4:]

    def entry(self) -> LeadEntry:
        """Return the customer as the services take it."""
        return LeadEntry(
            surname=self.surname.data or "",
            given_name=self.given_name.data or "",
            phone1_head=self.phone1_head.data or "",
            phone1_tail=self.phone1_tail.data or "",
            phone2_head=self.phone2_head.data or "",
            phone2_tail=self.phone2_tail.data or "",
            wishes=self.wishes(),
        )


class EntryForm(PersonForm):
    """A new customer; a resident may enter one for a colleague."""

    colleague_id = ChoiceField(_l("For a colleague"))

    def offer_colleagues(self, colleagues: Sequence[Colleague]) -> None:
        """Fill the list of colleagues; nobody chosen makes it the own customer (manual 5.1-3)."""
        self.colleague_id.offer(colleagues, nothing=_("No, my own customer"))


class CorrectionForm(PersonForm):
    """An entry as it stands, to be corrected before its first report."""

    version = HiddenField()

    @classmethod
    def of(cls, lead: Lead) -> Self:
        """Return the form as it is first shown."""
        phone2 = lead.phone2 or ""
        parts = {"phone1_head": lead.phone1[:3], "phone1_tail": lead.phone1[3:]}
        return cls(obj=lead, **parts, phone2_head=phone2[:3], phone2_tail=phone2[3:])


class WithdrawalForm(PhoneForm):
    """The yes to taking an entry back."""

    version = HiddenField()


class PhoneNumberForm(PhoneForm):
    """The first step of signing in: which phone."""

    SHOWS_NUMBERS = frozenset({"phone"})

    phone = StringField(_l("Phone number"))

    @property
    def number(self) -> str:
        """The number as it is stored, however the phone's own keyboard spelled it: +86 138 0000 0000."""
        digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", self.phone.data or ""))
        return re.sub(r"^(\+|00)86", "", digits)


class SignInCodeForm(PhoneForm):
    """The second step of signing in: the code that was sent there."""

    code = StringField(_l("Sign-in code"))


class StaffSignInForm(PhoneForm):
    """Gate staff and consultants: account and password."""

    login = StringField(_l("Account"))
    password = PasswordField(_l("Password"))


class ProfileForm(PhoneForm):
    """Name, brokerage and role of an agent."""

    name = StringField(_l("Your name"), render_kw={"maxlength": NAME_LENGTH})
    brokerage_id = ChoiceField(_l("Brokerage"))
    role = RadioField(
        _l("Role"),
        choices=[
            SelectChoice(Role.BROKER.value, _l("Broker")),
            SelectChoice(Role.RESIDENT.value, _l("Resident")),
        ],
        validate_choice=False,
    )

    def offer(self, brokerages: Sequence[Brokerage]) -> None:
        """Fill the list of brokerages."""
        self.brokerage_id.offer(brokerages, nothing=_("Choose your brokerage"))


class VisitorForm(PhoneForm):
    """The name of a visitor."""

    name = StringField(_l("Your name"), render_kw={"maxlength": NAME_LENGTH})


class ObjectionForm(PhoneForm):
    """What a visitor says about having been reported."""

    words = TextAreaField(
        _l("What is wrong?"), render_kw={"maxlength": TEXT_LENGTH, "rows": 4, "data-user": ""}
    )


class FaceForm(PhoneForm):
    """The own nickname and avatar."""

    TAKES_FILES = True

    nickname = StringField(_l("Nickname"), render_kw={"maxlength": NAME_LENGTH, "data-user": ""})
    picture = FileField(_l("New picture"))


class OwnBrokerageForm(PhoneForm):
    """The brokerage that one works for."""

    version = HiddenField()
    brokerage_id = ChoiceField(_l("Brokerage"))

    def offer(self, brokerages: Sequence[Brokerage], account: Account) -> None:
        """Fill the list of brokerages; a page that is not yet filled in begins with what the account has."""
        self.brokerage_id.offer(brokerages, nothing=_("Choose your brokerage"))
        if not self.is_submitted():
            self.brokerage_id.data, self.version.data = account.brokerage_id, str(account.version)


class ReadForm(PhoneForm):
    """A visit code from the camera or typed in."""

    code = StringField(_l("Short code"))


class PhotoForm(PhoneForm):
    """A photo of a visit code."""

    photo = FileField(_l("Photo of the code"))


class ConfirmForm(PhoneForm):
    """The visit that gate staff confirm."""

    code = HiddenField()
    consultant_id = RadioField(_l("Consultant"), coerce=number_or_none, validate_choice=False)
    another_visit = HiddenField()

    def offer(self, consultants: Sequence[Account]) -> None:
        """Fill the list of consultants."""
        self.consultant_id.choices = [SelectChoice(account.id, account.name) for account in consultants]


class KeptScanForm(ConfirmForm):
    """A visit whose scan a phone has kept: the same, and whose it is."""

    account_id = HiddenField()


class ViewingForm(PhoneForm):
    """The viewing that a consultant records."""

    code = HiddenField()
    intent = RadioField(
        _l("Intent"), choices=[SelectChoice(level.value) for level in Intent], validate_choice=False
    )
    standing_in = HiddenField()


class FollowUpForm(PhoneForm):
    """A note on a customer."""

    note = TextAreaField(
        _l("New follow-up"), render_kw={"maxlength": TEXT_LENGTH, "rows": 3, "data-user": ""}
    )
    next_on = DayField(_l("Next contact on"))
