"""Settings from the environment, typed; a wrong or missing one stops the server with its name."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_FOLDER = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that differs between one installation and another; each is read from LEAD_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="LEAD_", extra="forbid")

    data_dir: Path = PROJECT_FOLDER / "instance"
    """Folder of the SQLite file; uploaded pictures lie in the database."""

    database_url: str = ""
    """SQLAlchemy address of the database; a SQLite file in `data_dir` where it is blank."""

    secret_key: SecretStr = Field(min_length=32)
    """Signs sessions and form tokens; at least 32 characters."""

    demo: bool = False
    """A demonstration with made-up people: known passwords exist and sign-in codes are shown on the page."""

    sms_provider: str = ""
    """Who sends sign-in codes. The demonstration shows them on the page instead."""

    public_url: str = "http://127.0.0.1:8000"
    """Address under which phones reach the server; it is printed inside visit codes."""

    secure_cookies: bool = False
    """Send cookies over HTTPS only; to be on wherever TLS is."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'leads.sqlite3'}"
        if not self.demo and not self.sms_provider:
            raise ValueError(
                "LEAD_SMS_PROVIDER is missing: brokers sign in with a code sent by SMS. "
                "Set LEAD_DEMO=1 for a demonstration, which shows the code on the page."
            )
        if self.sms_provider:
            raise ValueError(
                f"LEAD_SMS_PROVIDER={self.sms_provider!r} is not known: there is no SMS provider yet, "
                "only the demonstration (LEAD_DEMO=1)."
            )
        self.public_url = self.public_url.rstrip("/")
        return self


def settings_from_environment() -> Settings:
    """Read the settings, or stop the server with a sentence that names each wrong one and shows none of them.

    Raises:
        SystemExit: a setting is missing or wrong.
    """
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        raise SystemExit("\n".join(_complaint(details) for details in error.errors())) from None


def _complaint(details: ErrorDetails) -> str:
    """Name the setting and what is wrong with it; its value may be a secret."""
    name = "LEAD_" + "_".join(str(part) for part in details["loc"]).upper() if details["loc"] else ""
    message = details["msg"].removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
