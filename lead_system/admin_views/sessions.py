"""Where one is signed in: the own sign-ins of somebody in the back office, which they can end."""

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _

from lead_system.admin_views.base import Answer, BackOfficeView, Question, number_in, present
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import BACK_OFFICE
from lead_system.models import SignIn
from lead_system.queries.sign_ins import find_own_sign_in, own_sign_ins
from lead_system.services.sign_ins import end_other_sign_ins, end_own_sign_in
from lead_system.web.browsers import shown_browser
from lead_system.web.caller import caller, current_sign_in, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.filters import moment
from lead_system.web.forms import RequestForm
from lead_system.web.logs import note_event


class SessionsView(BackOfficeView):
    """The own sign-ins."""

    roles = BACK_OFFICE

    @expose("/")
    def index_view(self) -> Answer:
        """Show on which browsers one is signed in, since when, and when each was last used."""
        this_one = current_sign_in()
        own = own_sign_ins(signed_in(), present(), this_id=this_one.id)
        return self.render("admin/sessions.html", sign_ins=own, this_one=this_one)

    @expose("/end/", methods=("GET", "POST"))
    @confirm_first
    def end_view(self) -> Answer:
        """Ask before a sign-in on another browser is ended; end it."""
        form, wanted = RequestForm(), number_in(request.args.get("id"))
        if request.method == "GET":
            found = find_own_sign_in(signed_in(), wanted, present())
            if found is None:
                raise Refused(RefusalCode.NOT_FOUND)
            return self._page(_one_question(found), form)
        ended = end_own_sign_in(caller(form), sign_in_id=wanted, now=present()).ended
        note_event("sessions_ended", account=signed_in().id, ended=ended)
        flash(_("That browser is signed out."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/end-others/", methods=("GET", "POST"))
    @confirm_first
    def end_others_view(self) -> Answer:
        """Ask before all other sign-ins are ended; end them."""
        form = RequestForm()
        if request.method == "GET":
            return self._page(_others_question(), form)
        ended = end_other_sign_ins(caller(form), but_id=current_sign_in().id, now=present()).ended
        note_event("sessions_ended", account=signed_in().id, ended=ended)
        flash(_("You are signed out on all other browsers."), "success")
        return redirect(self.get_url(".index_view"))

    def _page(self, question: Question, form: RequestForm) -> Answer:
        return self.question_page(question, form, None, back_url=self.get_url(".index_view"))


def _one_question(sign_in: SignIn) -> Question:
    return Question(
        _("Sign that browser out"),
        _("Sign out"),
        subject=shown_browser(sign_in.browser),
        foresight=(
            _("Signed in there since %(moment)s.", moment=moment(sign_in.began_at)),
            _("Whoever uses that browser has to sign in again, at the next click."),
        ),
    )


def _others_question() -> Question:
    return Question(
        _("Sign out on all other browsers"),
        _("Sign out on all others"),
        foresight=(
            _("You stay signed in here, and nowhere else."),
            _("If somebody else was signed in as you, change your password too."),
        ),
    )
