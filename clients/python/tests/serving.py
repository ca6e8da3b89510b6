"""A served binary on a database of its own."""

from __future__ import annotations

import os
import pathlib
import re
import secrets
import subprocess
import threading
import urllib.parse
from typing import Any, Dict, List, Optional

import pg8000.native

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("CALLSHEET_TEST_BINARY") or str(ROOT / "target/debug/callsheet")


def environment(**more: str) -> Dict[str, str]:
    """The environment without the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLSHEET_")}
    return {**kept, **more}


class Server:
    """`callsheet serve` on a loopback port."""

    def __init__(self, database: str, *arguments: str, listen: str = "127.0.0.1:0") -> None:
        command = [BINARY, "serve", "--listen", listen, "--database-url", database, *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=environment(),
        )
        self.lines: List[str] = []
        self.url = self._address()
        # The pipe is read all the time, so that it never fills.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                return found.group(0)
        raise AssertionError("".join(self.lines))

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(output)

    @property
    def listen(self) -> str:
        return self.url[len("http://"):]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(180)
        self._reader.join(180)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(180)
        self._reader.join(180)


class Database:
    """A database of its own, and its servers."""

    def __init__(self, kind: str, folder: pathlib.Path) -> None:
        self.kind = kind
        self.name = f"python_{secrets.token_hex(6)}"
        self.url = f"sqlite://{folder}/{self.name}.db"
        if kind == "postgres":
            self.admin = os.environ["CALLSHEET_TEST_POSTGRES_URL"]
            self.url = urllib.parse.urlsplit(self.admin)._replace(path=f"/{self.name}").geturl()
            self._administer(f"CREATE DATABASE {self.name}")
        self.servers: List[Server] = []

    def serve(self, *arguments: str, listen: Optional[str] = None) -> Server:
        server = Server(self.url, *arguments, listen=listen or "127.0.0.1:0")
        self.servers.append(server)
        return server

    def remove(self) -> None:
        for server in self.servers:
            if server.process.poll() is None:
                server.kill()
        if self.kind == "postgres":
            self._administer(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        parts = urllib.parse.urlsplit(self.admin)
        settings: Dict[str, Any] = {"host": parts.hostname, "port": parts.port}
        connection = pg8000.native.Connection(
            parts.username or "postgres", password=parts.password,
            database=parts.path.lstrip("/") or "postgres", **settings,
        )
        connection.run(statement)
        connection.close()
