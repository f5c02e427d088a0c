"""The pictures of the project page: kept once each, in a few widths, under an address that is their hash."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import Account, Illustration, IllustrationSize
from lead_system.services import history
from lead_system.services.transaction import use_case


@dataclass(frozen=True)
class DrawnWidth:
    """A picture in one width in pixels, as a JPEG file."""

    width: int
    jpeg: bytes


@dataclass(frozen=True)
class NewIllustration:
    """A picture that was decoded and drawn anew, in a few widths; `digest` is the hash of the largest."""

    digest: str
    width: int
    height: int
    drawn: tuple[DrawnWidth, ...]


@dataclass(frozen=True)
class IllustrationKept:
    """The picture as a text can name it, and the size of its largest drawing in pixels."""

    digest: str
    width: int
    height: int


@use_case("keep_illustration", roles=frozenset({Role.ADMIN}), answer=IllustrationKept)
def keep_illustration(actor: Account, *, picture: NewIllustration, now: datetime) -> IllustrationKept:
    """Keep a picture for the project page or a plot (manual 6.3.j-5, 6.3.j-10), in all of its widths.

    The same picture is kept once, whoever sends it how often; the unique digest decides between two at once.
    """
    answer = IllustrationKept(picture.digest, picture.width, picture.height)
    if db.session.scalar(select(Illustration.id).where(Illustration.digest == picture.digest)) is not None:
        return answer
    row = Illustration(digest=picture.digest, width=picture.width, height=picture.height, kept_at=now)
    db.session.add(row)
    db.session.flush()
    db.session.add_all(
        IllustrationSize(illustration_id=row.id, width=size.width, jpeg=size.jpeg) for size in picture.drawn
    )
    history.record(
        actor,
        "keep_illustration",
        chain=f"illustration:{row.id}",
        changes={"digest": [None, picture.digest]},
        now=now,
    )
    return answer


def require_kept(digests: Iterable[str], *, field: str) -> None:
    """Refuse a text with a picture that nobody has sent here.

    Raises:
        Refused: ILLUSTRATION_NOT_KEPT.
    """
    wanted = set(digests)
    kept = db.session.scalars(select(Illustration.digest).where(Illustration.digest.in_(wanted)))
    if wanted - set(kept):
        raise Refused(RefusalCode.ILLUSTRATION_NOT_KEPT, field=field)
