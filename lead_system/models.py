"""What we remember: one chapter each for People, Project, Leads, Visits, Money and History.

Constraints stand beside the columns that they guard, each with the rule that it keeps. Rules that need
more than one row live in `services`; what is merely read lives in `queries`.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    literal_column,
    or_,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lead_system.domain.identity import Key, fold_name, full_name, keys_of
from lead_system.domain.imports import ImportKind
from lead_system.domain.lifecycle import LeadStatus, real_status
from lead_system.domain.places import Position
from lead_system.domain.roles import AGENTS, APPROVED, BACK_OFFICE, OUTSIDERS, PHONE_STAFF, Approval, Role
from lead_system.extensions import Model


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware in Python on every database; SQLite itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse moments without a zone: nobody could say when they are."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """Yuan with two decimals, stored as whole fen so that sums are exact on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Store fen."""
        return None if value is None else int(value.scaleb(2).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return yuan."""
        return None if value is None else Decimal(value).scaleb(-2)


class Degrees(TypeDecorator[Decimal]):
    """A latitude or longitude with six decimals, stored as whole millionths of a degree."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Store millionths."""
        return None if value is None else int(value.scaleb(6).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return degrees."""
        return None if value is None else Decimal(value).scaleb(-6)


def _choice(kind: type[StrEnum], name: str) -> Enum:
    """Return a text column type with a CHECK that admits the values of an enumeration and nothing else."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name,
        values_callable=lambda members: [m.value for m in members],
    )


def _index_where(condition: str, name: str, *columns: str, unique: bool = False) -> Index:
    """Return an index over the rows that fit a condition, which both databases are told in the same words."""
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# People: brokerages, and everybody who signs in.


class Brokerage(Model):
    """A broker's company (经纪公司)."""

    __tablename__ = "brokerages"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name_is_not_blank"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    contact: Mapped[str] = mapped_column(String(30), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(120), default="")
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)

    @property
    def is_active(self) -> bool:
        """Whether brokers of this brokerage may enter and report, and win new bindings (R5, R10)."""
        return self.archived_at is None


class Account(Model):
    """Somebody who signs in: an outsider with a phone, or staff with an account name and a password.

    `code_token` and `short_code` are a visitor's own code (客户二维码), made with the profile. WeChat names
    the person to us by `openid`. From `totp_salt` and the server's secret comes what an authenticator app
    knows; it is asked for from `totp_since` on, and `totp_step` is the last of its codes that was used.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        # R10: a phone that signs in stays with its account for good, archived or not.
        _index_where(
            "role IN ('broker', 'resident', 'visitor')", "uq_accounts_outsider_phone", "phone", unique=True
        ),
        CheckConstraint(
            "(role = 'resident') = (approval <> 'not_needed')", name="residents_and_only_they_need_approval"
        ),
        CheckConstraint(
            "role IN ('broker', 'resident') OR brokerage_id IS NULL", name="only_agents_have_a_brokerage"
        ),
        CheckConstraint("(login IS NULL) = (password_hash IS NULL)", name="login_and_password_go_together"),
        CheckConstraint(
            "(role IN ('broker', 'resident', 'visitor')) = (login IS NULL)",
            name="staff_and_only_they_have_a_login",
        ),
        CheckConstraint("openid IS NULL OR login IS NULL", name="only_outsiders_sign_in_by_wechat"),
        CheckConstraint(
            "(code_token IS NULL) = (short_code IS NULL)"
            " AND (code_token IS NOT NULL) = (role = 'visitor' AND profile_completed_at IS NOT NULL)",
            name="visitors_and_only_they_have_a_code",
        ),
        CheckConstraint(
            "login IS NOT NULL OR NOT must_change_password", name="only_passwords_can_be_temporary"
        ),
        CheckConstraint(
            "temporary_until IS NULL OR must_change_password", name="only_temporary_passwords_end"
        ),
        CheckConstraint(
            "totp_since IS NULL OR (totp_salt IS NOT NULL AND login IS NOT NULL)",
            name="second_factor_stands_beside_a_password",
        ),
        _index_where("approval = 'pending'", "ix_accounts_pending", "id"),
        _index_where("archived_at IS NOT NULL", "ix_accounts_archived", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(_choice(Role, "role"))
    name: Mapped[str] = mapped_column(String(30), default="", index=True)
    nickname: Mapped[str] = mapped_column(String(30), default="")
    phone: Mapped[str] = mapped_column(String(11), default="", index=True)
    openid: Mapped[str | None] = mapped_column(String(64), unique=True)
    login: Mapped[str | None] = mapped_column(String(30), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    temporary_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_generation: Mapped[int] = mapped_column(Integer, default=1)
    totp_salt: Mapped[str | None] = mapped_column(String(32))
    totp_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    employee_number: Mapped[str | None] = mapped_column(String(20), unique=True)
    brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"), index=True)
    approval: Mapped[Approval] = mapped_column(_choice(Approval, "approval"), default=Approval.NOT_NEEDED)
    rejection_reason: Mapped[str] = mapped_column(Text, default="")
    profile_completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    anonymised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_token: Mapped[str | None] = mapped_column(String(24), unique=True)
    short_code: Mapped[str | None] = mapped_column(String(10), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)

    brokerage: Mapped[Brokerage | None] = relationship()

    # What Flask-Login asks; an archived account is signed out at its next click (R10).
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether this account may still act."""
        return self.archived_at is None

    @property
    def has_second_factor(self) -> bool:
        """Whether the password alone does not open this account: an authenticator app must say a code."""
        return self.totp_since is not None

    @property
    def is_agent(self) -> bool:
        """Whether this is a broker or a resident."""
        return self.role in AGENTS

    @property
    def is_outsider(self) -> bool:
        """Whether this is an agent or a visitor, who sign in without a password."""
        return self.role in OUTSIDERS

    @property
    def is_visitor(self) -> bool:
        """Whether this is a member of the public."""
        return self.role is Role.VISITOR

    @property
    def is_phone_staff(self) -> bool:
        """Whether this is gate staff or a consultant."""
        return self.role in PHONE_STAFF

    @property
    def is_back_office(self) -> bool:
        """Whether this account may open the back office."""
        return self.role in BACK_OFFICE

    @property
    def has_profile(self) -> bool:
        """Whether name, brokerage and role have been given; nothing else opens before (manual 1.2-7)."""
        return self.profile_completed_at is not None

    @property
    def is_approved(self) -> bool:
        """Whether the director has let this resident in; true for everybody who needs no approval."""
        return self.approval in APPROVED

    @property
    def has_active_brokerage(self) -> bool:
        """Whether this agent belongs to a brokerage that still works with us."""
        return self.brokerage is not None and self.brokerage.is_active


class Avatar(Model):
    """头像: an account's picture, drawn anew as a square JPEG; `digest` names its content."""

    __tablename__ = "avatars"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(32))
    jpeg: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class ProfileChange(Model):
    """个人信息修改记录: an agent's phone or brokerage was changed, from what to what, and by whom."""

    __tablename__ = "profile_changes"
    __table_args__ = (
        CheckConstraint(
            "old_phone <> new_phone OR coalesce(old_brokerage_id, 0) <> coalesce(new_brokerage_id, 0)",
            name="something_changed",
        ),
        Index("ix_profile_changes_account_id_changed_at", "account_id", "changed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    old_phone: Mapped[str] = mapped_column(String(11))
    new_phone: Mapped[str] = mapped_column(String(11))
    old_brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"))
    new_brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"))
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    account: Mapped[Account] = relationship(foreign_keys=account_id)
    old_brokerage: Mapped[Brokerage | None] = relationship(foreign_keys=old_brokerage_id)
    new_brokerage: Mapped[Brokerage | None] = relationship(foreign_keys=new_brokerage_id)
    changed_by: Mapped[Account] = relationship(foreign_keys=changed_by_id)


class SignIn(Model):
    """Somebody signed in on one browser, from then until they sign out, it lapses, or it is ended.

    The browser holds a random token, and this row its hash. `generation` is the account's at that moment: a
    new one, as after a new password, ends every sign-in of an older one at once. `confirmed_at` is when the
    password was last given in it.
    """

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    generation: Mapped[int] = mapped_column(Integer)
    browser: Mapped[str] = mapped_column(String(60), default="")
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()


class SignInFailure(Model):
    """How often signing in failed lately in one respect, and until when the next try has to wait.

    `name` is a keyed hash of that respect (an account name, an address, both, or a browser), so that nothing
    that was typed is kept.
    """

    __tablename__ = "sign_in_failures"
    __table_args__ = (CheckConstraint("failures >= 0", name="counts_up"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(Model):
    """A code on paper that stands in once for an authenticator app that was lost; only its hash is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInCode(Model):
    """The last one-time code sent to a phone.

    The code itself is nowhere: it is derived from `salt` and the server's secret.
    """

    __tablename__ = "sign_in_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(11), unique=True)
    salt: Mapped[str] = mapped_column(String(32))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CodeSend(Model):
    """One sending of a sign-in code, by which phones and addresses are limited.

    `address` is a keyed hash of where the request came from, so that nobody's address is kept.
    """

    __tablename__ = "code_sends"
    __table_args__ = (
        Index("ix_code_sends_phone_sent_at", "phone", "sent_at"),
        Index("ix_code_sends_address_sent_at", "address", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(11))
    address: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WechatTicket(Model):
    """What WeChat lends the server for two hours; one row a kind, shared by all processes."""

    __tablename__ = "wechat_tickets"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


# Project: what the admin decides for everybody.


def _folded_name(context: DefaultExecutionContext) -> str:
    """Return the folded form of the name that a new row has."""
    return fold_name(context.get_current_parameters()["name"])  # type: ignore[no-untyped-call]


class Setting(Model):
    """The one row of settings: how long a binding lasts, how the phone pages say to reach us, and how long
    personal data of customers nobody comes back for is kept.

    Whoever binds reads this row under a shared lock, and whoever changes the protection locks it alone.
    """

    __tablename__ = "settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="is_the_only_row"),
        CheckConstraint("protection_days BETWEEN 1 AND 3650", name="protection_days_in_range"),
        CheckConstraint("substr(service_link, 1, 8) IN ('', 'https://')", name="service_link_is_https"),
        CheckConstraint("retention_months BETWEEN 6 AND 120", name="retention_months_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    protection_days: Mapped[int] = mapped_column(Integer)
    service_phone: Mapped[str] = mapped_column(String(20))
    service_link: Mapped[str] = mapped_column(String(300), default="")
    retention_months: Mapped[int] = mapped_column(Integer, default=36)
    version: Mapped[int] = mapped_column(Integer, default=1)


class FlagSetting(Model):
    """The one row that says which flags are raised, and from which figure on (B8).

    It is apart from the other settings, which whoever binds reads under a lock.
    """

    __tablename__ = "flag_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="is_the_only_row"),
        CheckConstraint("many_numbers_limit BETWEEN 2 AND 20", name="many_numbers_limit_in_range"),
        CheckConstraint("late_report_limit BETWEEN 1 AND 1440", name="late_report_limit_in_range"),
        CheckConstraint("quick_deal_limit BETWEEN 0 AND 30", name="quick_deal_limit_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    walk_in_earlier_on: Mapped[bool]
    many_numbers_on: Mapped[bool]
    many_numbers_limit: Mapped[int] = mapped_column(Integer)
    name_corrected_on: Mapped[bool]
    late_report_on: Mapped[bool]
    late_report_limit: Mapped[int] = mapped_column(Integer)
    quick_deal_on: Mapped[bool]
    quick_deal_limit: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, default=1)


class CustomerType(Model):
    """A choice of 商铺分类; a retired one stays readable where it was chosen.

    `name_key` is the folded name: two names that a reader cannot tell apart are one. Choices are offered in
    the order of `position`, older ones first where it is the same.
    """

    __tablename__ = "customer_types"
    __table_args__ = (Index("uq_customer_types_name_key", "name_key", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)
    name_key: Mapped[str] = mapped_column(String(240), default=_folded_name)
    position: Mapped[int] = mapped_column(Integer, default=0)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)

    @property
    def is_offered(self) -> bool:
        """Whether brokers can choose this type now."""
        return self.retired_at is None


class Project(Model):
    """项目主页: the one row that says what is for sale, where it is, and whom to ask.

    `introduction` is HTML that `services.rich_text` has cleaned; the position is in GCJ-02.
    """

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("id = 1", name="is_the_only_row"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="position_is_whole"),
        CheckConstraint("latitude BETWEEN -90000000 AND 90000000", name="latitude_in_range"),
        CheckConstraint("longitude BETWEEN -180000000 AND 180000000", name="longitude_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(60), default="")
    address: Mapped[str] = mapped_column(String(120), default="")
    introduction: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    contact_name: Mapped[str] = mapped_column(String(30), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    latitude: Mapped[Decimal | None] = mapped_column(Degrees)
    longitude: Mapped[Decimal | None] = mapped_column(Degrees)
    version: Mapped[int] = mapped_column(Integer, default=1)

    @property
    def position(self) -> Position | None:
        """Where it is; None where nobody has said so."""
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude)


class Plot(Model):
    """地块: a part of the project with a page of its own; `text` is cleaned HTML.

    An archived one is on no phone. Its number may be given again, which is why only shown ones are compared.
    """

    __tablename__ = "plots"
    __table_args__ = (
        CheckConstraint("length(number_key) > 0", name="number_is_not_blank"),
        CheckConstraint("place BETWEEN 1 AND 9999", name="place_in_range"),
        _index_where("archived_at IS NULL", "uq_plots_number_key", "number_key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(30))
    number_key: Mapped[str] = mapped_column(String(90))
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    text: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[int] = mapped_column(Integer)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)


class Illustration(Model):
    """A picture of the project page. Its address names its content (`digest`), so it never changes."""

    __tablename__ = "illustrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), unique=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IllustrationSize(Model):
    """An illustration in one width, drawn anew as JPEG; a phone fetches the one that fits it."""

    __tablename__ = "illustration_sizes"
    __table_args__ = (UniqueConstraint("illustration_id", "width"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    illustration_id: Mapped[int] = mapped_column(ForeignKey("illustrations.id"))
    width: Mapped[int] = mapped_column(Integer)
    jpeg: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


# Leads: customers as their brokers entered them, and who holds whom.

_LISTED = "status <> 'withdrawn' AND merged_into_id IS NULL"
"""`is_listed` as an index spells it."""


class Lead(Model):
    """One customer as entered by one broker; `id` is the lead number (客户编号), never used twice."""

    __tablename__ = "leads"
    __table_args__ = (
        UniqueConstraint("id", "broker_id"),
        CheckConstraint("length(phone1) = 7", name="phone1_is_three_and_four"),
        CheckConstraint(
            "phone2 IS NULL OR (length(phone2) = 7 AND phone2 <> phone1)", name="phone2_is_whole_and_another"
        ),
        CheckConstraint("length(name_key) > 0", name="name_is_not_blank"),
        CheckConstraint("person_number >= 0", name="person_number_counts_from_zero"),
        # A visit code exists exactly if the lead was ever reported; until then it is entered or withdrawn.
        CheckConstraint(
            "(first_reported_at IS NULL) = (code_token IS NULL)"
            " AND (first_reported_at IS NULL) = (short_code IS NULL)"
            " AND (first_reported_at IS NULL) = (status IN ('entered', 'withdrawn'))",
            name="code_exactly_when_reported",
        ),
        CheckConstraint(
            "status <> 'bound' OR (bound_at IS NOT NULL AND protect_until IS NOT NULL)",
            name="bound_has_an_end",
        ),
        CheckConstraint(
            "status <> 'dealt' OR (bound_at IS NOT NULL AND protect_until IS NOT NULL)",
            name="dealt_was_bound",
        ),
        CheckConstraint(
            "merged_into_id IS NULL OR (merged_into_id <> id AND status NOT IN ('bound', 'dealt'))",
            name="merged_leads_hold_nothing",
        ),
        Index("ix_leads_broker_id_id", "broker_id", "id"),
        Index("ix_leads_consultant_id_id", "consultant_id", "id"),
        Index("ix_leads_name_key_id", "name_key", "id"),
        _index_where(_LISTED, "ix_leads_listed", "id", "status", "protect_until", "merged_into_id"),
        _index_where(_LISTED, "ix_leads_status_id", "status", "id", "protect_until"),
        _index_where("status = 'bound'", "ix_leads_bound_protect_until", "protect_until", "id"),
        _index_where("status = 'bound'", "ix_leads_bound_broker_id", "broker_id", "protect_until"),
        Index("ix_leads_phone1_id", "phone1", "id"),
        _index_where("phone2 IS NOT NULL", "ix_leads_phone2_id", "phone2", "id"),
        Index("ix_leads_expected_visit_at_id", "expected_visit_at", "id"),
        _index_where(_LISTED, "ix_leads_listed_entered_at", "entered_at", "broker_id"),
        _index_where(_LISTED, "ix_leads_listed_first_reported_at", "first_reported_at"),
        _index_where("merged_into_id IS NOT NULL", "ix_leads_merged", "id"),
        _index_where("status = 'withdrawn'", "ix_leads_withdrawn_entered_at", "entered_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    surname: Mapped[str] = mapped_column(String(30))
    given_name: Mapped[str] = mapped_column(String(30))
    name_key: Mapped[str] = mapped_column(String(240))
    phone1: Mapped[str] = mapped_column(String(7))
    phone2: Mapped[str | None] = mapped_column(String(7))
    person_number: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[LeadStatus] = mapped_column(_choice(LeadStatus, "status"))
    expected_visit_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    customer_type_id: Mapped[int | None] = mapped_column(ForeignKey("customer_types.id"))
    needs: Mapped[str] = mapped_column(Text, default="")
    wished_consultant_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    consultant_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    protect_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rebound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    anonymised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_token: Mapped[str | None] = mapped_column(String(24), unique=True)
    short_code: Mapped[str | None] = mapped_column(String(10), unique=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"))
    version: Mapped[int] = mapped_column(Integer, default=1)

    broker: Mapped[Account] = relationship(foreign_keys=broker_id)
    entered_by: Mapped[Account] = relationship(foreign_keys=entered_by_id)
    wished_consultant: Mapped[Account | None] = relationship(foreign_keys=wished_consultant_id)
    consultant: Mapped[Account | None] = relationship(foreign_keys=consultant_id)
    customer_type: Mapped[CustomerType | None] = relationship()
    merged_into: Mapped["Lead | None"] = relationship(remote_side="Lead.id")

    @property
    def full_name(self) -> str:
        """Surname and given name as the broker wrote them; blank where they were anonymised."""
        return full_name(self.surname, self.given_name)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys by which this customer is recognised, in sorted order (R4)."""
        return keys_of(self.name_key, (self.phone1, self.phone2), self.person_number)

    def status_at(self, now: datetime) -> LeadStatus:
        """Return the status that every reader sees at a moment (R6); `status` is only what is stored."""
        return real_status(self.status, self.protect_until, now)

    @property
    def is_listed(self) -> bool:
        """Whether this lead still stands in lists and in R2's constraint."""
        return self.status is not LeadStatus.WITHDRAWN and self.merged_into_id is None

    @property
    def has_code(self) -> bool:
        """Whether a visit code exists, which it does from the first report on."""
        return self.code_token is not None


class LeadKey(Model):
    """A key of a listed lead: its broker has it once (R2), and by it R1 finds the leads of one customer."""

    __tablename__ = "lead_keys"
    __table_args__ = (
        UniqueConstraint("broker_id", "name_key", "phone", "person_number"),
        UniqueConstraint("lead_id", "phone"),
        ForeignKeyConstraint(["lead_id", "broker_id"], ["leads.id", "leads.broker_id"]),
        Index("ix_lead_keys_name_key_phone", "name_key", "phone", "person_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(Integer)
    broker_id: Mapped[int] = mapped_column(Integer)
    name_key: Mapped[str] = mapped_column(String(240))
    phone: Mapped[str] = mapped_column(String(7))
    person_number: Mapped[int] = mapped_column(Integer)


class LeadNameGram(Model):
    """A character of a lead's folded name, or a pair of neighbours in it, by which a part of it is found.

    Kept by triggers of `leads`, for whoever is not anonymised. Of three characters or more every pair is
    looked up. Beside it stand the lead's stored status, None where it is in no list, and its end: who is
    found by one gram is counted by status without a look at the leads (decision 31).
    """

    __tablename__ = "lead_name_grams"
    __table_args__ = (
        PrimaryKeyConstraint("gram", "lead_id", postgresql_include=["status", "protect_until"]),
        {"sqlite_with_rowid": False},
    )

    gram: Mapped[str] = mapped_column(String(2).with_variant(String(2, collation="C"), "postgresql"))
    lead_id: Mapped[int] = mapped_column(Integer, autoincrement=False)
    status: Mapped[LeadStatus | None] = mapped_column(_choice(LeadStatus, "status"))
    protect_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BrokerTally(Model):
    """How many listed leads a broker has, by stored status, and how many were ever reported or bound.

    Kept by triggers of `leads`: the sum over all brokers is what counting a million rows would say. Whether a
    bound one still runs depends on the clock, so of these alone it is counted anew (R6).
    """

    __tablename__ = "broker_tallies"
    __table_args__ = (
        CheckConstraint(
            "entered >= 0 AND reported >= 0 AND bound >= 0 AND expired >= 0 AND dealt >= 0"
            " AND ever_reported >= 0 AND ever_bound >= 0",
            name="counts_up",
        ),
    )

    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    entered: Mapped[int] = mapped_column(Integer)
    reported: Mapped[int] = mapped_column(Integer)
    bound: Mapped[int] = mapped_column(Integer)
    expired: Mapped[int] = mapped_column(Integer)
    dealt: Mapped[int] = mapped_column(Integer)
    ever_reported: Mapped[int] = mapped_column(Integer)
    ever_bound: Mapped[int] = mapped_column(Integer)


class Hold(Model):
    """占有: a bound or dealt lead holds one key of a customer; the database refuses a second holder (R4).

    `ends_at` is the end of the protection, or NULL under a deal. A row whose end has passed holds nothing;
    whoever binds next deletes it in the same transaction.
    """

    __tablename__ = "holds"
    __table_args__ = (UniqueConstraint("name_key", "phone", "person_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    name_key: Mapped[str] = mapped_column(String(240))
    phone: Mapped[str] = mapped_column(String(7))
    person_number: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lead: Mapped[Lead] = relationship()


class Report(Model):
    """A recorded press of 报备; `on_behalf` ones were made by a rebind and are not counted (R8)."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_lead_id_reported_at", "lead_id", "reported_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    on_behalf: Mapped[bool] = mapped_column(default=False)


class Binding(Model):
    """A customer bound to a broker, with exactly one cause: a scan or a rebind.

    `ends_at` is the end of the protection; `ended_at` is set when a rebind or a new binding closes it.
    `extended_at` marks that the end was moved once, which is as often as it may be; a rebind that keeps the
    end keeps that mark too (R6).
    """

    __tablename__ = "bindings"
    __table_args__ = (
        CheckConstraint("(scan_id IS NULL) <> (rebind_id IS NULL)", name="has_exactly_one_cause"),
        CheckConstraint("ends_at >= bound_at", name="ends_after_it_begins"),
        _index_where("ended_at IS NULL", "uq_bindings_open_lead", "lead_id", unique=True),
        Index("ix_bindings_bound_at", "bound_at", "lead_id", "broker_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"))
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("gate_scans.id"), unique=True)
    rebind_id: Mapped[int | None] = mapped_column(ForeignKey("rebinds.id"), unique=True)
    days: Mapped[int] = mapped_column(Integer)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_end: Mapped[bool] = mapped_column(default=False)
    extended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lead: Mapped[Lead] = relationship()


class BindingKey(Model):
    """A key that a binding held, kept for the day on which somebody asks (R10)."""

    __tablename__ = "binding_keys"
    __table_args__ = (UniqueConstraint("binding_id", "phone"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    binding_id: Mapped[int] = mapped_column(ForeignKey("bindings.id"))
    name_key: Mapped[str] = mapped_column(String(240))
    phone: Mapped[str] = mapped_column(String(7))
    person_number: Mapped[int] = mapped_column(Integer)


class Rebind(Model):
    """改绑: a director moved a live binding from one broker's lead to another's (R8)."""

    __tablename__ = "rebinds"
    __table_args__ = (CheckConstraint("from_lead_id <> to_lead_id", name="moves_to_another_lead"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    from_lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    to_lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    from_broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    to_broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    reason: Mapped[str] = mapped_column(Text)
    kept_end: Mapped[bool] = mapped_column(default=False)
    old_end: Mapped[datetime] = mapped_column(UtcDateTime)
    new_end: Mapped[datetime] = mapped_column(UtcDateTime)

    from_lead: Mapped[Lead] = relationship(foreign_keys=from_lead_id)
    to_lead: Mapped[Lead] = relationship(foreign_keys=to_lead_id)
    from_broker: Mapped[Account] = relationship(foreign_keys=from_broker_id)
    to_broker: Mapped[Account] = relationship(foreign_keys=to_broker_id)
    actor: Mapped[Account] = relationship(foreign_keys=actor_id)


class CollisionKind(StrEnum):
    """How two sides came to want the same customer.

    HELD is between two leads. In the others the holding side is a visitor: one who had come alone before a
    broker entered them (WALK_IN_FIRST), or one who says that a broker had no business to (OBJECTION).
    """

    HELD = "held"
    WALK_IN_FIRST = "walk_in_first"
    OBJECTION = "objection"


class CollisionState(StrEnum):
    """Whether a director still has to look at a collision."""

    OPEN = "open"
    HANDLED = "handled"


class CollisionOutcome(StrEnum):
    """What became of a collision; REBOUND is written by a rebind alone, the last one by a declaration too."""

    UNSAID = "unsaid"
    HOLDER_KEEPS = "holder_keeps"
    CHALLENGER_GETS = "challenger_gets"
    REBOUND = "rebound"
    DIFFERENT_PEOPLE = "different_people"


class CollisionEventKind(StrEnum):
    """What happened between two sides of a collision."""

    ENTERED = "entered"
    CORRECTED = "corrected"
    REPORTED = "reported"
    SCANNED = "scanned"
    WITHDRAWN = "withdrawn"
    HOLD_TAKEN_BY_SCAN = "hold_taken_by_scan"
    HOLD_TAKEN_BY_REBIND = "hold_taken_by_rebind"
    HOLD_TAKEN_BY_DEAL = "hold_taken_by_deal"
    HANDLED = "handled"
    CLOSED_AS_REBOUND = "closed_as_rebound"
    REOPENED = "reopened"
    OBJECTED = "objected"
    CLOSED_AS_DIFFERENT = "closed_as_different"
    DECLARED_SAME = "declared_same"


class Collision(Model):
    """撞单: a broker goes for a customer whom another broker holds (R7), or who came alone or objects.

    The holding side is a lead or a visitor, never both.
    """

    __tablename__ = "collisions"
    __table_args__ = (
        # One open row for each (kind, holding side, challenging lead); handled ones may be many.
        _index_where(
            "state = 'open'",
            "uq_collisions_open_pair",
            "kind",
            "holding_lead_id",
            "challenging_lead_id",
            unique=True,
        ),
        _index_where(
            "state = 'open'",
            "uq_collisions_open_with_visitor",
            "kind",
            "visitor_id",
            "challenging_lead_id",
            unique=True,
        ),
        # A walk-in came first or did not: once handled, the pair is not asked about again.
        _index_where(
            "kind = 'walk_in_first'",
            "uq_collisions_walk_in_first",
            "visitor_id",
            "challenging_lead_id",
            unique=True,
        ),
        CheckConstraint("holding_lead_id <> challenging_lead_id", name="has_two_sides"),
        CheckConstraint(
            "(kind = 'held') = (holding_lead_id IS NOT NULL)"
            " AND (holding_lead_id IS NULL) = (visitor_id IS NOT NULL)",
            name="is_held_by_a_lead_or_a_visitor",
        ),
        CheckConstraint("(state = 'handled') = (handled_at IS NOT NULL)", name="handled_at_a_time"),
        Index("ix_collisions_state_last_event_at", "state", "last_event_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CollisionKind] = mapped_column(_choice(CollisionKind, "kind"))
    holding_lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    challenging_lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    state: Mapped[CollisionState] = mapped_column(_choice(CollisionState, "state"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_event_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[CollisionOutcome | None] = mapped_column(_choice(CollisionOutcome, "outcome"))
    note: Mapped[str] = mapped_column(Text, default="")

    holding_lead: Mapped[Lead | None] = relationship(foreign_keys=holding_lead_id)
    visitor: Mapped[Account | None] = relationship(foreign_keys=visitor_id)
    challenging_lead: Mapped[Lead] = relationship(foreign_keys=challenging_lead_id)
    handled_by: Mapped[Account | None] = relationship(foreign_keys=handled_by_id)
    events: Mapped[list["CollisionEvent"]] = relationship(
        order_by="CollisionEvent.id", passive_deletes="all", back_populates="collision"
    )

    @property
    def is_open(self) -> bool:
        """Whether a director still has to look at it."""
        return self.state is CollisionState.OPEN


class CollisionEvent(Model):
    """One thing that happened in a collision; `words` are what somebody said, as in an objection."""

    __tablename__ = "collision_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    collision_id: Mapped[int] = mapped_column(ForeignKey("collisions.id"), index=True)
    kind: Mapped[CollisionEventKind] = mapped_column(_choice(CollisionEventKind, "kind"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    words: Mapped[str] = mapped_column(Text, default="")

    collision: Mapped[Collision] = relationship(back_populates="events")
    actor: Mapped[Account] = relationship()


# Visits: what happened at the sales centre.


class GateScan(Model):
    """扫码记录: gate staff confirmed a broker's visit; broker and brokerage are kept as they were."""

    __tablename__ = "gate_scans"
    __table_args__ = (Index("ix_gate_scans_lead_id_scanned_at", "lead_id", "scanned_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    gate_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    consultant_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"))
    scanned_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    lead: Mapped[Lead] = relationship()
    gate: Mapped[Account] = relationship(foreign_keys=gate_id)
    consultant: Mapped[Account] = relationship(foreign_keys=consultant_id)
    broker: Mapped[Account] = relationship(foreign_keys=broker_id)
    brokerage: Mapped[Brokerage | None] = relationship()


class WalkIn(Model):
    """自然到访: gate staff logged a visitor who came alone, with name and digits as they were then."""

    __tablename__ = "walk_ins"
    __table_args__ = (
        CheckConstraint("length(name_key) > 0", name="name_is_not_blank"),
        CheckConstraint("length(phone) = 7", name="phone_is_three_and_four"),
        Index("ix_walk_ins_name_key_phone", "name_key", "phone"),
        Index("ix_walk_ins_visitor_id_came_at", "visitor_id", "came_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    gate_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    consultant_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(240))
    phone: Mapped[str] = mapped_column(String(7))
    came_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    visitor: Mapped[Account] = relationship(foreign_keys=visitor_id)
    gate: Mapped[Account] = relationship(foreign_keys=gate_id)
    consultant: Mapped[Account] = relationship(foreign_keys=consultant_id)


class Intent(StrEnum):
    """How strongly a customer means to buy, from A (strong) to D (weak)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Viewing(Model):
    """带看记录: a consultant scanned the code, showed the property and graded the intent."""

    __tablename__ = "viewings"
    __table_args__ = (Index("ix_viewings_consultant_id_viewed_at", "consultant_id", "viewed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    consultant_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    intent: Mapped[Intent] = mapped_column(_choice(Intent, "intent"))
    standing_in: Mapped[bool] = mapped_column(default=False)
    viewed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    lead: Mapped[Lead] = relationship()
    consultant: Mapped[Account] = relationship(foreign_keys=consultant_id)
    broker: Mapped[Account] = relationship(foreign_keys=broker_id)


class FollowUp(Model):
    """跟进记录: a consultant's note on a customer; `next_on` is the Shanghai day to get in touch again."""

    __tablename__ = "follow_ups"

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    note: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_on: Mapped[date | None] = mapped_column(Date)

    lead: Mapped[Lead] = relationship()
    author: Mapped[Account] = relationship()


# Money: deals, and the fees paid for visits.


class Deal(Model):
    """成交: a director marked a lead dealt; `late` ones were marked after the binding had ended (R9)."""

    __tablename__ = "deals"
    __table_args__ = (
        _index_where("undone_at IS NULL", "uq_deals_standing_lead", "lead_id", unique=True),
        _index_where("undone_at IS NULL", "ix_deals_standing_dealt_on", "dealt_on", "lead_id"),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount_is_positive"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    dealt_on: Mapped[date] = mapped_column(Date)
    unit: Mapped[str] = mapped_column(String(40), default="")
    amount: Mapped[Decimal | None] = mapped_column(Money)
    late: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text, default="")
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    marked_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    undo_reason: Mapped[str] = mapped_column(Text, default="")

    lead: Mapped[Lead] = relationship()
    marked_by: Mapped[Account] = relationship(foreign_keys=marked_by_id)
    undone_by: Mapped[Account | None] = relationship(foreign_keys=undone_by_id)


class Picture(Model):
    """An uploaded picture, decoded and drawn anew as JPEG, so that nothing of the sent file is left.

    It lies in the database: one transaction writes it together with what it belongs to, every machine can
    read it, and one backup holds everything (decision 8).
    """

    __tablename__ = "pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    jpeg: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    thumbnail: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Fee(Model):
    """带看费: what was paid to the lead's broker for a visit; never edited, only voided.

    `picture_id` is the screenshot of the payment; only fees from before screenshots were kept have none.
    """

    __tablename__ = "fees"
    __table_args__ = (
        CheckConstraint("amount BETWEEN 1 AND 99999999", name="amount_in_range"),
        CheckConstraint(
            "(voided_at IS NULL) = (voided_by_id IS NULL) AND (voided_at IS NULL) = (void_reason = '')",
            name="voided_by_somebody_for_a_reason",
        ),
        Index("uq_fees_picture_id", "picture_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    broker_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    brokerage_id: Mapped[int | None] = mapped_column(ForeignKey("brokerages.id"))
    amount: Mapped[Decimal] = mapped_column(Money)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("pictures.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")

    lead: Mapped[Lead] = relationship()
    broker: Mapped[Account] = relationship(foreign_keys=broker_id)
    brokerage: Mapped[Brokerage | None] = relationship()
    picture: Mapped[Picture | None] = relationship()
    created_by: Mapped[Account] = relationship(foreign_keys=created_by_id)
    voided_by: Mapped[Account | None] = relationship(foreign_keys=voided_by_id)

    @property
    def is_void(self) -> bool:
        """Whether this fee no longer counts."""
        return self.voided_at is not None


# History: what was done, by whom, and what was already answered.


class HistoryRecord(Model):
    """Who did what to which thing, when, from what to what (R10); the database refuses to rewrite one.

    `chain` names the thing ("lead:12", "account:3"); the records of one are counted by `position` from 1, and
    each `hash` covers what its record says and the hash before it (domain/chain.py, B2). Personal values are
    not here but in the payload, of which this row holds a salted hash.
    """

    __tablename__ = "history"
    __table_args__ = (
        UniqueConstraint("chain", "position"),
        CheckConstraint("position >= 1", name="position_counts_from_one"),
        CheckConstraint("length(hash) = 64", name="hash_is_whole"),
        _index_where("action = 'correct_entry'", "ix_history_corrections_at", "at", "lead_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    actor_role: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    payload_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    actor: Mapped[Account | None] = relationship()
    payload: Mapped["HistoryPayload | None"] = relationship(passive_deletes="all")


class HistoryPayload(Model):
    """The personal values of a history record; deleting the row makes the record anonymous, not invalid.

    The database lets it go only after a record "anonymise" further on in the same chain.
    """

    __tablename__ = "history_payloads"

    record_id: Mapped[int] = mapped_column(ForeignKey("history.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    values: Mapped[dict[str, Any]] = mapped_column(JSON)


class SigningKey(Model):
    """A public key (Ed25519, raw, in base64) with which this installation has signed; never taken away.

    Its secret half comes from the settings and is nowhere in the database.
    """

    __tablename__ = "signing_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_key: Mapped[str] = mapped_column(String(44), unique=True)
    first_used_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Checkpoint(Model):
    """Where all chains of the history ended at a moment, signed (B2): what is cut off later is missed.

    `covers` is the last record that existed; `statement` is the text that `signature` (base64) is of, and
    may be kept elsewhere (docs/evidence.md).
    """

    __tablename__ = "checkpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    covers: Mapped[int] = mapped_column(Integer)
    statement: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(88))
    signing_key_id: Mapped[int] = mapped_column(ForeignKey("signing_keys.id"))

    signing_key: Mapped[SigningKey] = relationship()


class Export(Model):
    """An export of a list: who took which rows out of the house, and when.

    `request_id` names it to the page that waits for it. `filters` is what the list was narrowed to, as it
    stood in the address. `rows_written` grows while the file is written; `files` counts how often one was.
    """

    __tablename__ = "exports"
    __table_args__ = (
        UniqueConstraint("account_id", "request_id"),
        CheckConstraint("rows_written >= 0 AND files >= 0", name="counts_up"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    request_id: Mapped[str] = mapped_column(String(64))
    table_name: Mapped[str] = mapped_column(String(40))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    rows_found: Mapped[int] = mapped_column(Integer)
    rows_written: Mapped[int] = mapped_column(Integer, default=0)
    files: Mapped[int] = mapped_column(Integer, default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()


class Import(Model):
    """A workbook of brokerages, consultants or staff, from the moment that it was read.

    Until it is carried out, `rows` are those of the file as they would be kept, without any whole number that
    may not be; afterwards those that were left out, without their cells. `made` are the ids of what was made.
    """

    __tablename__ = "imports"
    __table_args__ = (CheckConstraint("rows_read > 0 AND passwords_made >= 0", name="counts_up"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[ImportKind] = mapped_column(_choice(ImportKind, "kind"))
    file_name: Mapped[str] = mapped_column(String(120))
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    rows_read: Mapped[int] = mapped_column(Integer)
    passwords_made: Mapped[int] = mapped_column(Integer, default=0)
    made: Mapped[list[int]] = mapped_column(JSON, default=list)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    carried_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_carried_out(self) -> bool:
        """Whether its rows were imported."""
        return self.carried_out_at is not None


class Reconciliation(Model):
    """A run of the checks of `queries.reconciliation`: when, by whom (None: the command), what they found.

    `results` are those of the checks that were run so far, and `checks` how many there are in all. `seen_at`
    is the moment of the last one; a run that goes on for long without any was broken off.
    """

    __tablename__ = "reconciliations"
    __table_args__ = (CheckConstraint("checks >= 0 AND broken >= 0", name="counts_up"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    checks: Mapped[int] = mapped_column(Integer)
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    broken: Mapped[int] = mapped_column(Integer, default=0)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account | None] = relationship()

    @property
    def is_complete(self) -> bool:
        """Whether every check was run."""
        return self.finished_at is not None and len(self.results) == self.checks


class HandledRequest(Model):
    """The answer to a request id, so that a repeat acts once and is answered the same (R13)."""

    __tablename__ = "handled_requests"
    __table_args__ = (UniqueConstraint("asker", "action", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asker: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    request_id: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(32))
    content_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    handled_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Pulse(Model):
    """The one row that readiness writes, to know that a write is possible: when it last was, and some bytes.

    The bytes are new each time, and more than fit beside the old ones for long: on a full disk they fail.
    """

    __tablename__ = "pulse"
    __table_args__ = (CheckConstraint("id = 1", name="is_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    beaten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    filling: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


NO_ROW = -1
"""A number that no row ever has."""


def is_listed() -> Any:
    """Return the condition under which a lead stands in lists: neither withdrawn nor merged away.

    The status is spelled out, as in the indexes: SQLite uses those of some rows only for words, not values.
    """
    return and_(Lead.status != literal_column("'withdrawn'"), Lead.merged_into_id.is_(None))


_SPELLED_OUT: dict[LeadStatus, ColumnElement[Any]] = {
    status: literal_column(repr(status.value)) for status in LeadStatus
}


def is_stored_as(status: LeadStatus, of: type[Lead] | type[LeadNameGram] = Lead) -> Any:
    """Return the condition that a lead has a status, spelled out as in the indexes (`is_listed`).

    It is asked of the lead, or of what is kept of it beside its name. What is stored as bound may have ended:
    what it really is, `queries.leads.has_status` says.
    """
    return of.status == _SPELLED_OUT[status]


def is_no_lead() -> ColumnElement[bool]:
    """Return a condition that no lead fits; beside `false()`, SQLAlchemy would lose what joins its tables."""
    condition: ColumnElement[bool] = Lead.id == NO_ROW
    return condition


def is_live_hold(now: Any) -> Any:
    """Return the condition under which a hold row still holds at a moment (R4)."""
    return or_(Hold.ends_at.is_(None), Hold.ends_at > now)
