"""One job in the agent, from the claim to the outcome, in a thread of its own."""

from __future__ import annotations

import os
import queue
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, Optional

from .api import CallFailed, Claim, LeaseGone, Misdirected, Rejected
from .channel import Decoder, frame
from .delivery import Delivery, Ended, decide, not_ours
from .lease import Backoff, Lease
from .obstruction import Obstruction
from .reports import REPORT_INTERVAL, Batch, Reports

if TYPE_CHECKING:
    from .agent import Agent

# Seconds that a process has after the lease was lost: another worker may have the job.
LOST_GRACE = 2.0

# Maximum seconds of one wait for news.
MAX_WAIT = 3600.0


class Attempt:
    def __init__(self, agent: Agent, claim: Claim, number: int, function: int) -> None:
        self.agent = agent
        self.claim = claim
        self.number = number
        self.function = function
        self.pid: Optional[int] = None
        self._lease = Lease(agent, claim, number, lambda: self.interrupt("cancelled"))
        self._reports = Reports(claim.max_body_bytes)
        self._obstruction = Obstruction(self._lease.seconds)
        self._backoff = Backoff(self._lease.seconds / 3)
        self._decoder = Decoder()
        self._events: queue.SimpleQueue[Dict[str, Any]] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._ours, self._theirs = socket.socketpair()
        self._woken, self._wake = socket.socketpair()
        self._reason: Optional[str] = None
        self._lost: Optional[str] = None
        self._said: Optional[Dict[str, Any]] = None
        self._ended: Optional[Ended] = None
        self._beaten = time.monotonic()
        self._beat_at = self._beaten + self._lease.seconds / 3

    def run(self) -> None:
        self.agent.say(f"{self.claim.id} begins, attempt {self.claim.job.get('attempt')}")
        begun = time.monotonic()
        try:
            if not self.agent.is_stopping:
                self._start()
                self._watch()
                self._flush()
            outcome = decide(self._ended, self._said, self._reason)
            delivery = Delivery(self.agent, self.claim, self._lease)
            ending = self._lost or delivery.send(outcome)
        finally:
            for end in (self._ours, self._theirs, self._woken, self._wake):
                end.close()
        self.agent.say(f"{self.claim.id} {ending}, after {time.monotonic() - begun:.1f} s")

    def post(self, event: Dict[str, Any]) -> None:
        """Passes what the launcher says to the thread of the attempt."""
        self._events.put(event)
        try:
            self._wake.send(b"x")
        except OSError:
            # The attempt has ended.
            pass

    def interrupt(self, reason: str) -> None:
        """Ends the process; the first reason stays. Threads may call it, and it does not wait."""
        if self._reason is not None and reason != "lost":
            return
        self._reason = reason
        self._tell({"interruption": reason}, 1.0)
        grace = self.agent.options.grace
        grace = min(grace, LOST_GRACE) if reason == "lost" else grace
        self.agent.order({"do": "end", "id": self.number, "grace": grace})

    def _start(self) -> None:
        until = self._lease.until
        order = {"do": "start", "id": self.number, "function": self.function, "until": until}
        self.agent.order(order, self._theirs)
        self._theirs.close()
        # The process reads it as soon as it runs; a large one does not fit into the socket.
        first = {
            "job": self.claim.job, "items": self.claim.items, "token": self.claim.job_token,
        }
        threading.Thread(target=self._tell, args=(first,), daemon=True).start()
        if self.agent.is_stopping:
            self.interrupt("stopping")

    def _watch(self) -> None:
        """Passes reports on and keeps the lease, until the process has ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ours, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while self._ended is None:
                wait = self._due() - time.monotonic()
                for key, _ in selector.select(min(MAX_WAIT, max(0.0, wait))):
                    if key.fileobj is self._woken:
                        self._woken.recv(4096)
                    elif not self._read():
                        selector.unregister(self._ours)
                while not self._events.empty():
                    self._handle(self._events.get())
                if self._ended is None and time.monotonic() >= self._due():
                    self._beat()
        self._drain()

    def _due(self) -> float:
        """Time of the next heartbeat."""
        if self._lost is not None:
            return float("inf")
        if self._backoff.tries:
            return self._beat_at
        if self._reports.has_items:
            return 0.0
        if not self._reports.is_empty:
            return min(self._beat_at, self._beaten + REPORT_INTERVAL)
        return self._beat_at

    def _handle(self, event: Dict[str, Any]) -> None:
        if "ended" in event:
            self._ended = Ended(event["ended"], event.get("error", ""))
        elif "started" in event:
            self.pid = event["started"]
        elif event.get("paused"):
            self.agent.say(f"{self.claim.id} pauses: the lease may have ended")
            self._backoff.reset()
            self._beat_at = 0.0

    def _read(self) -> bool:
        """Reads what the process sends. Returns False at its end."""
        try:
            data = self._ours.recv(1 << 18)
        except OSError:
            return False
        for message in self._decoder.feed(data):
            if message["do"] in ("result", "failure", "interrupted"):
                self._said = message
            else:
                self._reports.add(message)
        return bool(data)

    def _drain(self) -> None:
        """Reads what the process sent before it ended. What it left behind may hold the socket."""
        self._ours.setblocking(False)
        while self._read():
            pass

    def _beat(self) -> None:
        """Sends a heartbeat with the next reports."""
        # An empty one may pass where a large one does not.
        is_bare = self._obstruction.is_suspected
        batch = Batch({}, []) if is_bare else self._reports.take()
        begun = time.monotonic()
        try:
            self._lease.extend(batch.body)
        except LeaseGone as gone:
            self._lost = not_ours(gone.why)
            self.interrupt("lost")
        except Rejected as rejected:
            self._refused(batch, rejected.why, begun)
        except CallFailed as failed:
            if isinstance(failed, Misdirected) and self._obstruction.is_lasting(batch.body, begun):
                self._refused(batch, f"something before the server: {failed.why}", begun)
                return
            self._obstruction.failed(batch.body, begun)
            self._reports.put_back(batch)
            self.agent.away(failed.why)
            self._beat_at = self._backoff.after(begun)
        else:
            self._passed(batch, begun)

    def _passed(self, batch: Batch, begun: float) -> None:
        self._beaten = begun
        self._answer(batch, None)
        self._reports.passed()
        self._backoff.reset()
        self._beat_at = begun + self._lease.seconds / 3
        if self._obstruction.passed(batch.body):
            self._beat_at = self._backoff.after(begun + self._lease.seconds / 10)

    def _refused(self, batch: Batch, why: str, begun: float) -> None:
        self._beaten = begun
        self._backoff.reset()
        if not batch.is_single:
            self._reports.narrow(batch)
            return
        self.agent.say(f"{self.claim.id}: a report was refused: {why}")
        self._answer(batch, why)

    def _answer(self, batch: Batch, error: Optional[str]) -> None:
        for question in batch.questions:
            if question.number is not None:
                self._tell({"number": question.number, "error": error})

    def _tell(self, message: Dict[str, Any], wait: float = -1) -> None:
        """Sends a message to the process, if others are sent within `wait` seconds."""
        if not self._sending.acquire(timeout=wait):
            return
        try:
            self._ours.sendall(frame(message))
        except OSError:
            # The process is gone, which the launcher says.
            pass
        finally:
            self._sending.release()

    def _flush(self) -> None:
        """Sends the last reports."""
        while self._lost is None and not self._reports.is_empty and not self._lease.is_hopeless:
            self._beat()
            if self._backoff.tries:
                self.agent.sleep(max(0.0, self._beat_at - time.monotonic()))


def kill_group(pid: Optional[int]) -> None:
    if pid is not None:
        try:
            os.killpg(pid, 9)
        except OSError:
            pass
