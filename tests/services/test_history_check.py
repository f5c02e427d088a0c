"""B2: the database refuses to rewrite the history, and what its owner rewrites all the same is named."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lead_system.clock import now
from lead_system.domain.chain import digest_of, linked
from lead_system.extensions import db
from lead_system.models import HistoryRecord
from lead_system.services.checkpoints import make_checkpoint
from lead_system.services.history_check import Damage, HistoryCheck, verify_history
from lead_system.services.signing import Signed, sign
from tests.support.cast import Cast
from tests.support.databases import SECRET_KEY, both_databases
from tests.support.frozen import StoppedClock
from tests.support.tampering import rewrite

pytestmark = [both_databases, pytest.mark.usefixtures("clock")]

SCANNED = "(SELECT max(id) FROM history WHERE action = 'bind_by_scan')"


@pytest.fixture
def lead(cast: Cast) -> int:
    """Give a customer with a life of six records, among others who have one too."""
    cast.enters("qiang", ("黄", "蓉", "1391234"), reports=True)
    lead_id = cast.enters("fang", reports=True, needs="一楼")
    cast.scans("feng", lead_id)
    cast.views("xin", lead_id, "A")
    cast.follows_up("xin", lead_id, "再约")
    cast.pays("secretary", lead_id, "100.00")
    cast.enters("fang", ("郭", "靖", "1391234"))
    return lead_id


def checked(cast: Cast, *elsewhere: Signed) -> HistoryCheck:
    with cast.app.app_context():
        return verify_history(SECRET_KEY, elsewhere=elsewhere)


def found(cast: Cast, *elsewhere: Signed) -> list[tuple[Damage, str, int]]:
    return [(one.damage, one.where, one.position) for one in checked(cast, *elsewhere).findings]


def signed_end(cast: Cast) -> Signed:
    with cast.app.app_context():
        return make_checkpoint(SECRET_KEY, now=now())


# What the database refuses.


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET action = 'enter_lead' WHERE id = 2",
        "UPDATE history SET hash = hash",
        "DELETE FROM history WHERE id = (SELECT max(id) FROM history)",
        "UPDATE history_payloads SET salt = 'x'",
        "DELETE FROM history_payloads",
        "UPDATE checkpoints SET covers = 0",
        "DELETE FROM checkpoints",
        "UPDATE signing_keys SET public_key = 'x'",
        "DELETE FROM signing_keys",
    ],
)
def test_database_refuses_to_rewrite(cast: Cast, lead: int, statement: str) -> None:
    signed_end(cast)

    with cast.app.app_context(), pytest.raises(DBAPIError, match=r"only added to|goes only when"):
        db.session.execute(text(statement))
    assert found(cast) == []


def test_database_refuses_to_empty_or_replace(cast: Cast, lead: int) -> None:
    row = "chain, lead_id, actor_role, action, at, changes, hash"
    placed = f"{row}, position"
    columns = f"{placed}, id"
    statements = {
        "postgresql": [
            f"TRUNCATE {table} CASCADE"
            for table in ("history", "history_payloads", "checkpoints", "signing_keys")
        ],
        "sqlite": [
            f"INSERT OR REPLACE INTO history ({columns}) SELECT {columns} FROM history WHERE id = 2",
            f"INSERT OR REPLACE INTO history ({placed}) SELECT {placed} FROM history WHERE id = 2",
            "INSERT OR REPLACE INTO history_payloads SELECT * FROM history_payloads",
        ],
    }
    with cast.app.app_context():
        kind = db.engine.dialect.name

    for statement in statements[kind]:
        with cast.app.app_context(), pytest.raises(DBAPIError, match="only added to"):
            db.session.execute(text(statement))


def test_second_record_at_one_place_of_a_chain_is_refused(cast: Cast, lead: int) -> None:
    row = "lead_id, actor_role, action, at, changes, hash, position"
    again = f"INSERT INTO history (chain, {row}) SELECT chain, {row} FROM history WHERE id = 2"

    with cast.app.app_context(), pytest.raises(DBAPIError):
        db.session.execute(text(again))


# What is named.


def test_untouched_history_is_whole(cast: Cast, lead: int) -> None:
    check = checked(cast)

    assert check.is_whole
    assert (check.records, check.chains) == (cast.count(HistoryRecord), 3)
    with cast.app.app_context():
        positions = db.session.scalars(
            db.select(HistoryRecord.position).filter_by(lead_id=lead).order_by(HistoryRecord.id)
        )
        assert list(positions) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        ("UPDATE history SET at = '2026-01-01 00:00:00+00:00' WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET actor_id = 2 WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET actor_id = NULL WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET actor_role = 'director' WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET action = 'visit_again' WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET changes = '{{}}' WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET lead_id = 1 WHERE id = {it}", Damage.RECORD_CHANGED),
        ("UPDATE history SET payload_hash = hash WHERE id = {it}", Damage.RECORD_CHANGED),
        (f"UPDATE history SET hash = '{'0' * 64}' WHERE id = {{it}}", Damage.RECORD_CHANGED),
    ],
)
def test_changed_record_is_named(cast: Cast, lead: int, change: str, damage: Damage) -> None:
    rewrite(cast.app, change.format(it=SCANNED))

    assert found(cast)[0] == (damage, f"lead:{lead}", 3)


def test_record_whose_hash_was_worked_out_anew_is_betrayed_by_the_next(cast: Cast, lead: int) -> None:
    with cast.app.app_context():
        chain = db.session.scalars(
            db.select(HistoryRecord).filter_by(chain=f"lead:{lead}").order_by("position")
        )
        _first, second, third, *_rest = chain
        digest = digest_of(
            chain=third.chain, lead=lead, actor=cast.ids["lu"], role="gate", action=third.action, at=third.at,
            changes=third.changes, payload=None,
        )  # fmt: skip
        forged = f"actor_id = {cast.ids['lu']}, hash = '{linked(second.hash, digest)}'"
        number = third.id
    rewrite(cast.app, f"UPDATE history SET {forged} WHERE id = {number}")

    assert found(cast) == [(Damage.RECORD_CHANGED, f"lead:{lead}", 4)]


def test_record_taken_out_of_the_middle_is_missed(cast: Cast, lead: int) -> None:
    rewrite(cast.app, f"DELETE FROM history WHERE id = {SCANNED}")

    assert found(cast) == [(Damage.RECORD_MISSING, f"lead:{lead}", 4)]


def test_swapped_records_are_named(cast: Cast, lead: int) -> None:
    chain = f"chain = 'lead:{lead}'"
    rewrite(
        cast.app,
        f"UPDATE history SET position = 99 WHERE {chain} AND position = 3",
        f"UPDATE history SET position = 3 WHERE {chain} AND position = 4",
        f"UPDATE history SET position = 4 WHERE {chain} AND position = 99",
    )

    assert found(cast)[0] == (Damage.RECORD_CHANGED, f"lead:{lead}", 3)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE history_payloads SET salt = 'x' WHERE record_id = {first}",
        """UPDATE history_payloads SET "values" = '{{"surname":"王"}}' WHERE record_id = {first}""",
        """INSERT INTO history_payloads (record_id, salt, "values") VALUES ({first} + 1, 'x', '{{}}')""",
    ],
)
def test_changed_or_added_payload_is_named(cast: Cast, lead: int, change: str) -> None:
    first = f"(SELECT id FROM history WHERE chain = 'lead:{lead}' AND position = 1)"
    rewrite(cast.app, change.format(first=first))

    (named,) = checked(cast).findings
    assert (named.damage, named.where) == (Damage.PAYLOAD_CHANGED, f"lead:{lead}")


def test_payload_that_nobody_anonymised_is_missed(cast: Cast, lead: int) -> None:
    rewrite(
        cast.app,
        "DELETE FROM history_payloads WHERE record_id = (SELECT min(record_id) FROM history_payloads)",
    )

    assert found(cast) == [(Damage.PAYLOAD_GONE, "lead:1", 1)]


def test_lead_without_any_history_is_named(cast: Cast, lead: int) -> None:
    chain = f"SELECT id FROM history WHERE chain = 'lead:{lead}'"
    rewrite(
        cast.app,
        f"DELETE FROM history_payloads WHERE record_id IN ({chain})",
        f"DELETE FROM history WHERE chain = 'lead:{lead}'",
    )

    assert found(cast) == [(Damage.CHAIN_MISSING, f"lead:{lead}", 0)]


# Checkpoints.


def test_checkpoint_lets_what_comes_after_it_be(cast: Cast, lead: int, clock: StoppedClock) -> None:
    signed = signed_end(cast)
    cast.reports("fang", lead)
    cast.enters("fang", ("杨", "过", "1391234"))
    second = signed_end(cast)

    check = checked(cast, signed, second)

    assert check.is_whole
    assert check.checkpoint is not None
    assert (check.checkpoint.number, check.checkpoint.records) == (2, cast.count(HistoryRecord))


def test_cut_tail_is_seen_by_the_kept_checkpoint(cast: Cast, lead: int) -> None:
    signed_end(cast)
    rewrite(cast.app, f"DELETE FROM history WHERE chain = 'lead:{lead}' AND position >= 5")

    assert (Damage.CUT_OFF, "lead:0", 1) in found(cast)


def test_checkpoint_elsewhere_sees_what_the_database_forgot(cast: Cast, lead: int) -> None:
    signed = signed_end(cast)
    rewrite(
        cast.app,
        f"DELETE FROM history WHERE chain = 'lead:{lead}' AND position >= 5",
        "DELETE FROM checkpoints",
    )

    assert (Damage.CUT_OFF, "lead:0", 1) not in found(cast)
    assert (Damage.CUT_OFF, "lead:0", 1) in found(cast, signed)


@pytest.mark.parametrize("part", ["text", "signature", "public_key"])
def test_forged_checkpoint_is_refused(cast: Cast, lead: int, part: str) -> None:
    signed = signed_end(cast)
    other = sign(signed.text.replace('"covers":', '"covers":1'), "y" * 32)
    forged = signed._replace(**{part: getattr(other, part)})

    assert found(cast, forged) == [(Damage.CHECKPOINT_FORGED, "elsewhere", 0)]


def test_checkpoint_of_somebody_else_is_refused_though_its_signature_is_good(cast: Cast, lead: int) -> None:
    signed = signed_end(cast)

    assert found(cast, sign(signed.text, "y" * 32)) == [(Damage.CHECKPOINT_FORGED, "elsewhere", 0)]


def test_checkpoint_that_was_taken_out_is_missed(cast: Cast, lead: int) -> None:
    for _number in range(3):
        signed_end(cast)
    rewrite(cast.app, "DELETE FROM checkpoints WHERE id = 2")

    assert found(cast) == [(Damage.CHECKPOINT_MISSING, "checkpoint:3", 0)]


def test_changed_checkpoint_is_named(cast: Cast, lead: int) -> None:
    signed_end(cast)
    rewrite(cast.app, "UPDATE checkpoints SET statement = replace(statement, 'records', 'recordz')")

    assert found(cast) == [(Damage.CHECKPOINT_FORGED, "checkpoint:1", 0)]


# Commands.


def run(cast: Cast, *words: str) -> tuple[int, str]:
    result = cast.app.test_cli_runner().invoke(args=words)
    return result.exit_code, result.output


def test_commands_check_a_whole_history(
    cast: Cast, lead: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "checkpoint.json"

    assert run(cast, "checkpoint", "--output", str(file)) == (0, "Checkpoint 1: 9 records in 3 chains.\n")
    code, said = run(cast, "verify-history", "--checkpoint", str(file))

    assert code == 0
    assert "9 records in 3 chains, 4 with personal values, 0 anonymised.\n" in said
    assert "Checkpoint 1 of 2026-03-02T02:00:00.000000Z was compared.\nThe history is whole.\n" in said


def test_command_names_the_first_broken_record_and_fails(cast: Cast, lead: int) -> None:
    rewrite(cast.app, f"UPDATE history SET actor_id = 2 WHERE id = {SCANNED}")

    code, said = run(cast, "verify-history")

    assert code == 1
    assert f"Record 5 (lead:{lead}, number 3) was changed." in said
    assert "No checkpoint was ever made" in said


def test_file_that_is_no_checkpoint_is_refused_in_words(
    cast: Cast, lead: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "note.json"
    for content in ("[]", "{", '{"text": "x"}'):
        file.write_text(content)

        code, said = run(cast, "verify-history", "--checkpoint", str(file))

        assert code == 1
        assert "is not a checkpoint." in said


def test_public_key_is_printed_and_stays_the_same(cast: Cast) -> None:
    code, said = run(cast, "signing-key")

    assert (code, len(said.strip())) == (0, 44)
    assert run(cast, "signing-key") == (0, said)
    assert str(cast.app.secret_key) not in said
