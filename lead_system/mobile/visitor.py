"""自然用户: a member of the public looks at the project, shows the own code, and sees who reported them."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lead_system.clock import now
from lead_system.domain.errors import Refused
from lead_system.domain.roles import OUTSIDERS, Role
from lead_system.mobile.forms import ObjectionForm, PhoneForm, VisitorForm
from lead_system.mobile.frame import Answer, home_of
from lead_system.mobile.visit_code import code_card
from lead_system.queries.project import get_project, shown_plots
from lead_system.queries.settings import get_settings
from lead_system.queries.visitors import brokers_reporting, find_objection, has_walked_in
from lead_system.services.visitors import become_broker, become_visitor, object_to_reports, rename_visitor
from lead_system.web.access import allow
from lead_system.web.caller import caller, renew_session, signed_in

visitor = Blueprint("visitor", __name__)


@visitor.route("/visitor/begin", methods=["GET", "POST"])
@allow(*OUTSIDERS)
def begin() -> Answer:
    """Ask somebody new for the name, and make them a visitor (manual 2.1-2)."""
    if signed_in().has_profile:
        return redirect(home_of(signed_in()))
    form = VisitorForm()
    if not form.validate_on_submit():
        return render_template("mobile/visitor_begin.html", form=form), form.status
    try:
        became = become_visitor(caller(form), name=form.name.data or "", now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return render_template("mobile/visitor_begin.html", form=form), status
    renew_session(began=became.began)
    return redirect(url_for("mobile.sign_in.start"))


@visitor.route("/visitor")
@allow(Role.VISITOR)
def home() -> Answer:
    """Show the project and its plots, the way there, and how to call (manual 2.2)."""
    return render_template(
        "mobile/visitor_home.html", settings=get_settings(), project=get_project(), plots=shown_plots()
    )


@visitor.route("/visitor/code")
@allow(Role.VISITOR)
def code() -> Answer:
    """Show the own code, big and bright, with the digits beneath (manual 2.3-5)."""
    return render_template("mobile/visitor_code.html", project=get_project())


@visitor.route("/visitor/code.png")
@allow(Role.VISITOR)
def picture() -> Response:
    """Return the own code as one picture."""
    return code_card(signed_in())


@visitor.route("/me/reports", methods=["GET", "POST"])
@allow(Role.VISITOR)
def reports() -> Answer:
    """Say how many brokers have reported the visitor, without any name, and take an objection."""
    form = ObjectionForm()
    if not form.validate_on_submit():
        return _reports_page(form), form.status
    try:
        object_to_reports(caller(form), words=form.words.data or "", now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _reports_page(form), status
    flash(_("Your objection has reached the sales centre. It will be looked into."), "success")
    return redirect(url_for("mobile.visitor.reports"))


@visitor.route("/me/name", methods=["GET", "POST"])
@allow(Role.VISITOR)
def name() -> Answer:
    """Let a visitor correct the own name, until the gate has logged it."""
    form = VisitorForm(obj=signed_in())
    if not form.validate_on_submit():
        return _name_page(form), form.status
    try:
        rename_visitor(caller(form), name=form.name.data or "", now=now())
    except Refused as refused:
        status = form.refuse(refused)
        return _name_page(form), status
    flash(_("Your name is changed."), "success")
    return redirect(url_for("mobile.profile.me"))


@visitor.route("/me/broker", methods=["GET", "POST"])
@allow(Role.VISITOR)
def turn_broker() -> Answer:
    """Ask a visitor who is a broker after all; the account then completes a broker's profile."""
    form = PhoneForm()
    if not form.validate_on_submit():
        return render_template("mobile/visitor_broker.html", form=form), form.status
    became = become_broker(caller(form), now=now())
    renew_session(began=became.began)
    return redirect(url_for("mobile.profile.complete"))


def _reports_page(form: ObjectionForm) -> str:
    return render_template(
        "mobile/visitor_reports.html",
        form=form,
        brokers=brokers_reporting(signed_in()),
        objection=find_objection(signed_in()),
        settings=get_settings(),
    )


def _name_page(form: VisitorForm) -> str:
    return render_template("mobile/visitor_name.html", form=form, is_fixed=has_walked_in(signed_in()))
