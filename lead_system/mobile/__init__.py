"""The phone face: pages for brokers, visitors, gate staff and consultants, held in one hand."""

from flask import Blueprint, Flask

from lead_system.mobile.bad_line import bad_line
from lead_system.mobile.broker import broker
from lead_system.mobile.consultant import consultant
from lead_system.mobile.entries import entries
from lead_system.mobile.frame import bottom_bar, refuse_whole_numbers, send_to_unfinished_profile
from lead_system.mobile.gate import gate
from lead_system.mobile.own import own
from lead_system.mobile.profile import profile
from lead_system.mobile.project import project
from lead_system.mobile.sessions import sessions
from lead_system.mobile.sign_in import sign_in
from lead_system.mobile.visit_code import visit_code
from lead_system.mobile.visitor import visitor
from lead_system.mobile.walk_ins import walk_ins
from lead_system.mobile.wechat import wechat
from lead_system.mobile.wechat_person import wechat_facts

PORTS = (
    sign_in,
    wechat,
    profile,
    own,
    sessions,
    project,
    broker,
    entries,
    visitor,
    gate,
    walk_ins,
    bad_line,
    consultant,
    visit_code,
)


def init_mobile(app: Flask) -> None:
    """Put the phone pages under /m/."""
    mobile = Blueprint("mobile", __name__, url_prefix="/m")
    for port in PORTS:
        mobile.register_blueprint(port)
    mobile.before_request(send_to_unfinished_profile)
    mobile.before_request(refuse_whole_numbers)
    mobile.context_processor(bottom_bar)
    mobile.context_processor(wechat_facts)
    app.register_blueprint(mobile)
