"""What the pages with an editor share: the form beside the phone that it makes, and pictures sent to it.

The preview is a document of its own, so that the styles of the phone and of the office do not meet. It lies
in the page as the `srcdoc` of a frame: such a frame is no answer of the server, so our policy's
`frame-ancestors 'none'` stays as it is for every route, and the frame obeys the policy of this page. It is
sandboxed without scripts; `allow-same-origin` lets it fetch pictures as whoever looks at it.
"""

from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from lead_system.admin_views.base import Answer, BackOfficeView, present
from lead_system.admin_views.project_forms import IllustrationForm
from lead_system.domain.errors import Refused
from lead_system.services.illustrations import keep_illustration
from lead_system.services.rich_text import clean_html
from lead_system.web.caller import caller
from lead_system.web.forms import RequestForm
from lead_system.web.pictures import read_illustration
from lead_system.web.rich_text import picture_url
from lead_system.web.sentences import sentence


def wants_json() -> bool:
    """Say whether a script asks, which puts the answer into the page that stands open."""
    return request.accept_mimetypes.best == "application/json"


def text_of(raw: str) -> str:
    """Return an illustrated text as it would be stored; blank where it would be refused for its length."""
    try:
        return clean_html(raw, field="")
    except Refused:
        return ""


def editing_page(
    view: BackOfficeView, template: str, form: RequestForm, refused: Refused | None, **more: Any
) -> Answer:
    """Show the form beside its preview; after a refusal again, with the reason beside its field."""
    more.setdefault("upload_url", view.get_url("project.picture_view"))
    return view.asking_page(template, form, refused, **more)


def keep_sent_picture() -> tuple[Response, int]:
    """Keep the picture that the editor sent; answer where it is fetched, or in words why it was not taken."""
    form = IllustrationForm()
    sent = form.picture.data if isinstance(form.picture.data, FileStorage) else None
    try:
        kept = keep_illustration(caller(form), picture=read_illustration(sent), now=present())
    except Refused as refused:
        return jsonify(sentence=sentence(refused)), refused.http_status
    address = picture_url(kept.digest, kept.width)
    return jsonify(url=address, sentence=_("The picture is in the text. Save to keep it there.")), 201
