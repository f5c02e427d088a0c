"""The page on which anybody checks an evidence file: no sign-in, and nothing of it is stored (B1)."""

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField

from lead_system.domain.evidence_file import LARGEST_FILE
from lead_system.services.evidence_check import EvidenceCheck, check_evidence
from lead_system.services.signing import is_ours, public_key_of
from lead_system.web.access import public
from lead_system.web.evidence_words import difference_words, verdict_words
from lead_system.web.filters import second
from lead_system.web.forms import RequestForm
from lead_system.web.secret import server_secret
from lead_system.web.sizes import takes_files_up_to

verifying = Blueprint("verifying", __name__)

_REASON = "courts and lawyers check an evidence file without an account; it shows nothing but that file"


class VerifyForm(RequestForm):
    """The one file that is checked."""

    TAKES_FILES = True

    file = FileField(
        _l("Evidence file (.zip)"), render_kw={"accept": ".zip,application/zip", "required": True}
    )


@verifying.get("/verify")
@public(_REASON)
def verify() -> ResponseReturnValue:
    """Ask for the file."""
    return _page(VerifyForm(), None)


@verifying.post("/verify")
@public(_REASON)
@takes_files_up_to(LARGEST_FILE + 64 * 1024)
def verify_file() -> ResponseReturnValue:
    """Say whether the file is genuine, or what was changed; 422 where it is not."""
    form = VerifyForm()
    if not form.file.data:
        form.show_refusal("file", str(_l("Choose the ZIP file first.")))
        return _page(form, None), 422
    check = check_evidence(form.file.data.read(), lambda key: is_ours(key, server_secret()))
    return _page(VerifyForm(formdata=None), check), 200 if check.is_genuine else 422


def _page(form: VerifyForm, check: EvidenceCheck | None) -> str:
    return render_template(
        "verify.html",
        form=form,
        second=second,
        check=check,
        own_key=public_key_of(server_secret()),
        verdict_words=verdict_words,
        difference_words=difference_words,
    )


def init_verifying(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(verifying)
