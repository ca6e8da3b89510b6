"""A server that answers as a test says."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple


class Request(NamedTuple):
    method: str
    target: str
    headers: Dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    type: str = "application/json"
    headers: Tuple[Tuple[str, str], ...] = ()


# Instead of an answer: the connection breaks.
BREAK = Answer(0)


def problem(status: int, code: str, detail: str = "No.", **headers: str) -> Answer:
    body = json.dumps({"code": code, "detail": detail, "status": status}).encode()
    return Answer(status, body, "application/problem+json", tuple(headers.items()))


def success(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode())


class FakeServer:
    """Answers with the given answers in turn, and the last of them from then on."""

    def __init__(
        self, *answers: Answer, answer: Optional[Callable[[Request], Answer]] = None
    ) -> None:
        self.requests: List[Request] = []
        self.answers = list(answers)
        self.lock = threading.Lock()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    # A client that was killed.
                    pass

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                names = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(length)
                request = Request(self.command, self.path, names, body)
                with fake.lock:
                    fake.requests.append(request)
                    given = answer(request) if answer else fake.next()
                if given is BREAK:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(given.status)
                for name, value in given.headers:
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Type", given.type)
                self.send_header("Content-Length", str(len(given.body)))
                self.end_headers()
                self.wfile.write(given.body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
