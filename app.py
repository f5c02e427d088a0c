"""The WSGI application."""

import gc

# What is made while starting stays: nothing is gained by looking through it again and again for what may go.
gc.disable()

from lead_system.application import create_app  # noqa: E402

app = create_app()

gc.freeze()
gc.enable()
