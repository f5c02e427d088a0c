"""The form that every POST begins with."""

import secrets
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField


def fresh_request_id() -> str:
    """Draw the id under which one filled-in form acts at most once (R13)."""
    return secrets.token_urlsafe(16)


class RequestForm(FlaskForm):  # type: ignore[misc]
    """A form with a request id of its own, new each time that it is shown to be filled in again."""

    request_id = HiddenField(default=fresh_request_id)

    def renew(self) -> None:
        """Take a new request id, because the form is shown again with what was refused."""
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
