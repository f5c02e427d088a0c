"""The server starts with settings that make sense, or says which one does not."""

import pytest

from lead_system.config import settings_from_environment

GOOD = {"LEAD_SECRET_KEY": "x" * 40, "LEAD_DEMO": "1"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"LEAD_SECRET_KEY": None}, "LEAD_SECRET_KEY"),
        ({"LEAD_SECRET_KEY": "tooshortsecret"}, "LEAD_SECRET_KEY"),
        ({"LEAD_DEMO": None}, "LEAD_SMS_PROVIDER"),
        ({"LEAD_DEMO": "0"}, "LEAD_SMS_PROVIDER"),
        ({"LEAD_DEMO": "perhaps"}, "LEAD_DEMO"),
        ({"LEAD_SMS_PROVIDER": "pigeon"}, "LEAD_SMS_PROVIDER"),
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


def test_demo_needs_a_secret_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)

    settings = settings_from_environment()

    assert settings.demo
    assert settings.database_url.endswith("instance/leads.sqlite3")
