"""Settings from the environment, typed; a wrong or missing one stops the server with its name."""

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

import msgspec

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


class Secret:
    """A text that is told only to who asks for it by name; neither a log nor an error page prints it."""

    at_least: ClassVar[int] = 0
    """How many characters it must have."""

    def __init__(self, value: str) -> None:
        """Keep a text.

        Raises:
            ValueError: it is too short; the sentence does not hold it.
        """
        if len(value) < self.at_least:
            raise ValueError(f"must have at least {self.at_least} characters")
        self._value = value

    def get_secret_value(self) -> str:
        """Return the text itself."""
        return self._value

    def __bool__(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self._value)

    def __repr__(self) -> str:
        """Say that there is one, and nothing of it, not even how long it is."""
        return "Secret(…)"


class SigningKey(Secret):
    """A secret by which we sign: nobody may guess it."""

    at_least = 32


class Settings(msgspec.Struct, kw_only=True):
    """Everything that differs between one installation and another; each is read from LEAD_<NAME>."""

    data_dir: Path = PROJECT_FOLDER / "instance"
    """Folder of the SQLite file; uploaded pictures lie in the database."""

    database_url: str = ""
    """SQLAlchemy address of the database; a SQLite file in `data_dir` where it is blank."""

    secret_key: SigningKey
    """Signs sessions and form tokens; at least 32 characters."""

    demo: bool = False
    """A demonstration with made-up people: known passwords exist and sign-in codes are shown on the page."""

    sms_provider: SmsProvider = SmsProvider.NONE
    """Who sends sign-in codes: aliyun or tencent. The demonstration shows them on the page instead."""

    sms_key_id: str = ""
    """The provider's name for our key: AccessKeyId at Aliyun, SecretId at Tencent Cloud."""

    sms_key_secret: Secret = Secret("")
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

    wechat_app_secret: Secret = Secret("")
    """Its secret; given together with the app id or not at all."""

    wechat_api_url: str = "https://api.weixin.qq.com"
    """Where WeChat answers servers."""

    wechat_open_url: str = "https://open.weixin.qq.com"
    """Where WeChat asks people whether they allow the sign-in."""

    wechat_picture_origins: str = "https://thirdwx.qlogo.cn,https://wx.qlogo.cn"
    """The only places from which avatars are fetched, parted by commas."""

    require_second_factor: bool = False
    """Whether nothing of the back office opens before an authenticator app is set up for the account."""

    outside_timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=5)] = 5
    """How long the server waits for an SMS provider or WeChat."""

    proxies: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    """How many reverse proxies stand before the server, each of which adds to X-Forwarded-For."""

    public_url: str = "http://127.0.0.1:8000"
    """Address under which phones reach the server; it is printed inside visit codes.

    Where it begins with https://, cookies and browsers are bound to HTTPS; without the demonstration it must.
    """

    hosts: str = ""
    """Further host names by which the server may be called, parted by commas; others are refused."""

    requests_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 600
    """How many requests one signed-in browser may send a minute; strangers of one address together five times
    as many. 0 turns all such limits off."""

    log_level: LogLevel = LogLevel.INFO
    """From which level on the server writes to its log; at INFO it writes one line for each request."""

    def __post_init__(self) -> None:
        """Fill in what follows from other settings.

        Raises:
            ValueError: settings do not fit together, in a sentence for each that is missing or wrong.
        """
        self.database_url = self.database_url or f"sqlite:///{self.data_dir / 'leads.sqlite3'}"
        self.sms_endpoint = (self.sms_endpoint or _ENDPOINTS[self.sms_provider]).rstrip("/")
        self.public_url = self.public_url.rstrip("/")
        complaints = [*self._missing(), *self._wrong_address()]
        if complaints:
            raise ValueError("\n".join(complaints))

    def _missing(self) -> Iterator[str]:
        if not self.demo and not self.sms_provider:
            yield (
                "LEAD_SMS_PROVIDER is missing: brokers sign in with a code sent by SMS. "
                "Set LEAD_DEMO=1 for a demonstration, which shows the code on the page."
            )
        needed = dict.fromkeys(_NEEDED_BY[self.sms_provider], f"LEAD_SMS_PROVIDER={self.sms_provider.value}")
        if self.wechat_app_id or self.wechat_app_secret:
            needed |= {"wechat_app_id": "LEAD_WECHAT_APP_SECRET", "wechat_app_secret": "LEAD_WECHAT_APP_ID"}
        for name, because in needed.items():
            if not getattr(self, name):
                yield f"LEAD_{name.upper()} is missing: {because} needs it."

    def _wrong_address(self) -> Iterator[str]:
        """Refuse a public address that is none, or that people's data would travel to in the open."""
        if not _is_address(self.public_url):
            yield "LEAD_PUBLIC_URL must be an address such as https://sales.example.com."
        elif not (self.demo or self.is_https or self.public_host in _LOOPBACK):
            yield "LEAD_PUBLIC_URL must begin with https://: passwords and names travel there."

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


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # Brackets that are not closed, and the like.
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def settings_from_environment() -> Settings:
    """Read the settings, or stop the server with a sentence that names each wrong one and shows none of them.

    Raises:
        SystemExit: a setting is missing or wrong.
    """
    complaints = []
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        name = f"LEAD_{field.name.upper()}"
        try:
            if name in os.environ:
                values[field.name] = _value(os.environ[name], field.type)
            elif field.required:
                complaints.append(f"{name} is missing.")
        except ValueError as error:
            complaints.append(f"{name}: {error}.")
    if not complaints:
        try:
            return Settings(**values)
        except ValueError as error:
            complaints = [str(error)]
    raise SystemExit("\n".join(complaints))


def _value(text: str, kind: Any) -> Any:
    """Return what a text of the environment means.

    Raises:
        ValueError: it is nothing of the kind, in words that do not hold it: it may be a secret.
    """
    try:
        return msgspec.convert(text, kind, strict=False, dec_hook=lambda ours, given: ours(given))
    except msgspec.ValidationError as error:
        raise ValueError(_wanted(kind) or str(error).removesuffix(", got `str`")) from None


def _wanted(kind: Any) -> str:
    """Say what a setting must be where the library's own words repeat the text, or do not help."""
    if kind is bool:
        return "must be 1 or 0"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"must be one of {', '.join(filter(None, kind))}"
    return ""
