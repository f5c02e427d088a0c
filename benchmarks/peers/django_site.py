"""Django admin on our PostgreSQL rows: the peer of the list lines of `make bench`.

The list of customers has the columns, the search and the tabs of ours, as Django's documentation says to
write it: related rows selected in the same question (`list_select_related`), a filter for the status, and as
many rows a page as ours. It stands there twice: by default, and with `show_full_result_count` off.
Served by `gunicorn benchmarks.peers.django_site:application`, with PEER_HOST and PEER_DATABASE.
"""

import os
from typing import Any

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PEER_HOST"],
            "NAME": os.environ["PEER_DATABASE"],
            "USER": "postgres",
            # Django's own pool of connections, as its documentation advises for threads.
            "OPTIONS": {"pool": True},
        }
    },
    SECRET_KEY="thrown away together with the copy of the database",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    LANGUAGE_CODE="zh-hans",
    TIME_ZONE="Asia/Shanghai",
    USE_TZ=True,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402

STATUSES = [
    ("entered", "录入"), ("reported", "报备"), ("bound", "绑定"),
    ("expired", "失效"), ("dealt", "成交"), ("withdrawn", "撤回"),
]  # fmt: skip


def table(name: str, title: str, **more: Any) -> type:
    """Return the Meta of a table that Django reads and does not make."""
    names = {"verbose_name": title, "verbose_name_plural": title}
    return type("Meta", (), {"app_label": "auth", "db_table": name, "managed": False, **names, **more})


def belongs_to(model: Any, title: str, **more: Any) -> Any:
    """Return a link to a row of another table."""
    return models.ForeignKey(model, models.PROTECT, related_name="+", verbose_name=title, **more)


class Brokerage(models.Model):
    """经纪公司."""

    name = models.CharField("公司名称", max_length=60)
    Meta = table("brokerages", "经纪公司")

    def __str__(self) -> str:
        """Return what a column shows."""
        return str(self.name)


class Account(models.Model):
    """Everybody who signs in."""

    role = models.CharField("角色", max_length=20)
    name = models.CharField("姓名", max_length=30)
    phone = models.CharField("电话", max_length=11)
    brokerage = belongs_to(Brokerage, "经纪公司", null=True, blank=True)
    Meta = table("accounts", "账号")

    def __str__(self) -> str:
        """Return what a column shows."""
        return str(self.name)


class Lead(models.Model):
    """客户."""

    broker = belongs_to(Account, "经纪人")
    entered_by = belongs_to(Account, "录入人")
    surname = models.CharField("姓", max_length=30)
    given_name = models.CharField("名", max_length=30)
    name_key = models.CharField("客户姓名", max_length=240)
    phone1 = models.CharField("客户电话", max_length=7)
    phone2 = models.CharField("电话二", max_length=7, null=True, blank=True)
    status = models.CharField("状态", max_length=20, choices=STATUSES)
    expected_visit_at = models.DateTimeField("预计到访", null=True, blank=True)
    consultant = belongs_to(Account, "置业顾问", null=True, blank=True)
    needs = models.TextField("客户需求", blank=True)
    entered_at = models.DateTimeField("录入时间")
    protect_until = models.DateTimeField("保护期至", null=True, blank=True)
    Meta = table("leads", "客户")


class LeadAdmin(admin.ModelAdmin):
    """Customers."""

    ordering = ("-id",)
    list_per_page = 50
    list_display = (
        "id", "name_key", "phone1", "phone2", "status", "broker", "broker_phone", "brokerage", "entered_by",
        "expected_visit_at", "consultant", "protect_until",
    )  # fmt: skip
    list_filter = ("status",)
    list_select_related = ("broker__brokerage", "entered_by", "consultant")
    search_fields = ("name_key", "phone1", "broker__name", "broker__phone")

    @admin.display(description="经纪人电话", ordering="broker__phone")
    def broker_phone(self, lead: Any) -> str:
        """Return the phone of the broker."""
        return str(lead.broker.phone)

    @admin.display(description="经纪公司", ordering="broker__brokerage__name")
    def brokerage(self, lead: Any) -> str:
        """Return where the broker works."""
        return str(lead.broker.brokerage)


class LeadWithoutFullCount(Lead):
    """The same rows once more."""

    class Meta:
        """Of the same table."""

        proxy = True
        app_label = "auth"


class LeadWithoutFullCountAdmin(LeadAdmin):
    """Customers, where a search does not count all rows beside those that it finds."""

    show_full_result_count = False


admin.site.register(Lead, LeadAdmin)
admin.site.register(LeadWithoutFullCount, LeadWithoutFullCountAdmin)

urlpatterns = [path("admin/", admin.site.urls)]
application = get_wsgi_application()
