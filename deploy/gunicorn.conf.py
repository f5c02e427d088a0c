"""How gunicorn serves lead_system in production; three settings of its own come from the environment.

    WEB_BIND         address and port, 127.0.0.1:8001 unless given; only nginx may reach it
    WEB_CONCURRENCY  processes, one for each core but at least two and at most eight unless given
    WEB_THREADS      threads of a process, 8 unless given

docs/production.md has them in a table, and docs/settings.md those of the application.
"""

import ctypes
import os
from contextlib import suppress

bind = os.environ.get("WEB_BIND", "127.0.0.1:8001")
workers = int(os.environ.get("WEB_CONCURRENCY") or min(8, max(2, os.cpu_count() or 2)))
threads = int(os.environ.get("WEB_THREADS") or 8)
worker_class = "gthread"
backlog = 512

# The longest honest request is an export of everything. A worker that says nothing for so long is killed.
timeout = 120
# After SIGTERM or SIGHUP, requests in flight have so long to be answered; systemd waits longer.
graceful_timeout = 30
# Longer than nginx keeps an idle connection (20 s), so that it is nginx who hangs up: the other way round a
# request may be sent into a connection that is just being closed.
keepalive = 30

# Each process is made anew now and then, not all at once: what a library forgets to let go stays small.
max_requests = 20_000
max_requests_jitter = 4_000

# No address of ours is longer, and no browser sends more; a list's longest search fits.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190

# Nobody but nginx on this machine may say where a request came from. LEAD_PROXIES says whether the
# application believes it.
forwarded_allow_ips = "127.0.0.1,::1"

# The application writes one line for each request, without anything personal; gunicorn's own would hold
# addresses and visit codes.
accesslog = None
errorlog = "-"
loglevel = "warning"

# The socket by which gunicornc could change a running server: systemd is the one who does.
control_socket_disable = True

# Large pieces of memory go back to the system as soon as they are free. glibc stops that for all of a size
# that was once given back: after the hash of a password, 19 MB, a worker would keep as much for nobody.
_MALLOPT_MMAP_THRESHOLD, _MALLOPT_ARENA_MAX = -3, -8
with suppress(AttributeError):  # Other C libraries have no such habits, and no name for them.
    ctypes.CDLL(None).mallopt(_MALLOPT_MMAP_THRESHOLD, 128 * 1024)
    # Threads take turns at Python anyway: with a pool of memory for each, what one gave back no other uses.
    ctypes.CDLL(None).mallopt(_MALLOPT_ARENA_MAX, 1)
