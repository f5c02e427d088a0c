"""The server starts with settings that make sense, or says which one does not."""

import msgspec
import pytest

from lead_system.config import settings_from_environment

GOOD = {"LEAD_SECRET_KEY": "x" * 40, "LEAD_DEMO": "1"}
KEY = {
    "LEAD_SMS_KEY_ID": "key",
    "LEAD_SMS_KEY_SECRET": "tooshortsecret",
    "LEAD_SMS_SIGN_NAME": "确客",
    "LEAD_SMS_TEMPLATE": "SMS_1",
}
ALIYUN = KEY | {"LEAD_SMS_PROVIDER": "aliyun", "LEAD_DEMO": "0"}
TENCENT = KEY | {"LEAD_SMS_PROVIDER": "tencent", "LEAD_SMS_APP_ID": "1400", "LEAD_DEMO": "0"}
WECHAT = {"LEAD_WECHAT_APP_ID": "wx1", "LEAD_WECHAT_APP_SECRET": "tooshortsecret"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"LEAD_SECRET_KEY": None}, "LEAD_SECRET_KEY"),
        ({"LEAD_SECRET_KEY": "tooshortsecret"}, "LEAD_SECRET_KEY"),
        ({"LEAD_DEMO": None}, "LEAD_SMS_PROVIDER"),
        ({"LEAD_DEMO": "0"}, "LEAD_SMS_PROVIDER"),
        ({"LEAD_DEMO": "perhaps"}, "LEAD_DEMO"),
        ({"LEAD_SMS_PROVIDER": "pigeon"}, "LEAD_SMS_PROVIDER"),
        *((ALIYUN | {name: None}, name) for name in KEY),
        *((TENCENT | {name: ""}, name) for name in (*KEY, "LEAD_SMS_APP_ID")),
        *((WECHAT | {name: None}, name) for name in WECHAT),
        ({"LEAD_OUTSIDE_TIMEOUT_SECONDS": "6"}, "LEAD_OUTSIDE_TIMEOUT_SECONDS"),
        ({"LEAD_OUTSIDE_TIMEOUT_SECONDS": "0"}, "LEAD_OUTSIDE_TIMEOUT_SECONDS"),
        ({"LEAD_PROXIES": "-1"}, "LEAD_PROXIES"),
        ({"LEAD_PUBLIC_URL": "sales.example.com"}, "LEAD_PUBLIC_URL"),
        ({"LEAD_PUBLIC_URL": "ftp://sales.example.com"}, "LEAD_PUBLIC_URL"),
        ({"LEAD_PUBLIC_URL": "https://"}, "LEAD_PUBLIC_URL"),
        ({"LEAD_PUBLIC_URL": "https://[::1"}, "LEAD_PUBLIC_URL"),
        (ALIYUN | {"LEAD_PUBLIC_URL": "http://sales.example.com"}, "LEAD_PUBLIC_URL"),
        ({"LEAD_LOG_LEVEL": "CHATTY"}, "LEAD_LOG_LEVEL"),
    ],
)
def test_wrong_setting_stops_the_server_by_name_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str | None], names: str
) -> None:
    for name, value in (GOOD | change).items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name, raising=False)

    with pytest.raises(SystemExit) as stopped:
        settings_from_environment()

    assert names in str(stopped.value)
    assert "tooshortsecret" not in str(stopped.value)


def test_everything_wrong_is_said_at_once_and_nothing_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"SECRET_KEY": "tooshort", "DEMO": "perhaps", "SMS_PROVIDER": "pigeon", "PROXIES": "many",
             "REQUESTS_PER_MINUTE": "-77", "LOG_LEVEL": "CHATTY"}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"LEAD_{name}", value)

    with pytest.raises(SystemExit) as stopped:
        settings_from_environment()

    said = str(stopped.value)
    assert sorted(said.splitlines()) == [
        "LEAD_DEMO: must be 1 or 0.",
        "LEAD_LOG_LEVEL: must be one of INFO, WARNING, ERROR.",
        "LEAD_PROXIES: Expected `int`.",
        "LEAD_REQUESTS_PER_MINUTE: Expected `int` >= 0.",
        "LEAD_SECRET_KEY: must have at least 32 characters.",
        "LEAD_SMS_PROVIDER: must be one of aliyun, tencent.",
    ]


def test_settings_that_are_missing_together_are_said_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (GOOD | ALIYUN | {"LEAD_PUBLIC_URL": "ftp://x"}).items():
        monkeypatch.setenv(name, value) if name not in KEY else monkeypatch.delenv(name, raising=False)

    with pytest.raises(SystemExit) as stopped:
        settings_from_environment()

    assert [line.split()[0] for line in str(stopped.value).splitlines()] == [*KEY, "LEAD_PUBLIC_URL"]


def test_secret_is_told_to_who_asks_by_name_and_printed_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (GOOD | ALIYUN | {"LEAD_PUBLIC_URL": "https://sales.example.com"}).items():
        monkeypatch.setenv(name, value)
    settings = settings_from_environment()
    secret = settings.sms_key_secret

    for printed in (f"{secret}", f"{secret!r}", f"{settings}", str(msgspec.structs.asdict(settings))):
        assert "tooshortsecret" not in printed
    assert secret.get_secret_value() == "tooshortsecret"
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)


def test_demo_needs_a_secret_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)

    settings = settings_from_environment()

    assert settings.demo
    assert settings.database_url.endswith("instance/leads.sqlite3")


@pytest.mark.parametrize(
    ("provider", "endpoint"),
    [(ALIYUN, "https://dysmsapi.aliyuncs.com"), (TENCENT, "https://sms.tencentcloudapi.com")],
    ids=["aliyun", "tencent"],
)
def test_provider_of_sms_starts_the_server_without_the_demonstration(
    monkeypatch: pytest.MonkeyPatch, provider: dict[str, str], endpoint: str
) -> None:
    for name, value in (GOOD | provider).items():
        monkeypatch.setenv(name, value)

    settings = settings_from_environment()

    assert (settings.sms_endpoint, settings.shows_codes) == (endpoint, False)


def test_codes_stand_on_the_page_only_where_nobody_sends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (GOOD | ALIYUN | {"LEAD_DEMO": "1"}).items():
        monkeypatch.setenv(name, value)
    assert not settings_from_environment().shows_codes

    monkeypatch.setenv("LEAD_SMS_PROVIDER", "")
    assert settings_from_environment().shows_codes


@pytest.mark.parametrize(
    ("given", "is_https", "hosts"),
    [
        (ALIYUN | {"LEAD_PUBLIC_URL": "https://sales.example.com/"}, True, ["sales.example.com"]),
        (
            ALIYUN
            | {"LEAD_PUBLIC_URL": "https://sales.example.com:8443", "LEAD_HOSTS": "a.example, 10.0.0.7 ,"},
            True,
            ["sales.example.com", "a.example", "10.0.0.7"],
        ),
        (ALIYUN | {"LEAD_PUBLIC_URL": "http://127.0.0.1:8000"}, False, ["127.0.0.1", "localhost"]),
        ({"LEAD_PUBLIC_URL": "http://192.168.0.9"}, False, ["192.168.0.9", "localhost", "127.0.0.1"]),
    ],
)
def test_public_address_says_whether_there_is_tls_and_which_hosts_are_ours(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], hosts: list[str], *, is_https: bool
) -> None:
    for name, value in (GOOD | given).items():
        monkeypatch.setenv(name, value)

    settings = settings_from_environment()

    assert settings.is_https is is_https
    assert set(settings.trusted_hosts) == set(hosts)
