"""One chain, many writers: each record gets a place of its own, and all stay linked (B2)."""

import pytest

from lead_system.domain.roles import Role
from lead_system.extensions import db
from lead_system.models import HistoryRecord
from lead_system.services import visitors
from lead_system.services.checkpoints import make_checkpoint
from lead_system.services.history_check import verify_history
from tests.races.arena import Arena, Call, call
from tests.races.test_races import outcome_words
from tests.support.cast import Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import MONDAY_TEN as NOW

pytestmark = [both_databases, pytest.mark.races, pytest.mark.usefixtures("clock")]


def test_four_who_write_one_chain_are_linked_one_behind_the_other(cast: Cast, arena: Arena) -> None:
    """Each looks at another visitor's number, so that no lock but the chain's own place parts them."""
    guests = [cast.arrives(f"guest {number}", f"1390000{number:04}") for number in range(4)]
    for number in range(4):
        cast.change(f"guest {number}", role=Role.VISITOR)
    for number in arena.goes_on():
        outcomes = arena.race(
            [
                call(
                    visitors.reveal_phone,
                    cast.as_("director"),
                    account_id=guest,
                    reason="核对",
                    now=NOW,
                )
                for guest in guests
            ]
        )

        assert outcome_words(outcomes) == {"done": 4}
        with cast.app.app_context():
            found = db.session.scalars(
                db.select(HistoryRecord.position).filter_by(chain="reveals").order_by(HistoryRecord.position)
            )
            assert list(found) == list(range(1, 4 * (number + 1) + 1))
            assert verify_history(SECRET_KEY).findings == []


def test_checkpoint_made_while_others_write_covers_what_it_says(cast: Cast, arena: Arena) -> None:
    def reveal() -> Call:
        return call(
            visitors.reveal_phone, cast.as_("admin"), account_id=cast.ids["hong"], reason="核对", now=NOW
        )

    for _number in arena.goes_on():
        sign = call(make_checkpoint, SECRET_KEY, now=NOW)

        arena.race([reveal(), sign, reveal(), sign])

        with cast.app.app_context():
            assert verify_history(SECRET_KEY).findings == []
