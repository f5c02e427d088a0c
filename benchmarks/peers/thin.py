"""The thinnest Flask view that writes what we write: no session, no token, no rule, no page.

Served by `gunicorn benchmarks.peers.thin:app`, with THIN_DATABASE; each thread keeps a connection of its own,
which is the fastest pool that there can be.
"""

import os
import threading

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from benchmarks.peers.thin_sql import WORKS, Database

app = Flask(__name__)
_own = threading.local()


@app.post("/<work>")
def write(work: str) -> Response:
    """Do one of the works with the fields of the form, and lead on as our view does."""
    if not hasattr(_own, "database"):
        _own.database = Database(os.environ["THIN_DATABASE"])
    done = _own.database.once(WORKS[work], request.form.to_dict())
    return redirect(f"/done/{done}")


@app.get("/")
def ready() -> str:
    """Say that it runs."""
    return "ready"
