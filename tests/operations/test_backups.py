"""What `flask backup` writes, `flask restore` puts back row by row, and what was open then opens nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy
from flask import Flask

from lead_system.application import create_app
from lead_system.clock import frozen_at, now
from lead_system.domain.protection import shanghai_day
from lead_system.extensions import db
from lead_system.models import Account, Lead, Picture, RecoveryCode, SignInCode
from tests.operations.backups import people_writing, rows_of, run, run_beside, with_all_ended
from tests.support.cast import SCREENSHOT, Cast
from tests.support.client import PageClient
from tests.support.databases import Database, DatabaseFactory, both_databases
from tests.trials.invariants import broken_invariants

pytestmark = both_databases


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """A sales centre in which much has happened: pictures are kept, and codes and sign-ins are open."""
    lead = cast.enters("fang", reports=True)
    rival = cast.enters("qiang", reports=True)
    cast.scans("feng", lead)
    cast.reports("qiang", rival)
    cast.handles("director", cast.collision_of(lead, rival))
    cast.pays("secretary", lead, "200.00")
    cast.views("xin", lead)
    cast.follows_up("xin", lead, "对转角铺很满意")
    cast.deals("director", lead, shanghai_day(now()))
    with cast.app.app_context():
        db.session.add(RecoveryCode(account_id=cast.ids["director"], code_hash="c" * 64))
        db.session.add(SignInCode(phone="13500010001", salt="s", sent_at=now(), tries=0, delivered_at=now()))
        db.session.commit()
    return cast


@pytest.fixture
def elsewhere(database: Database, database_factory: DatabaseFactory, tmp_path: Path) -> Iterator[Flask]:
    """An installation of the same kind with nothing in its database, not even a table."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with database_factory.empty(database.kind, folder) as empty:
        app = create_app(empty.settings())
        yield app
        with app.app_context():
            db.engine.dispose()


def test_backup_taken_while_people_write_is_one_moment(busy: Cast, elsewhere: Flask, tmp_path: Path) -> None:
    file = tmp_path / "busy.backup"

    with people_writing(busy) as acknowledged:
        before = set(acknowledged)
        code, said = run_beside(busy.app, "backup", str(file))
        during = len(acknowledged)
    assert code == 0, said
    code, said = run(elsewhere, "restore", str(file))

    assert code == 0, said
    assert during > len(before), "nobody wrote while the backup was taken"
    with elsewhere.app_context():
        assert before <= set(db.session.scalars(sqlalchemy.select(Lead.id)))
        db.session.remove()
    assert not list(broken_invariants(elsewhere, now()))
    then, since = rows_of(elsewhere), rows_of(busy.app)
    assert {key["lead_id"] for key in then["lead_keys"]} == {lead["id"] for lead in then["leads"]}
    for table in ("leads", "lead_keys", "history", "history_payloads", "reports", "handled_requests"):
        assert all(line in since[table] for line in then[table]), table


def test_every_row_is_restored_into_an_empty_place(busy: Cast, elsewhere: Flask, tmp_path: Path) -> None:
    moment = now()
    file = tmp_path / "quiet.backup"
    before = rows_of(busy.app)
    assert run(busy.app, "backup", str(file))[0] == 0
    assert run(elsewhere, "verify-backup", str(file))[0] == 0

    with frozen_at(moment):
        code, said = run(elsewhere, "restore", str(file))

    assert code == 0, said
    after = rows_of(elsewhere)
    zone = after["accounts"][0]["created_at"].tzinfo
    assert after == with_all_ended(before, moment.replace(tzinfo=zone))
    assert file.stat().st_mode & 0o777 == 0o600
    assert rows_of(busy.app) == before
    with elsewhere.app_context():
        pictures = db.session.scalars(sqlalchemy.select(Picture)).all()
        assert [picture.jpeg for picture in pictures] == [SCREENSHOT.jpeg]
        db.session.remove()


def test_restored_installation_goes_on_where_the_backup_ends(
    busy: Cast, elsewhere: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "quiet.backup"
    run(busy.app, "backup", str(file))
    run(elsewhere, "restore", str(file))

    restored = Cast(elsewhere, busy.ids, busy.types)
    lead = restored.enters("wei", ("孔", "明", "1389999"), reports=True)
    restored.scans("lu", lead)

    assert lead == 3
    assert restored.status(lead) == "bound"
    assert elsewhere.test_client().get("/readyz").text == "ready\n"


def test_replaced_database_is_what_it_was_at_the_backup(busy: Cast, tmp_path: Path) -> None:
    moment = now()
    file = tmp_path / "quiet.backup"
    before = rows_of(busy.app)
    run(busy.app, "backup", str(file))
    later = busy.enters("wei", ("孔", "明", "1389999"), reports=True)
    busy.scans("lu", later)

    with frozen_at(moment):
        declined = run(busy.app, "restore", str(file), "--replace", typed="n\n")
        still = busy.status(later)
        accepted = run(busy.app, "restore", str(file), "--replace", typed="y\n")

    assert (declined[0], still, accepted[0]) == (1, "bound", 0), (declined, accepted)
    after = rows_of(busy.app)
    zone = after["accounts"][0]["created_at"].tzinfo
    assert after == with_all_ended(before, moment.replace(tzinfo=zone))


def test_restored_backup_brings_no_sign_in_and_no_code_back_to_life(
    busy: Cast, signed_in: Callable[[str], PageClient], tmp_path: Path
) -> None:
    file = tmp_path / "quiet.backup"
    director = signed_in("director")
    assert director.get("/admin/").status_code == 200
    run(busy.app, "backup", str(file))

    assert run(busy.app, "restore", str(file), "--replace", "--yes")[0] == 0

    turned_away = director.get("/admin/")
    assert (turned_away.status_code, "sign-in" in turned_away.location) == (302, True)
    with busy.app.app_context():
        open_codes = sqlalchemy.select(sqlalchemy.func.count()).where(SignInCode.used_at.is_(None))
        assert db.session.scalar(open_codes) == 0
        assert set(db.session.scalars(sqlalchemy.select(Account.session_generation))) == {2}
        db.session.remove()


def test_backup_of_an_earlier_release_is_restored_and_says_to_migrate(
    busy: Cast, elsewhere: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "old.backup"
    assert run(busy.app, "db", "downgrade", "0007")[0] == 0
    run(busy.app, "backup", str(file))

    code, said = run(elsewhere, "restore", str(file))

    assert (code, "flask db upgrade" in said) == (0, True), said
    assert run(elsewhere, "db", "upgrade")[0] == 0
    assert elsewhere.test_client().get("/readyz").text == "ready\n"
