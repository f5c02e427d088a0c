"""The search fields above the lists: how what is typed into an address is read, and what is refused (R1)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # its stubs are older
from wtforms.form import BaseForm

from lead_system.admin_views.forms import role_choice, typed
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import has_full_number
from lead_system.domain.roles import STAFF_ROLES, Role
from lead_system.models import Intent
from lead_system.queries.flagged import MOST_DAYS
from lead_system.services.leads import EARLIEST_YEAR, LATEST_YEAR
from lead_system.web.forms import MayBeBlank
from lead_system.web.sentences import sentence

SEARCH_LENGTH = 40


def search_text(text: str | None) -> str:
    """Return a search text from an address, no longer than anybody types."""
    return typed(text)[:SEARCH_LENGTH]


def _short(_form: Form, field: Any) -> None:
    if len(field.data) > SEARCH_LENGTH:
        raise ValidationError(sentence(Refused(RefusalCode.TEXT_TOO_LONG, limit=SEARCH_LENGTH)))


def _visible_digits(_form: Form, field: Any) -> None:
    """Refuse a customer's whole number also where it is only looked for (R1)."""
    if has_full_number(field.data):
        raise ValidationError(sentence(Refused(RefusalCode.PHONE_FULL_NUMBER)))


def _search(label: Any, *checks: Any, **widget: Any) -> StringField:
    return StringField(
        label,
        filters=[typed],
        validators=[*checks, _short],
        render_kw={"maxlength": SEARCH_LENGTH, "autocomplete": "off", **widget},
    )


def _customer_phone(label: Any = None) -> StringField:
    return _search(
        label or _l("Customer phone"),
        _visible_digits,
        placeholder="138 5678",
        inputmode="tel",
        **{"data-visible-digits": ""},
    )


class DayField(MayBeBlank, DateField):
    """A day that may be left out."""

    @property
    def unreadable(self) -> str:
        """The sentence for what is no day."""
        return sentence(Refused(RefusalCode.MOMENT_WRONG))

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; a day outside our years is a slip of the finger."""
        super().process_formdata(valuelist)
        if self.data is not None and not EARLIEST_YEAR <= self.data.year <= LATEST_YEAR:
            self.data = None
            raise ValueError(self.unreadable)


class ChoiceField(SelectField):
    """One of some values, or none of them; read as a member of its kind."""

    def __init__(self, label: Any, kind: type[StrEnum], words: Mapping[Any, Any], **kwargs: Any) -> None:
        choices = [SelectChoice("", _l("All")), *(SelectChoice(m.value, words[m]) for m in words)]
        self._kind = kind
        self._offered = {"", *words}
        super().__init__(label, choices=choices, coerce=self._read, default="", **kwargs)

    def _read(self, text: object) -> Any:
        return self._kind(str(text)) if text else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the choice, with our own sentence for what is not offered."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(_("Choose one of the list.")) from None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a member of the kind that is not offered here."""
        if self.data is not None and self.data not in self._offered:
            raise ValidationError(_("Choose one of the list."))


class DaysForm(Form):
    """Two days between which a moment lies, both included (R11)."""

    first_day = DayField(_l("from"))
    last_day = DayField(_l("to"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, and that the first day is not the later one."""
        is_valid = super().validate(extra_validators)
        first, last = self.first_day.data, self.last_day.data
        if is_valid and first and last and first > last:
            self.first_day.errors = [sentence(Refused(RefusalCode.DAYS_REVERSED))]
            return False
        return is_valid


class FewDaysForm(DaysForm):
    """Days of which there may not be many, because what happened on them is worked out when it is asked."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Check also how many days lie between."""
        is_valid = super().validate(extra_validators)
        first, last = self.first_day.data, self.last_day.data
        if is_valid and first and last and (last - first).days >= MOST_DAYS:
            self.first_day.errors = [sentence(Refused(RefusalCode.DAYS_TOO_MANY, limit=MOST_DAYS))]
            return False
        return is_valid


def _number() -> StringField:
    return _search(_l("Customer number"), _visible_digits, inputmode="numeric")


def _name(label: Any = None) -> StringField:
    return _search(label or _l("Customer name"), _visible_digits)


def _account_phone(label: Any) -> StringField:
    return _search(label, inputmode="tel")


class LeadSearchForm(DaysForm):
    """The search fields above the customers (manual 6.1.a-14 to 6.1.a-19)."""

    number = _number()
    name = _name()
    phone = _customer_phone()
    broker_name = _name(_l("Bound broker"))
    broker_phone = _account_phone(_l("Broker's phone"))
    brokerage = _name(_l("Brokerage"))
    consultant = _name(_l("Consultant"))


class FlagSearchForm(FewDaysForm):
    """The search fields above the flagged customers."""

    number = _number()
    name = _name()
    phone = _customer_phone()
    broker = _name(_l("Broker's name"))
    broker_phone = _account_phone(_l("Broker's phone"))
    brokerage = _name(_l("Brokerage"))


class CollisionSearchForm(DaysForm):
    """The search fields above the collisions."""

    number = _number()
    name = _name()
    phone = _customer_phone()
    broker = _account_phone(_l("Broker's name or phone"))


class ScanSearchForm(DaysForm):
    """The search fields above the gate scans."""

    number = _number()
    name = _name()
    phone = _customer_phone()
    broker = _name(_l("Broker's name"))
    brokerage = _name(_l("Brokerage then"))
    gate = _name(_l("Gate staff"))
    consultant = _name(_l("Consultant"))


class WalkInSearchForm(DaysForm):
    """The search fields above the walk-ins."""

    name = _name(_l("Visitor's name"))
    phone = _customer_phone(_l("Visitor's phone"))
    gate = _name(_l("Gate staff"))
    consultant = _name(_l("Consultant"))


class VisitorSearchForm(DaysForm):
    """The search fields above the visitors: no whole number may stand in an address."""

    name = _name(_l("Visitor's name"))
    phone = _customer_phone(_l("Visitor's phone"))


class RevealSearchForm(DaysForm):
    """The search fields above the log of reveals."""

    account = _name(_l("Shown to"))
    visitor = _name(_l("Visitor"))


class ViewingSearchForm(DaysForm):
    """The search fields above the viewings."""

    number = _number()
    name = _name()
    phone = _customer_phone()
    broker = _name(_l("Broker's name"))
    consultant = _name(_l("Consultant"))
    intent = ChoiceField(_l("Intent"), Intent, {level: level.value for level in Intent})


class FeeSearchForm(DaysForm):
    """The search fields above the viewing fees (manual 6.1.c-9 to 6.1.c-15)."""

    broker_name = _name(_l("Broker's name"))
    broker_phone = _account_phone(_l("Broker's phone"))
    brokerage = _name(_l("Brokerage"))
    number = _number()
    name = _name()
    phone = _customer_phone()


class RebindSearchForm(DaysForm):
    """The search fields above the rebinds."""

    number = _number()
    name = _name()
    broker = _name(_l("Broker's name"))
    actor = _name(_l("Changed by"))


class BrokerSearchForm(Form):
    """The search fields above the brokers (manual 6.2.c-9 to 6.2.c-12)."""

    name = _name(_l("Name"))
    phone = _account_phone(_l("Phone"))
    role = ChoiceField(
        _l("Broker or resident"), Role, {r: role_choice(r) for r in (Role.BROKER, Role.RESIDENT)}
    )
    brokerage = _name(_l("Brokerage"))


class ProfileChangeSearchForm(DaysForm):
    """The search fields above the changes of brokers' profiles."""

    name = _name(_l("Broker's name"))
    phone = _account_phone(_l("Phone, old or new"))
    brokerage = _name(_l("Brokerage, old or new"))


class BrokerageSearchForm(Form):
    """The search field above the brokerages (manual 6.2.b-8)."""

    name = _name(_l("Company name"))


class CustomerTypeSearchForm(Form):
    """The search field above the customer types."""

    name = _name(_l("Name of the type"))


class PlotSearchForm(Form):
    """The search field above the plots."""

    name = _name(_l("Plot number"))


class ConsultantSearchForm(Form):
    """The search fields above the consultants (manual 6.3.h-9, 6.3.h-10)."""

    name = _name(_l("Name"))
    phone = _account_phone(_l("Phone"))


class StaffSearchForm(ConsultantSearchForm):
    """The search fields above the staff (manual 6.3.i-10, 6.3.i-11)."""

    role = ChoiceField(_l("Role"), Role, {role: role_choice(role) for role in STAFF_ROLES})


class ReferralSearchForm(Form):
    """The search fields above the referral table (manual 6.2.g-9 to 6.2.g-11)."""

    brokerage = _name(_l("Brokerage"))
    name = _name(_l("Broker's name"))
    phone = _account_phone(_l("Broker's phone"))


class ExportSearchForm(DaysForm):
    """The search fields above the log of exports."""

    account = _name(_l("Exported by"))
