"""The server's secret, as services are given it."""

from flask import current_app


def server_secret() -> str:
    """Return the key from which codes and the names of what is counted are derived."""
    return str(current_app.config["SECRET_KEY"])
