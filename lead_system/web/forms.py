"""The form that every POST begins with."""

import secrets
from functools import cache
from typing import Any, ClassVar

from babel.support import NullTranslations, Translations
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import Field, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.csrf.core import CSRFTokenField
from wtforms.i18n import messages_path

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.identity import has_full_number, without_full_numbers
from lead_system.web.language import locale

LONGEST_LINE = 1_000
"""Characters of a field of one line that are shown again after a refusal."""


def fresh_request_id() -> str:
    """Draw the id under which one filled-in form acts at most once (R13)."""
    return secrets.token_urlsafe(16)


def _cut_numbers(field: Field) -> None:
    """Take whole numbers out of what a field shows, whether it could be read or not.

    A line that nobody can have typed is not looked through: that takes seconds, before anybody signed in.
    """
    if isinstance(field, StringField):
        text = field.data or ""
        is_endless = len(text) > LONGEST_LINE and not isinstance(field, TextAreaField)
        field.data = "" if is_endless else without_full_numbers(text)
    elif any(isinstance(text, str) and has_full_number(text) for text in field.raw_data or ()):
        field.data, field.raw_data = None, []


class _TokenField(CSRFTokenField):
    """The token of a form, which is made when the form is shown; most forms that are sent never are."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Read what was sent, as every hidden field does."""
        HiddenField.process(self, *args, **kwargs)

    @property
    def current_token(self) -> str:  # type: ignore[override]
        """The token that the form is shown with."""
        return str(generate_csrf())


class _Token(FlaskForm.Meta.csrf_class):  # type: ignore[misc]
    """What Flask-WTF has a form be guarded by, with the field above."""

    field_class = _TokenField


@cache
def _words_of_wtforms(spoken: str) -> NullTranslations:
    """Return what WTForms itself says in a language; Flask-WTF would read the file for each form."""
    return Translations.load(messages_path(), [spoken], domain="wtforms")


class RequestForm(FlaskForm):  # type: ignore[misc]
    """A form with a request id of its own, new each time that it is shown to be filled in again."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How WTForms is told what Flask-WTF tells it, at less cost."""

        csrf_class = _Token

        def get_translations(self, form: Any) -> NullTranslations:
            """Return the words of WTForms in the page's language."""
            del form
            return _words_of_wtforms(locale())

    SHOWS_NUMBERS: ClassVar[frozenset[str]] = frozenset()
    """Fields in which whole numbers may be shown again: an account's or a company's, never a customer's."""

    TAKES_FILES: ClassVar[bool] = False
    """Whether files are sent with it, which the form on the page must then say."""

    request_id = HiddenField(default=fresh_request_id)

    def renew(self) -> None:
        """Take a new request id, because the form is shown again with what was refused.

        No page shows a customer's whole number, not even back to whoever typed it (R1), nor in a hidden
        field, which whoever sends a form can fill like any other.
        """
        for field in self:
            if field.name not in self.SHOWS_NUMBERS and not isinstance(field, PasswordField):
                _cut_numbers(field)
        self.request_id.data = fresh_request_id()

    def show_refusal(self, field: str | None, sentence: str) -> bool:
        """Put a refusal beside its field and renew the form; False where the form has no such field."""
        self.renew()
        if field is None or field not in self._fields:
            return False
        self._fields[field].errors = [*self._fields[field].errors, sentence]
        return True

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Check the shape of what was typed; a form that fails will be shown again, so it is renewed."""
        is_valid: bool = super().validate(*args, **kwargs)
        if not is_valid:
            self.renew()
        return is_valid


class MayBeBlank(Field):
    """Goes before a field of WTForms that reads a day or a moment: blank is none, our sentence says how."""

    unreadable: Any = ""
    """What is said of a text that cannot be read."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed."""
        if not "".join(valuelist).strip():
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(self.unreadable)) from None


class OwnPasswordForm(RequestForm):
    """A new password of one's own, typed twice."""

    current_password = PasswordField(
        _l("Present password"), render_kw={"autocomplete": "current-password", "required": True}
    )
    new_password = PasswordField(
        _l("New password"),
        description=_l("At least 12 characters."),
        render_kw={"autocomplete": "new-password", "required": True},
    )
    repeated = PasswordField(
        _l("New password again"), render_kw={"autocomplete": "new-password", "required": True}
    )

    def typed(self) -> tuple[str, str]:
        """Return the present and the new password.

        Raises:
            Refused: PASSWORDS_DIFFER where the new one was not typed the same twice.
        """
        if self.new_password.data != self.repeated.data:
            raise Refused(RefusalCode.PASSWORDS_DIFFER, field="repeated")
        return self.current_password.data or "", self.new_password.data or ""
