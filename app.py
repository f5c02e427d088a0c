"""The WSGI application."""

from lead_system.application import create_app

app = create_app()
