"""The pictures of the project page, for everybody who has signed in, at addresses that never change.

An address holds the hash of the picture, so a browser may keep what it has fetched for a year and need not
ask again. It stays in that browser: `private` keeps it out of what several people share.
"""

from flask import Blueprint, Flask, Response, request

from lead_system.domain.roles import Role
from lead_system.queries.project import get_picture
from lead_system.web.access import allow

_YEAR = 365 * 24 * 3600

blueprint = Blueprint("illustrations", __name__)


@blueprint.get("/pictures/<digest>/<int:width>.jpg")
@allow(*Role)
def picture(digest: str, width: int) -> Response:
    """Answer with a picture in one width."""
    response = Response(get_picture(digest, width), mimetype="image/jpeg")
    response.cache_control.private = True
    response.cache_control.max_age = _YEAR
    response.cache_control.immutable = True
    response.set_etag(f"{digest}-{width}")
    response.make_conditional(request)
    return response


def init_illustrations(app: Flask) -> None:
    """Serve the pictures."""
    app.register_blueprint(blueprint)
