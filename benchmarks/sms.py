"""The SMS provider of the benchmark: it takes codes as Aliyun does, and hands them to their phones."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Provider(ThreadingHTTPServer):
    """A server on loopback that remembers the last code of each phone."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.codes: dict[str, str] = {}
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def settings(self) -> dict[str, str]:
        """What our server's environment says about it."""
        return {
            "LEAD_SMS_PROVIDER": "aliyun",
            "LEAD_SMS_ENDPOINT": f"http://127.0.0.1:{self.server_address[1]}",
            "LEAD_SMS_KEY_ID": "key of the benchmark",
            "LEAD_SMS_KEY_SECRET": "secret of the benchmark",
            "LEAD_SMS_SIGN_NAME": "确客",
            "LEAD_SMS_TEMPLATE": "SMS_1",
        }

    def close(self) -> None:
        """Stop taking codes."""
        self.shutdown()
        self.server_close()


class _Taker(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        """Remember the code of a message."""
        sent = parse_qs(urlsplit(self.path).query)
        self.server.codes[sent["PhoneNumbers"][0]] = json.loads(sent["TemplateParam"][0])["code"]
        answer = json.dumps({"Code": "OK"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""
