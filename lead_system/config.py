"""Settings from the environment, typed; a wrong or missing one stops the server with its name."""

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_FOLDER = Path(__file__).resolve().parent.parent


class SmsProvider(StrEnum):
    """Who carries sign-in codes to phones; nobody does in the demonstration, which shows them on the page."""

    NONE = ""
    ALIYUN = "aliyun"
    TENCENT = "tencent"


_NEEDED_BY: dict[SmsProvider, tuple[str, ...]] = {
    SmsProvider.NONE: (),
    SmsProvider.ALIYUN: ("sms_key_id", "sms_key_secret", "sms_sign_name", "sms_template"),
    SmsProvider.TENCENT: ("sms_key_id", "sms_key_secret", "sms_sign_name", "sms_template", "sms_app_id"),
}
"""What each provider cannot send without."""

_ENDPOINTS: dict[SmsProvider, str] = {
    SmsProvider.NONE: "",
    SmsProvider.ALIYUN: "https://dysmsapi.aliyuncs.com",
    SmsProvider.TENCENT: "https://sms.tencentcloudapi.com",
}


class LogLevel(StrEnum):
    """How much the server writes to its log."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


_LOOPBACK = ("localhost", "127.0.0.1")


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

    sms_provider: SmsProvider = SmsProvider.NONE
    """Who sends sign-in codes: aliyun or tencent. The demonstration shows them on the page instead."""

    sms_key_id: str = ""
    """The provider's name for our key: AccessKeyId at Aliyun, SecretId at Tencent Cloud."""

    sms_key_secret: SecretStr = SecretStr("")
    """The key with which requests to the provider are signed."""

    sms_sign_name: str = ""
    """The signature in front of each message, as the provider has approved it."""

    sms_template: str = ""
    """The approved template; its only parameter is the code, which Aliyun calls `code`."""

    sms_app_id: str = ""
    """SmsSdkAppId, for Tencent Cloud only."""

    sms_region: str = "ap-guangzhou"
    """Region of the account, for Tencent Cloud only."""

    sms_endpoint: str = ""
    """Address of the provider; its public one where it is blank."""

    wechat_app_id: str = ""
    """The WeChat official account; blank where people do not sign in by WeChat."""

    wechat_app_secret: SecretStr = SecretStr("")
    """Its secret; given together with the app id or not at all."""

    wechat_api_url: str = "https://api.weixin.qq.com"
    """Where WeChat answers servers."""

    wechat_open_url: str = "https://open.weixin.qq.com"
    """Where WeChat asks people whether they allow the sign-in."""

    wechat_picture_origins: str = "https://thirdwx.qlogo.cn,https://wx.qlogo.cn"
    """The only places from which avatars are fetched, parted by commas."""

    require_second_factor: bool = False
    """Whether nothing of the back office opens before an authenticator app is set up for the account."""

    outside_timeout_seconds: float = Field(default=5, gt=0, le=5)
    """How long the server waits for an SMS provider or WeChat."""

    proxies: int = Field(default=0, ge=0, le=5)
    """How many reverse proxies stand before the server, each of which adds to X-Forwarded-For."""

    public_url: str = "http://127.0.0.1:8000"
    """Address under which phones reach the server; it is printed inside visit codes.

    Where it begins with https://, cookies and browsers are bound to HTTPS; without the demonstration it must.
    """

    hosts: str = ""
    """Further host names by which the server may be called, parted by commas; others are refused."""

    requests_per_minute: int = Field(default=600, ge=0)
    """How many requests one signed-in browser may send a minute; strangers of one address together five times
    as many. 0 turns all such limits off."""

    log_level: LogLevel = LogLevel.INFO
    """From which level on the server writes to its log; at INFO it writes one line for each request."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'leads.sqlite3'}"
        if not self.demo and not self.sms_provider:
            raise ValueError(
                "LEAD_SMS_PROVIDER is missing: brokers sign in with a code sent by SMS. "
                "Set LEAD_DEMO=1 for a demonstration, which shows the code on the page."
            )
        for name in _NEEDED_BY[self.sms_provider]:
            self._require(name, f"LEAD_SMS_PROVIDER={self.sms_provider.value}")
        if self.wechat_app_id or self.wechat_app_secret.get_secret_value():
            self._require("wechat_app_id", "LEAD_WECHAT_APP_SECRET")
            self._require("wechat_app_secret", "LEAD_WECHAT_APP_ID")
        self.sms_endpoint = (self.sms_endpoint or _ENDPOINTS[self.sms_provider]).rstrip("/")
        self.public_url = self.public_url.rstrip("/")
        self._require_address()
        return self

    def _require_address(self) -> None:
        """Refuse a public address that is none, or that people's data would travel to in the open."""
        if urlsplit(self.public_url).scheme not in ("http", "https") or not self.public_host:
            raise ValueError("LEAD_PUBLIC_URL must be an address such as https://sales.example.com.")
        if not (self.demo or self.is_https or self.public_host in _LOOPBACK):
            raise ValueError("LEAD_PUBLIC_URL must begin with https://: passwords and names travel there.")

    def _require(self, name: str, because: str) -> None:
        value = getattr(self, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            raise ValueError(f"LEAD_{name.upper()} is missing: {because} needs it.")

    @property
    def is_https(self) -> bool:
        """Whether phones reach the server over TLS, so that nothing needs to work without it."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """The host name in the public address, without a port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def trusted_hosts(self) -> list[str]:
        """The host names by which the server may be called; in the demonstration also this machine's own."""
        named = [self.public_host, *(name.strip() for name in self.hosts.split(",") if name.strip())]
        is_local = self.demo or self.public_host in _LOOPBACK
        return [*named, *(_LOOPBACK if is_local else ())]

    @property
    def shows_codes(self) -> bool:
        """Whether sign-in codes stand on the page instead of being sent: only ever in the demonstration."""
        return self.demo and self.sms_provider is SmsProvider.NONE


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
