"""The forms of the back office: the shape of what is typed. Rules live in the services."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    Form,
    IntegerField,
    PasswordField,
    StringField,
    TextAreaField,
    ValidationError,
)

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import has_full_number
from lead_system.services.deals import DealTerms
from lead_system.web.forms import RequestForm
from lead_system.web.sentences import sentence

SEARCH_LENGTH = 40


def _typed(text: str | None) -> str:
    return (text or "").strip()


def search_text(text: str | None) -> str:
    """Return a search text from an address, no longer than anybody types."""
    return _typed(text)[:SEARCH_LENGTH]


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
        filters=[_typed],
        validators=[*checks, _short],
        render_kw={"maxlength": SEARCH_LENGTH, "autocomplete": "off", **widget},
    )


def _customer_phone() -> StringField:
    return _search(
        _l("Customer phone"),
        _visible_digits,
        placeholder="138 5678",
        inputmode="tel",
        **{"data-visible-digits": ""},
    )


class LeadSearchForm(Form):
    """The search fields above the customers (manual 6.1.a-14 to 6.1.a-19)."""

    number = _search(_l("Customer number"), _visible_digits, inputmode="numeric")
    name = _search(_l("Customer name"), _visible_digits)
    phone = _customer_phone()
    broker_name = _search(_l("Bound broker"), _visible_digits)
    broker_phone = _search(_l("Broker's phone"), inputmode="tel")
    brokerage = _search(_l("Brokerage"), _visible_digits)
    consultant = _search(_l("Consultant"), _visible_digits)


class CollisionSearchForm(Form):
    """The search fields above the collisions."""

    number = _search(_l("Customer number"), _visible_digits, inputmode="numeric")
    name = _search(_l("Customer name"), _visible_digits)
    phone = _customer_phone()
    broker = _search(_l("Broker's name or phone"))


class SignInForm(RequestForm):
    """Account name and password."""

    login = StringField(_l("Account name"), filters=[_typed])
    password = PasswordField(_l("Password"))


class VersionForm(RequestForm):
    """A form about one row; it knows which version of the row it was filled in for (R13)."""

    version = IntegerField()

    @property
    def seen(self) -> int:
        """The version that the page showed; 0, which no row has, where that was not sent."""
        return self.version.data or 0


class DealForm(VersionForm):
    """What is known of a deal."""

    dealt_on = DateField(_l("Deal date"))
    unit = StringField(_l("Unit"))
    amount = StringField(_l("Amount"), filters=[_typed])
    reason = TextAreaField(_l("Reason"))

    def terms(self) -> DealTerms:
        """Return the terms as they were typed.

        Raises:
            Refused: the date is no date, or the amount no number; the fact `field` says which.
        """
        if self.dealt_on.data is None:
            raise Refused(RefusalCode.MOMENT_WRONG, field="dealt_on")
        return DealTerms(self.dealt_on.data, self.unit.data or "", self._amount(), self.reason.data or "")

    def _amount(self) -> Decimal | None:
        text = (self.amount.data or "").replace(",", "").lstrip("¥￥")
        try:
            return Decimal(text) if text else None
        except InvalidOperation:
            raise Refused(RefusalCode.DEAL_AMOUNT_WRONG, field="amount") from None


class BulkDealForm(RequestForm):
    """One date for several deals."""

    dealt_on = DateField(_l("Deal date"))


class ReasonForm(VersionForm):
    """A reason for something that is written into the history."""

    reason = TextAreaField(_l("Reason"))


class RebindForm(ReasonForm):
    """To whom a customer goes, and for how long."""

    keep_end = StringField(_l("Protection"), default="no")


class HandleForm(RequestForm):
    """What became of collisions, where somebody cares to say."""

    outcome = StringField(_l("Outcome"))
    note = TextAreaField(_l("Note"))
