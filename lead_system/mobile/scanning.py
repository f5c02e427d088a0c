"""The scan page of gate staff and consultants: camera, photo, or typing the short code."""

from collections.abc import Callable

from flask import jsonify, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from lead_system.domain.errors import Refused
from lead_system.domain.roles import Role
from lead_system.mobile.forms import PhotoForm, ReadForm
from lead_system.mobile.frame import Answer
from lead_system.queries.settings import consultant_choices
from lead_system.web.qr import read_photo

Read = Callable[[ReadForm | PhotoForm, str], Answer]
"""What a port does with a code: it leads on, or refuses."""


def scan_page(port: str, *, read_form: ReadForm | None = None, photo_form: PhotoForm | None = None) -> str:
    """Return the scan page of a port (the name of its blueprint); the gate's keeps what it cannot send."""
    keeps = current_user.role is Role.GATE
    shown = {
        "read_form": read_form or ReadForm(formdata=None),
        "photo_form": photo_form or PhotoForm(formdata=None),
        "keeps": keeps,
        "consultants": consultant_choices() if keeps else (),
    }
    return render_template("mobile/scan.html", port=port, **shown)


def is_camera() -> bool:
    """Say whether the page's own camera asks, which wants its answer as data and goes on reading."""
    return request.accept_mimetypes.best == "application/json"


def lead_on(address: str) -> Answer:
    """Send camera or browser on to what a good code leads to."""
    return jsonify(url=address) if is_camera() else redirect(address)


def read_typed(port: str, read: Read) -> Answer:
    """Read a code that the camera saw or that somebody typed; a refusal stands beside the field.

    Raises:
        Refused: to the camera, which is answered with the sentence alone.
    """
    form = ReadForm()
    try:
        return read(form, form.code.data or "")
    except Refused as refused:
        if is_camera():
            raise
        status = form.refuse(Refused(refused.code, **refused.facts | {"field": "code"}))
        return scan_page(port, read_form=form), status


def read_from_photo(port: str, read: Read) -> Answer:
    """Read the code in a photo; a refusal stands beside the button."""
    form = PhotoForm()
    text = read_photo(form.photo.data) if form.photo.data else None
    if text is None:
        form.show_refusal(
            "photo",
            _("No visit code can be seen in this photo, or it is too large. Try again, close and steady."),
        )
        return scan_page(port, photo_form=form), 422
    try:
        return read(form, text)
    except Refused as refused:
        status = form.refuse(Refused(refused.code, **refused.facts | {"field": "photo"}))
        return scan_page(port, photo_form=form), status
