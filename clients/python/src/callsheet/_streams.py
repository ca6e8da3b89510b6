"""Server-sent events: read message by message, and resumed after a broken connection."""

from __future__ import annotations

import json
import threading
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional

from ._http import BrokenCall, Stream, Transport, content_type
from ._retry import REPEATED, Retries, retry_after
from .errors import CallsheetError, ServerUnavailable

# Seconds without a byte; the server sends a comment every 15 seconds.
SILENCE = 45.0

ENDED = ("completed", "failed", "cancelled")


class Message(NamedTuple):
    """A message of a stream.

    `event` is `snapshot` (the job, or counts of all jobs), `change` (what happened, by its `kind`)
    or `reset` (the reader missed something: a snapshot follows). `data` is its content, and `id`
    the position from which another stream can go on.
    """

    event: str
    data: Dict[str, Any]
    id: Optional[str]


class Reader(Iterator[Message]):
    """The messages of a stream over as many connections as it takes."""

    def __init__(
        self,
        transport: Transport,
        target: str,
        after: Optional[str],
        is_endless: bool,
        retries: Callable[[], Retries],
        fail: Callable[[int, Mapping[str, str], bytes], CallsheetError],
    ) -> None:
        self._transport = transport
        self._target = target
        self._is_endless = is_endless
        self._fail = fail
        self._new_retries = retries
        self._retries = retries()
        self.last_id = after
        self._lock = threading.Lock()
        self._stream: Optional[Stream] = None
        self._closed = False
        self._has_ended = False

    def __iter__(self) -> Reader:
        return self

    def __next__(self) -> Message:
        while not self._closed:
            try:
                if self._stream is None and not self._open():
                    break
                message = self._read()
            except BrokenCall as broken:
                self.drop()
                if self._closed:
                    break
                if broken.lasting or not self._retries.wait():
                    raise self._unavailable(broken.why) from broken
                continue
            if message is not None:
                self._retries = self._new_retries()
                return message
            self.drop()
            if self._has_ended:
                break
            # A server that stops ends its streams too.
            if not self._closed and not self._retries.wait():
                raise self._unavailable("the stream ends again and again")
        self._closed = True
        self.drop()
        raise StopIteration

    def close(self) -> None:
        """Ends the stream; a `next` that waits in another thread ends too."""
        self._closed = True
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.interrupt()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.drop()

    def __del__(self) -> None:
        if hasattr(self, "_stream"):
            self.drop()

    def _open(self) -> bool:
        """Opens a connection. Returns False if the stream has ended."""
        headers = {"Accept": "text/event-stream, application/problem+json"}
        if self.last_id is not None:
            headers["Last-Event-ID"] = self.last_id
        while True:
            stream = self._transport.open(self._target, headers, SILENCE)
            if stream.status == 200 and content_type(stream.headers) == "text/event-stream":
                with self._lock:
                    self._stream = stream
                if self._closed:
                    stream.interrupt()
                return True
            status, body = stream.status, stream.read()
            stream.close()
            if status == 204:
                return False
            is_refused = status in REPEATED
            if not is_refused or not self._retries.wait(retry_after(stream.headers)):
                raise self._fail(status, stream.headers, body)

    def _read(self) -> Optional[Message]:
        """Returns the next message, or None at the end of the connection."""
        assert self._stream is not None
        event = "message"
        identity: Optional[str] = None
        data: List[str] = []
        while True:
            line = self._stream.read_line()
            if not line.endswith(b"\n"):
                return None
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not text:
                if data:
                    return self._message(event, identity, "\n".join(data))
                event, identity = "message", None
                continue
            name, _, value = text.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if name == "event":
                event = value
            elif name == "data":
                data.append(value)
            elif name == "id" and "\0" not in value:
                identity = value

    def _message(self, event: str, identity: Optional[str], data: str) -> Message:
        if identity:
            self.last_id = identity
        try:
            content = json.loads(data)
        except ValueError:
            raise BrokenCall("a message is not JSON", True) from None
        self._has_ended = not self._is_endless and content.get("status") in ENDED
        return Message(event, content, self.last_id)

    def drop(self) -> None:
        """Closes the connection; not while another thread reads."""
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _unavailable(self, why: str) -> ServerUnavailable:
        message = f"the stream of {self._transport.address} broke and could not be resumed: {why}"
        return ServerUnavailable("server_unavailable", None, None, message)
