"""The process of a job and its agent, over a socket."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any, Dict, Optional

from ..errors import CallsheetError
from .channel import Decoder, SharedSender
from .interruptions import INTERRUPTIONS


class Link:
    """The socket between the process of a job and the agent."""

    def __init__(self, agent: socket.socket) -> None:
        self._agent = agent
        self._sender = SharedSender(agent)
        self._decoder = Decoder()
        self._owner = os.getpid()
        self._news = threading.Condition()
        self._asked = 0
        self._answers: Dict[int, Optional[str]] = {}
        # Set by the reader, and read by the handler of a signal, which must take no lock.
        self.interruption: Optional[str] = None

    def receive(self) -> Dict[str, Any]:
        """Returns the first message, before `listen`."""
        while True:
            data = self._agent.recv(1 << 20)
            if not data:
                os._exit(70)
            for message in self._decoder.feed(data):
                return message

    def listen(self) -> None:
        threading.Thread(target=self._read, name="callsheet", daemon=True).start()

    def tell(self, message: Dict[str, Any]) -> None:
        """Sends a message that has no answer."""
        self.check()
        self._sender.send(message)

    def ask(self, message: Dict[str, Any]) -> None:
        """Sends a message, and waits until the server has it. Raises what it refused."""
        self.check()
        if os.getpid() != self._owner:
            # Answers are read by the process that the launcher started.
            self._sender.send(message)
            return
        with self._news:
            self._asked += 1
            number = self._asked
        self._sender.send({**message, "number": number})
        with self._news:
            while number not in self._answers:
                self._news.wait()
                self.check()
            error = self._answers.pop(number)
        if error is not None:
            raise CallsheetError("report_refused", None, None, f"the server refused it: {error}")

    def end_with(self, outcome: Dict[str, Any]) -> None:
        """Sends the last message, also from a function that was interrupted."""
        self._sender.send(outcome)

    def check(self) -> None:
        if self.interruption is not None:
            raise INTERRUPTIONS[self.interruption]

    def _read(self) -> None:
        try:
            while True:
                data = self._agent.recv(1 << 16)
                if not data:
                    break
                for message in self._decoder.feed(data):
                    self._hear(message)
        except OSError:
            pass
        # The agent is gone, and with it the lease.
        os.killpg(0, 9)

    def _hear(self, message: Dict[str, Any]) -> None:
        if "interruption" in message:
            self.interruption = message["interruption"]
        with self._news:
            if "number" in message:
                self._answers[message["number"]] = message["error"]
            self._news.notify_all()
