"""Stock Flask-Admin on our PostgreSQL rows: the other peer of the list and export lines of `make bench`.

Models, columns and search as its documentation says, with related rows selected in the same question, and
nobody asks who looks: there is no sign-in, no scope and no tab, only a filter for the status.
Served by `gunicorn benchmarks.peers.stock_site:application`, with PEER_HOST and PEER_DATABASE.
"""

import os
from datetime import datetime
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship


class Base(DeclarativeBase):
    """What every table has in common."""


db = SQLAlchemy(model_class=Base)


class Brokerage(db.Model):  # type: ignore[name-defined]
    """经纪公司."""

    __tablename__ = "brokerages"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))

    def __str__(self) -> str:
        """Return what a column shows."""
        return self.name


class Account(db.Model):  # type: ignore[name-defined]
    """Everybody who signs in."""

    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    phone: Mapped[str] = mapped_column(String(11))
    brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"))
    brokerage: Mapped[Brokerage | None] = relationship()

    def __str__(self) -> str:
        """Return what a column shows."""
        return self.name


class Lead(db.Model):  # type: ignore[name-defined]
    """客户."""

    __tablename__ = "leads"
    id: Mapped[int] = mapped_column(primary_key=True)
    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    consultant_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    name_key: Mapped[str] = mapped_column(String(240))
    phone1: Mapped[str] = mapped_column(String(7))
    phone2: Mapped[str | None] = mapped_column(String(7))
    status: Mapped[str] = mapped_column(String(32))
    needs: Mapped[str] = mapped_column(Text)
    expected_visit_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    protect_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    broker: Mapped[Account] = relationship(foreign_keys=broker_id)
    entered_by: Mapped[Account] = relationship(foreign_keys=entered_by_id)
    consultant: Mapped[Account | None] = relationship(foreign_keys=consultant_id)


class LeadView(ModelView):
    """Customers."""

    can_export = True
    export_types = ("xlsx",)
    export_max_rows = 0
    page_size = 50
    column_default_sort = ("id", True)
    column_list = (
        "id", "name_key", "phone1", "phone2", "status", "broker", "broker.phone", "broker.brokerage",
        "entered_by", "expected_visit_at", "consultant", "protect_until",
    )  # fmt: skip
    column_searchable_list = ("name_key", "phone1", "broker.name", "broker.phone")
    column_filters = ("status",)
    column_select_related_list = (Lead.broker, Lead.entered_by, Lead.consultant)

    def get_query(self) -> Any:
        """Select the brokerage too, which `column_select_related_list` does not reach by a path."""
        return super().get_query().options(joinedload(Lead.broker).joinedload(Account.brokerage))


def make_application() -> Flask:
    """Return the site as its quick start has it."""
    app = Flask(__name__)
    host, name = os.environ["PEER_HOST"], os.environ["PEER_DATABASE"]
    app.config.update(
        SECRET_KEY="thrown away together with the copy of the database",
        SQLALCHEMY_DATABASE_URI=f"postgresql+psycopg://postgres@/{name}?host={host}",
    )
    db.init_app(app)
    admin = Admin(app, name="客户")
    admin.add_view(LeadView(Lead, db, name="客户"))
    return app


application = make_application()
