"""The one place where the parts meet."""

from collections.abc import Callable
from typing import Any

from flask import Flask, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from lead_system import models  # noqa: F401 - migrations compare against the tables
from lead_system.admin_views.back_office import init_back_office
from lead_system.cli import init_commands
from lead_system.clock import now
from lead_system.config import PROJECT_FOLDER, Settings, settings_from_environment
from lead_system.domain.sessions import OUTSIDER_LIMITS
from lead_system.extensions import csrf, db, engine_options, login_manager
from lead_system.mobile import init_mobile
from lead_system.web.access import init_access, public
from lead_system.web.addresses import AddressingFlask, init_addresses
from lead_system.web.assets import init_assets, static_address
from lead_system.web.confirming import init_confirming
from lead_system.web.cookies import cookie_name
from lead_system.web.errors import init_errors, init_host_check
from lead_system.web.filters import init_filters
from lead_system.web.forms import fresh_request_id
from lead_system.web.headers import init_headers
from lead_system.web.health import init_health
from lead_system.web.illustrations import init_illustrations
from lead_system.web.language import init_language
from lead_system.web.limits import init_limits
from lead_system.web.logs import QuietFlask, init_logs
from lead_system.web.maps import init_maps
from lead_system.web.rich_text import init_rich_text
from lead_system.web.sizes import init_sizes
from lead_system.web.slip_checking import init_slip_checking
from lead_system.web.templates import PlainEnvironment
from lead_system.web.theme import init_theme
from lead_system.web.verifying import init_verifying


class Application(QuietFlask, AddressingFlask):
    """The Flask that everything is registered with."""

    jinja_environment = PlainEnvironment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is: none is asynchronous, and Flask would look at twenty each time."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; settings come from the environment unless they are given.

    Raises:
        SystemExit: a setting is missing or wrong; the message names it.
    """
    settings = settings or settings_from_environment()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    package = PROJECT_FOLDER / "lead_system"
    app = Application(
        "lead_system",
        root_path=str(package),
        static_url_path=static_address(package / "static"),
        template_folder="../templates",
    )
    app.config.update(_flask_config(settings))
    if settings.proxies:
        # Where requests come from is what the last proxy says, not the proxy; anybody can write more.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0)  # type: ignore[method-assign]
    app.extensions["settings"] = settings
    init_logs(app)
    init_host_check(app)
    init_sizes(app)
    init_limits(app)
    db.init_app(app)
    login_manager.init_app(app)
    csrf.init_app(app)
    for init in (
        init_addresses,
        init_language,
        init_access,
        init_confirming,
        init_errors,
        init_filters,
        init_headers,
        init_theme,
        init_health,
        init_assets,
        init_illustrations,
        init_maps,
        init_rich_text,
        init_verifying,
        init_slip_checking,
        init_commands,
    ):
        init(app)
    app.jinja_env.globals.update(
        is_demo=settings.demo, fresh_request_id=fresh_request_id, now=now, current_user=current_user
    )
    app.add_url_rule("/", "start", _start)
    init_mobile(app)
    init_back_office(app)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "PERMANENT_SESSION_LIFETIME": OUTSIDER_LIMITS.absolute,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_NAME": cookie_name("session", is_https=settings.is_https),
        "SESSION_PROTECTION": None,
        # Else the answer to a request from before the session was renewed would bring the old one back.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "TRUSTED_HOSTS": settings.trusted_hosts,
        "WTF_CSRF_TIME_LIMIT": None,
        "TEMPLATES_AUTO_RELOAD": False,
    }


@public("the bare address leads to the face that fits")
def _start() -> ResponseReturnValue:
    """Send people of the back office there, and everybody else to the phone pages."""
    is_office = current_user.is_authenticated and current_user.is_back_office
    return redirect(url_for("admin.index") if is_office else "/m/")
