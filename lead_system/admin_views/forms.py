"""The forms of the back office: the shape of what is typed. Rules live in the services."""

import re
from decimal import Decimal

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # its stubs are older

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import STAFF_ROLES, Role
from lead_system.queries.matching import find_row_number
from lead_system.services.brokerages import BrokerageFacts
from lead_system.services.deals import DealTerms
from lead_system.services.staff import NewStaff
from lead_system.web.forms import RequestForm
from lead_system.web.words import word

_AMOUNT = re.compile(r"([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,15})?")
"""Digits with at most one dot; a comma only where it parts thousands, since elsewhere it is half a dot."""


def typed(text: str | None) -> str:
    """Return what was typed without the space around it."""
    return (text or "").strip()


def read_yuan(text: str | None, refusal: RefusalCode) -> Decimal | None:
    """Return an amount as people type it, with or without ¥ and commas between thousands; None for blank.

    Raises:
        Refused: the given refusal, for what is no number.
    """
    amount = typed(text).lstrip("¥￥")
    if amount and not _AMOUNT.fullmatch(amount):
        raise Refused(refusal, field="amount")
    return Decimal(amount.replace(",", "")) if amount else None


def _number_or_none(text: object) -> int | None:
    """Read the value of a choice of rows; None for anything that is no row's number."""
    return find_row_number(str(text))


def role_choice(role: Role) -> LazyString:
    """Return the word for a role, asked for when it is shown: forms outlive the request that made them."""
    return LazyString(lambda: word(role))


class SignInForm(RequestForm):
    """Account name and password."""

    login = StringField(_l("Account name"), filters=[typed])
    password = PasswordField(_l("Password"))


class SecondStepForm(RequestForm):
    """The code that an authenticator app shows, or one from paper."""

    code = StringField(
        _l("Code"),
        description=_l("Six digits, or one of your recovery codes."),
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "autofocus": True,
            "maxlength": 20,
            "required": True,
            "spellcheck": "false",
        },
    )


class SetUpForm(RequestForm):
    """The first code of an app, and the salt of what the app was told."""

    salt = HiddenField()
    code = StringField(
        _l("Code that the app shows"),
        description=_l("Six digits."),
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "maxlength": 20,
            "required": True,
        },
    )


class VersionForm(RequestForm):
    """A form about one row; it knows which version of the row it was filled in for (R13)."""

    version = IntegerField()

    @property
    def seen(self) -> int:
        """The version that the page showed; 0, which no row has, where that was not sent."""
        return self.version.data or 0


class BrokerForm(VersionForm):
    """What a director changes of a broker: phone and brokerage, and nothing else (manual 6.2.c-13)."""

    SHOWS_NUMBERS = frozenset({"phone"})

    phone = StringField(_l("Phone"), filters=[typed], render_kw={"inputmode": "tel", "maxlength": 11})
    brokerage_id = SelectField(_l("Brokerage"), coerce=_number_or_none, validate_choice=False)


class DecideForm(VersionForm):
    """Whether a resident is let in; a rejection needs a reason."""

    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed for a rejection; the resident reads it on the phone."),
        render_kw={"maxlength": 500},
    )


class BrokerageForm(VersionForm):
    """A brokerage (manual 6.2.b)."""

    SHOWS_NUMBERS = frozenset({"phone"})

    name = StringField(_l("Company name"), render_kw={"maxlength": 60, "required": True})
    contact = StringField(_l("Contact"), render_kw={"maxlength": 30})
    phone = StringField(_l("Contact's phone"), render_kw={"maxlength": 20, "inputmode": "tel"})
    address = StringField(_l("Address"), render_kw={"maxlength": 120})

    def facts(self) -> BrokerageFacts:
        """Return what was typed."""
        typed = (self.name.data, self.contact.data, self.phone.data, self.address.data)
        return BrokerageFacts(*(text or "" for text in typed))


class ProtectionForm(VersionForm):
    """How many days a binding lasts, and whether running ones get them too (manual 6.3.j-2)."""

    days = StringField(
        _l("Days"),
        filters=[typed],
        description=_l("A whole number between 1 and 3650; a day has 24 hours, from the binding on."),
        render_kw={"inputmode": "numeric", "maxlength": 10, "autocomplete": "off", "required": True},
    )
    reach = StringField(_l("Whom it concerns"), default="new")

    @property
    def wanted_days(self) -> int:
        """The days that were typed; 0, which is refused, for anything that is no whole number."""
        return find_row_number(self.days.data or "") or 0

    @property
    def is_for_running(self) -> bool:
        """Whether running bindings shall get another end too."""
        return bool(self.reach.data == "running")


class ContactForm(VersionForm):
    """How the phone pages say to reach the sales centre (manual 6.3.j-12)."""

    SHOWS_NUMBERS = frozenset({"service_phone", "service_link"})

    service_phone = StringField(
        _l("Service phone"),
        filters=[typed],
        description=_l("Brokers, gate staff and consultants call it with one tap. Blank: not shown."),
        render_kw={"maxlength": 20, "inputmode": "tel", "autocomplete": "off"},
    )
    service_link = StringField(
        _l("Customer-service link"),
        filters=[typed],
        description=_l(
            "Opened by “Contact customer service” on the phone. An https address, for example that of "
            "WeChat's customer service. Blank: not shown."
        ),
        render_kw={"maxlength": 300, "inputmode": "url", "autocomplete": "off"},
    )


class CustomerTypeForm(VersionForm):
    """The name of a customer type."""

    name = StringField(_l("Name of the type"), filters=[typed], render_kw={"maxlength": 30, "required": True})


class ConfirmForm(VersionForm):
    """A yes to a change; all that it says is which version of the row was seen."""


class NewStaffForm(RequestForm):
    """A new member of staff (manual 6.3.h-6, 6.3.i-7)."""

    SHOWS_NUMBERS = frozenset({"phone"})

    employee_number = StringField(
        _l("Employee number"), filters=[typed], render_kw={"maxlength": 20, "required": True}
    )
    name = StringField(_l("Name"), render_kw={"maxlength": 30, "required": True})
    phone = StringField(
        _l("Phone"), filters=[typed], render_kw={"maxlength": 11, "inputmode": "tel", "required": True}
    )
    role: SelectField | None = SelectField(
        _l("Role"),
        choices=[SelectChoice(role.value, role_choice(role)) for role in STAFF_ROLES],
        validate_choice=False,
    )
    login = StringField(
        _l("Account name"),
        filters=[typed],
        description=_l("To sign in with; never given to anybody else later."),
        render_kw={"maxlength": 30, "autocomplete": "off", "autocapitalize": "none", "required": True},
    )
    password = PasswordField(
        _l("Temporary password"),
        description=_l("At least 12 characters; has to be changed at the first sign-in."),
        render_kw={"autocomplete": "new-password", "required": True},
    )

    def staff(self) -> NewStaff:
        """Return what was typed, without the password.

        Raises:
            Refused: ROLE_NOT_OFFERED for a role that the form does not offer.
        """
        role = Role.CONSULTANT if self.role is None else self.role.data
        if self.role is not None and role not in STAFF_ROLES:
            raise Refused(RefusalCode.ROLE_NOT_OFFERED, field="role")
        return NewStaff(
            role=Role(role),
            name=self.name.data or "",
            phone=self.phone.data or "",
            login=self.login.data or "",
            employee_number=self.employee_number.data or "",
        )


class NewConsultantForm(NewStaffForm):
    """A new consultant: the role is not asked for."""

    role = None


class StaffForm(VersionForm):
    """What an admin changes of a member of staff: phone and password (manual 6.3.h-7, 6.3.i-8)."""

    SHOWS_NUMBERS = frozenset({"phone"})

    phone = StringField(_l("Phone"), filters=[typed], render_kw={"maxlength": 11, "inputmode": "tel"})
    password = PasswordField(
        _l("New temporary password"),
        description=_l("Leave it blank to keep the present one. A new one has to be changed at sign-in."),
        render_kw={"autocomplete": "new-password"},
    )


class FeeForm(RequestForm):
    """A viewing fee and the screenshot of its payment (manual 6.1.b-4)."""

    TAKES_FILES = True

    amount = StringField(
        _l("Amount"),
        filters=[typed],
        description=_l("In yuan, between 0.01 and 999,999.99."),
        render_kw={"inputmode": "decimal", "required": True, "autocomplete": "off"},
    )
    picture = FileField(
        _l("Payment screenshot"),
        description=_l("JPEG, PNG or WebP, at most 10 MB."),
        render_kw={"accept": "image/jpeg,image/png,image/webp", "required": True},
    )

    def yuan(self) -> Decimal:
        """Return the amount.

        Raises:
            Refused: FEE_AMOUNT_WRONG for what is no number.
        """
        yuan = read_yuan(self.amount.data, RefusalCode.FEE_AMOUNT_WRONG)
        if yuan is None:
            raise Refused(RefusalCode.FEE_AMOUNT_WRONG, field="amount")
        return yuan


class DealForm(VersionForm):
    """What is known of a deal."""

    dealt_on = DateField(_l("Deal date"))
    unit = StringField(_l("Unit"))
    amount = StringField(_l("Amount"), filters=[typed])
    reason = TextAreaField(_l("Reason"))

    def terms(self) -> DealTerms:
        """Return the terms as they were typed.

        Raises:
            Refused: the date is no date, or the amount no number; the fact `field` says which.
        """
        if self.dealt_on.data is None:
            raise Refused(RefusalCode.MOMENT_WRONG, field="dealt_on")
        amount = read_yuan(self.amount.data, RefusalCode.DEAL_AMOUNT_WRONG)
        return DealTerms(self.dealt_on.data, self.unit.data or "", amount, self.reason.data or "")


class BulkDealForm(RequestForm):
    """One date for several deals."""

    dealt_on = DateField(_l("Deal date"))


def _reason() -> TextAreaField:
    """Return the field for a reason that goes into the history."""
    return TextAreaField(
        _l("Reason"),
        description=_l("Kept in the history."),
        render_kw={"maxlength": 500, "required": True},
    )


class ReasonForm(RequestForm):
    """Why something is voided."""

    reason = _reason()


class ReopenForm(ReasonForm):
    """Why a collision is opened again; it knows which handling it was filled in for (R13)."""

    seen = HiddenField()


class VersionReasonForm(VersionForm):
    """Why a row is changed that somebody else may have changed meanwhile."""

    reason = _reason()


class ArchiveForm(ConfirmForm):
    """A yes to an archiving."""


class ExtendForm(VersionForm):
    """By how many days a binding is extended, and why (R6)."""

    days = IntegerField(_l("Days"), render_kw={"min": 1, "required": True})
    reason = _reason()


class RebindForm(VersionReasonForm):
    """To whom a customer goes, and for how long."""

    keep_end = StringField(_l("Protection"), default="no")


class HandleForm(RequestForm):
    """What became of collisions, where somebody cares to say."""

    outcome = StringField(_l("Outcome"))
    note = TextAreaField(_l("Note"))


class ImportFileForm(RequestForm):
    """A workbook of rows to be imported."""

    TAKES_FILES = True

    file = FileField(
        _l("Excel file"),
        description=_l("The filled-in template (.xlsx), at most 2 MB and 1,000 rows."),
        render_kw={"accept": ".xlsx", "required": True},
    )


class CarryOutForm(RequestForm):
    """A yes to an import that was looked at."""

    good_only = HiddenField()

    @property
    def leaves_out_bad(self) -> bool:
        """Whether rows that cannot be imported are left out; otherwise one of them stops the whole."""
        return bool(self.good_only.data == "yes")


class PasswordSheetForm(RequestForm):
    """The temporary passwords of the page that shows them, sealed by the server that made the page."""

    sealed = HiddenField()
