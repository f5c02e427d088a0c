"""Who carries sign-in codes to phones, as the settings say."""

from datetime import datetime
from typing import Protocol

from lead_system.config import Settings, SmsProvider
from lead_system.outside.aliyun import AliyunSms
from lead_system.outside.tencent import TencentSms


class CodeSender(Protocol):
    """Whoever carries a sign-in code to a phone."""

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        """Send the code to the phone, once.

        Raises:
            OutsideFailed: it is not on its way, as far as anybody can tell.
        """


class ShownOnThePage:
    """The demonstration's carrier: it sends nothing, because the next page shows the code."""

    def send(self, phone: str, code: str, *, now: datetime) -> None:
        """Send nothing."""


def code_sender(settings: Settings) -> CodeSender:
    """Return who carries codes; the settings hold all that it needs, or the server would not have started."""
    secret, timeout = settings.sms_key_secret.get_secret_value(), settings.outside_timeout_seconds
    if settings.sms_provider is SmsProvider.ALIYUN:
        return AliyunSms(
            key_id=settings.sms_key_id,
            key_secret=secret,
            sign_name=settings.sms_sign_name,
            template=settings.sms_template,
            endpoint=settings.sms_endpoint,
            timeout=timeout,
        )
    if settings.sms_provider is SmsProvider.TENCENT:
        return TencentSms(
            key_id=settings.sms_key_id,
            key_secret=secret,
            app_id=settings.sms_app_id,
            sign_name=settings.sms_sign_name,
            template=settings.sms_template,
            region=settings.sms_region,
            endpoint=settings.sms_endpoint,
            timeout=timeout,
        )
    return ShownOnThePage()
