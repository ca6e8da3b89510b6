"""Messages between the processes of a worker: JSON behind its length, over a Unix socket."""

from __future__ import annotations

import json
import os
import socket
import struct
import tempfile
import threading
import weakref
from typing import Any, Dict, Iterator

HEAD = struct.Struct("!I")


def frame(message: Dict[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return HEAD.pack(len(body)) + body


class Decoder:
    """Finds the messages in what arrives."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Dict[str, Any]]:
        self._buffer += data
        while len(self._buffer) >= HEAD.size:
            (length,) = HEAD.unpack_from(self._buffer)
            end = HEAD.size + length
            if len(self._buffer) < end:
                return
            message = json.loads(self._buffer[HEAD.size:end])
            del self._buffer[:end]
            yield message


class SharedSender:
    """Sends whole messages, also when threads and forked processes send on the same socket."""

    def __init__(self, to: socket.socket) -> None:
        # Not on Windows, where the rest of the package works.
        import fcntl
        self._lock, self._exclusive, self._unlocked = fcntl.lockf, fcntl.LOCK_EX, fcntl.LOCK_UN
        self._to = to
        self._threads = threading.Lock()
        # A lock of the kernel, which ends with a process that is killed while it holds it.
        self._processes = tempfile.TemporaryFile()
        SENDERS.add(self)

    def send(self, message: Dict[str, Any]) -> None:
        data = frame(message)
        with self._threads:
            self._lock(self._processes, self._exclusive)
            try:
                self._to.sendall(data)
            finally:
                self._lock(self._processes, self._unlocked)

    def forget(self) -> None:
        """A thread that the fork left behind may hold the lock."""
        self._threads = threading.Lock()


SENDERS: weakref.WeakSet[SharedSender] = weakref.WeakSet()


def _forget_all() -> None:
    for sender in list(SENDERS):
        sender.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
