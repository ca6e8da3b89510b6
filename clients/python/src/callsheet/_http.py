"""Requests over kept connections, shared by threads and safe after a fork."""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import threading
import weakref
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set

from ._address import DEFAULT_SERVER, Address
from .errors import CallsheetError

# Connections that wait for the next call. More may be open while calls run.
MAX_IDLE = 32


class Response(NamedTuple):
    status: int
    # By their names in small letters.
    headers: Mapping[str, str]
    body: bytes


class BrokenCall(Exception):
    """No answer came. `sent` says whether the server may have received the request."""

    def __init__(self, why: str, sent: bool, lasting: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
        # A retry fares no better, for example because of a certificate.
        self.lasting = lasting


class Transport:
    """Sends requests to one server. Threads may share it; a forked process gets connections of
    its own."""

    def __init__(self, server: Optional[str], api_key: Optional[str], agent: str) -> None:
        self.address = Address(server or os.environ.get("CALLSHEET_SERVER") or DEFAULT_SERVER)
        key = api_key if api_key is not None else os.environ.get("CALLSHEET_API_KEY")
        self._headers = {"Accept": "application/json", "User-Agent": agent}
        if key:
            if not key.isascii() or not key.isprintable() or " " in key:
                message = "the key has characters that no key has: copy it again"
                raise CallsheetError("invalid_key", None, None, message)
            self._headers["Authorization"] = f"Bearer {key}"
        self._tls = ssl.create_default_context() if self.address.secure else None
        self._lock = threading.Lock()
        self._idle: List[http.client.HTTPConnection] = []
        self._busy: Set[http.client.HTTPConnection] = set()
        TRANSPORTS.add(self)

    def exchange(
        self,
        method: str,
        target: str,
        body: Optional[bytes],
        headers: Mapping[str, str],
        timeout: float,
    ) -> Response:
        """Sends a request and reads the whole answer. Raises `BrokenCall` if none comes; `timeout`
        is in seconds, for each wait on the connection."""
        connection = self._take()
        with self._lock:
            self._busy.add(connection)
        try:
            response = self._send(connection, method, target, body, headers, timeout)
            try:
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise BrokenCall(explained(error), True) from error
        except BaseException:
            connection.close()
            raise
        finally:
            with self._lock:
                self._busy.discard(connection)
        if response.will_close:
            connection.close()
        else:
            self._give_back(connection)
        return Response(response.status, headers_of(response), content)

    def open(self, target: str, headers: Mapping[str, str], timeout: float) -> Stream:
        """Sends a GET, and returns its answer while it is still being sent."""
        connection = self._new()
        try:
            response = self._send(connection, "GET", target, None, headers, timeout)
        except BaseException:
            connection.close()
            raise
        return Stream(connection, response)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: Optional[bytes],
        headers: Mapping[str, str],
        timeout: float,
    ) -> http.client.HTTPResponse:
        sent = False
        try:
            connection.timeout = timeout
            if connection.sock is None:
                connection.connect()
            else:
                connection.sock.settimeout(timeout)
            sent = True
            all_headers = {**self._headers, **headers}
            connection.request(method, self.address.base + target, body, all_headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            lasting = isinstance(error, ssl.SSLError)
            raise BrokenCall(explained(error), sent, lasting) from error

    def _take(self) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._new()
            if not is_closed(connection):
                return connection
            connection.close()

    def _new(self) -> http.client.HTTPConnection:
        address = self.address
        if self._tls is None:
            return http.client.HTTPConnection(address.host, address.port)
        return http.client.HTTPSConnection(address.host, address.port, context=self._tls)

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def interrupt(self) -> None:
        """Breaks the calls that wait for an answer in other threads."""
        with self._lock:
            busy = list(self._busy)
        for connection in busy:
            shut_down(connection.sock)

    def __del__(self) -> None:
        for connection in getattr(self, "_idle", []):
            connection.close()

    def forget(self) -> None:
        """Drops the connections of the parent in a forked process. Its lock may be held by a
        thread that the fork left behind."""
        self._lock = threading.Lock()
        self._busy = set()
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


TRANSPORTS: weakref.WeakSet[Transport] = weakref.WeakSet()


def _forget_all() -> None:
    for transport in list(TRANSPORTS):
        transport.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


class Stream:
    """Answer that arrives over time."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._connection = connection
        self._response = response
        # The response takes the socket over if the server closes the connection after it.
        self._socket = connection.sock or getattr(response.fp, "raw", response.fp)
        self.status = response.status
        self.headers = headers_of(response)

    def read_line(self) -> bytes:
        """Returns the next line with its end; empty at the end of the stream."""
        try:
            return self._response.readline()
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            raise BrokenCall(explained(error), True) from error

    def read(self) -> bytes:
        try:
            return self._response.read()
        except (OSError, http.client.HTTPException) as error:
            raise BrokenCall(explained(error), True) from error

    def interrupt(self) -> None:
        """Ends a read that waits in another thread."""
        shut_down(getattr(self._socket, "_sock", self._socket))

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def headers_of(response: http.client.HTTPResponse) -> Dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def shut_down(connected: Any) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except (OSError, AttributeError):
        # It is not connected, or no longer.
        pass


def is_closed(connection: http.client.HTTPConnection) -> bool:
    """Returns whether the server closed a connection that waits: only then there is something to
    read."""
    if connection.sock is None:
        return True
    try:
        poll = select.poll()
        poll.register(connection.sock, select.POLLIN)
        return bool(poll.poll(0))
    except AttributeError:
        return bool(select.select([connection.sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def explained(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted ({error.verify_message})"
        return f"{why}: if it is right, name the file of who signed it in SSL_CERT_FILE"
    if isinstance(error, ssl.SSLError):
        return f"{error.reason or error}: what answers there may not speak TLS; try http://"
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "no answer in time"
    if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        return f"what came is not HTTP ({type(error).__name__})"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__


def content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
