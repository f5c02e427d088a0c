"""The second factor of one's own account: what it is for, setting it up, recovery codes, turning it off."""

from base64 import b64encode

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _

from lead_system.admin_views.base import Answer, BackOfficeView, Question, present
from lead_system.admin_views.forms import SetUpForm
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import BACK_OFFICE
from lead_system.queries.sign_ins import recovery_codes_left
from lead_system.services.second_factor import (
    draw_salt,
    is_salt,
    make_recovery_codes,
    set_up_of,
    turn_off_second_factor,
    turn_on_second_factor,
)
from lead_system.web.caller import caller, renew_session, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.forms import RequestForm
from lead_system.web.logs import note_event
from lead_system.web.qr import draw_code
from lead_system.web.secret import server_secret


def in_fours(key: str) -> str:
    """Return a key in groups that can be typed without losing the place."""
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


class SecondFactorView(BackOfficeView):
    """One's own second factor."""

    roles = BACK_OFFICE

    @expose("/")
    def index_view(self) -> Answer:
        """Say what a second factor is for, and how one's own stands."""
        left = recovery_codes_left(signed_in())
        return self.render("admin/second_factor/index.html", codes_left=left, form=RequestForm())

    @expose("/set-up/", methods=("GET", "POST"))
    @confirm_first
    def set_up_view(self) -> Answer:
        """Show what an app has to be told, and turn the second factor on by its first code."""
        form = SetUpForm()
        if signed_in().has_second_factor and request.method == "GET":
            return redirect(self.get_url(".index_view"))
        if request.method == "GET":
            return self._set_up_page(form, None)
        salt, code = form.salt.data or "", form.code.data or ""
        try:
            turned_on = turn_on_second_factor(
                caller(form), salt=salt, code=code, secret=server_secret(), now=present()
            )
        except Refused as refused:
            return self._set_up_page(form, refused)
        renew_session(began=turned_on.began)
        note_event("second_factor_on", account=signed_in().id)
        return self._codes_page(turned_on.codes)

    def _set_up_page(self, form: SetUpForm, refused: Refused | None) -> Answer:
        if refused is not None and refused.code is RefusalCode.SECOND_FACTOR_ON:
            raise refused
        salt = form.salt.data or ""
        form.salt.data = salt if is_salt(salt) else draw_salt()
        told = set_up_of(signed_in(), salt=form.salt.data, secret=server_secret())
        return self.asking_page(
            "admin/second_factor/set_up.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            picture=f"data:image/png;base64,{b64encode(draw_code(told.address)).decode()}",
            shared_secret=in_fours(told.shared_secret),
            is_required=current_app.extensions["settings"].require_second_factor,
        )

    def _codes_page(self, codes: tuple[str, ...]) -> str:
        """Show recovery codes, in the one answer that has them."""
        return self.render("admin/second_factor/codes.html", codes=codes, account=signed_in())

    @expose("/recovery-codes/", methods=("POST",))
    @confirm_first
    def recovery_codes_view(self) -> Answer:
        """Make new recovery codes, and show them."""
        codes = make_recovery_codes(caller(RequestForm()), secret=server_secret(), now=present())
        note_event("recovery_codes_made", account=signed_in().id)
        return self._codes_page(codes)

    @expose("/turn-off/", methods=("GET", "POST"))
    @confirm_first
    def turn_off_view(self) -> Answer:
        """Say what turning it off means; turn it off."""
        form = RequestForm()
        if request.method == "GET":
            return self._off_page(form, None)
        try:
            turned_off = turn_off_second_factor(caller(form), now=present())
        except Refused as refused:
            return self._off_page(form, refused)
        renew_session(began=turned_off.began)
        note_event("second_factor_off", account=turned_off.account_id)
        flash(_("The second factor is off. Your password alone opens your account again."), "success")
        return redirect(self.get_url(".index_view"))

    def _off_page(self, form: RequestForm, refused: Refused | None) -> Answer:
        question = Question(
            _("Turn the second factor off"),
            _("Turn it off"),
            foresight=(
                _("Whoever learns your password can then sign in as you."),
                _("Your recovery codes stop working, and you are signed out on all other browsers."),
            ),
            is_danger=True,
        )
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))
