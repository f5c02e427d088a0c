"""Django admin with Unfold on a copy of our SQLite database: the peer of `make comparison`.

It is what a good Django developer has after an afternoon: every table registered, related rows selected,
search fields, filters and a look that pleases. The tables are ours and unmanaged; Django adds its own.
Served by `gunicorn benchmarks.peers.unfold_site:application`, with PEER_DATABASE naming the file.
"""

import os
from typing import Any

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["PEER_DATABASE"]}},
    SECRET_KEY="thrown away together with the copy of the database",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    LANGUAGE_CODE="zh-hans",
    TIME_ZONE="Asia/Shanghai",
    USE_TZ=True,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "unfold",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
)
django.setup()

# Django must be set up before any of its models can be named.
from django.contrib import admin  # noqa: E402
from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402
from unfold.admin import ModelAdmin  # noqa: E402

STATUSES = [
    ("entered", "录入"), ("reported", "报备"), ("bound", "绑定"),
    ("expired", "失效"), ("dealt", "成交"), ("withdrawn", "撤回"),
]  # fmt: skip


def table(name: str, title: str) -> type:
    """Return the Meta of a table that Django reads and writes but does not make."""
    names = {"verbose_name": title, "verbose_name_plural": title}
    return type("Meta", (), {"app_label": "auth", "db_table": name, "managed": False, **names})


def belongs_to(model: Any, name: str = "+", **more: Any) -> Any:
    """Return a link to a row of another table."""
    return models.ForeignKey(model, models.PROTECT, related_name=name, **more)


class Brokerage(models.Model):
    """经纪公司."""

    name = models.CharField("公司名称", max_length=60)
    contact = models.CharField("联系人", max_length=30, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    address = models.CharField("地址", max_length=200, blank=True)
    Meta = table("brokerages", "经纪公司")

    def __str__(self) -> str:
        """Return what a choice shows."""
        return str(self.name)


class Account(models.Model):
    """Everybody who signs in."""

    role = models.CharField("角色", max_length=20)
    name = models.CharField("姓名", max_length=30)
    phone = models.CharField("电话", max_length=11)
    employee_number = models.CharField("员工编号", max_length=20, blank=True)
    brokerage = belongs_to(Brokerage, null=True, blank=True)
    approval = models.CharField(
        "审批", max_length=20,
        choices=[("not_needed", "无需"), ("pending", "待审"), ("approved", "通过"), ("rejected", "驳回")],
    )  # fmt: skip
    Meta = table("accounts", "账号")

    def __str__(self) -> str:
        """Return what a choice shows."""
        return f"{self.name} {self.phone}"


class Lead(models.Model):
    """客户."""

    surname = models.CharField("姓", max_length=30)
    given_name = models.CharField("名", max_length=30)
    phone1 = models.CharField("电话", max_length=7)
    status = models.CharField("状态", max_length=20, choices=STATUSES)
    broker = belongs_to(Account, verbose_name="经纪人")
    consultant = belongs_to(Account, null=True, blank=True, verbose_name="置业顾问")
    needs = models.TextField("客户需求", blank=True)
    entered_at = models.DateTimeField("录入时间")
    bound_at = models.DateTimeField("绑定时间", null=True, blank=True)
    protect_until = models.DateTimeField("保护期至", null=True, blank=True)
    Meta = table("leads", "客户")

    def __str__(self) -> str:
        """Return what a choice shows."""
        return f"{self.pk} {self.surname}{self.given_name}"


class Collision(models.Model):
    """撞单."""

    holding_lead = belongs_to(Lead, verbose_name="占有客户")
    challenging_lead = belongs_to(Lead, verbose_name="撞单客户")
    state = models.CharField("状态", max_length=20, choices=[("open", "待处理"), ("handled", "已处理")])
    opened_at = models.DateTimeField("发生时间")
    handled_at = models.DateTimeField("处理时间", null=True, blank=True)
    handled_by = belongs_to(Account, null=True, blank=True, verbose_name="处理人")
    note = models.TextField("备注", blank=True)
    Meta = table("collisions", "撞单")


class GateScan(models.Model):
    """扫码记录."""

    lead = belongs_to(Lead, verbose_name="客户")
    gate = belongs_to(Account, verbose_name="渠道部驻场")
    consultant = belongs_to(Account, verbose_name="置业顾问")
    scanned_at = models.DateTimeField("扫码时间")
    Meta = table("gate_scans", "扫码记录")


class Fee(models.Model):
    """带看费; the amount lies there in cents, and the screenshot in a table of its own."""

    lead = belongs_to(Lead, verbose_name="客户")
    broker = belongs_to(Account, verbose_name="经纪人")
    brokerage = belongs_to(Brokerage, null=True, blank=True, verbose_name="经纪公司")
    amount = models.IntegerField("金额（分）")
    created_at = models.DateTimeField("创建时间")
    created_by = belongs_to(Account)
    void_reason = models.TextField("作废原因", blank=True)
    Meta = table("fees", "带看费")


class Setting(models.Model):
    """设置."""

    protection_days = models.IntegerField("保护天数")
    Meta = table("settings", "设置")


class BrokerageAdmin(ModelAdmin):
    """Brokerages."""

    list_display = ("name", "contact", "phone", "address")
    search_fields = ("name",)


class AccountAdmin(ModelAdmin):
    """Accounts of every role in one list, told apart by a filter."""

    ordering = ("id",)
    list_display = ("employee_number", "name", "phone", "role", "brokerage", "approval")
    list_filter = ("role", "approval")
    search_fields = ("name", "phone")
    list_select_related = ("brokerage",)
    autocomplete_fields = ("brokerage",)


class LeadAdmin(ModelAdmin):
    """Customers."""

    ordering = ("-id",)
    list_display = ("id", "surname", "given_name", "phone1", "status", "broker", "consultant", "entered_at")
    list_filter = ("status", "entered_at")
    search_fields = ("=id", "surname", "given_name", "broker__name", "broker__phone")
    list_select_related = ("broker", "consultant")
    autocomplete_fields = ("broker", "consultant")


class CollisionAdmin(ModelAdmin):
    """Collisions."""

    list_display = ("id", "holding_lead", "challenging_lead", "state", "opened_at", "handled_by")
    list_filter = ("state",)
    search_fields = ("=holding_lead__id", "=challenging_lead__id", "holding_lead__surname")
    list_select_related = ("holding_lead", "challenging_lead", "handled_by")
    autocomplete_fields = ("holding_lead", "challenging_lead", "handled_by")


class GateScanAdmin(ModelAdmin):
    """Gate scans."""

    list_display = ("id", "lead", "gate", "consultant", "scanned_at")
    search_fields = ("=lead__id", "lead__surname")
    list_select_related = ("lead", "gate", "consultant")
    autocomplete_fields = ("lead", "gate", "consultant")


class FeeAdmin(ModelAdmin):
    """Viewing fees."""

    list_display = ("id", "lead", "broker", "brokerage", "amount", "created_at")
    search_fields = ("=lead__id", "broker__name", "broker__phone")
    list_select_related = ("lead", "broker", "brokerage")
    autocomplete_fields = ("lead", "broker", "brokerage", "created_by")


class SettingAdmin(ModelAdmin):
    """The one row of settings."""

    list_display = ("protection_days",)


ADMINS: dict[type[models.Model], type[ModelAdmin]] = {
    Brokerage: BrokerageAdmin,
    Account: AccountAdmin,
    Lead: LeadAdmin,
    Collision: CollisionAdmin,
    GateScan: GateScanAdmin,
    Fee: FeeAdmin,
    Setting: SettingAdmin,
}
for kind, its_admin in ADMINS.items():
    admin.site.register(kind, its_admin)

urlpatterns = [path("admin/", admin.site.urls)]
application = StaticFilesHandler(get_wsgi_application())
