"""The loop of a function: claims jobs for its free places."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Dict, List

from .. import client
from .._http import Transport
from .api import CallFailed, Claim, Forbidden, Misdirected, Rejected
from .decorator import Worker
from .lease import Backoff

if TYPE_CHECKING:
    from .agent import Agent

# Seconds for which the server holds a claim open until there is a job.
WAIT_SECONDS = 20

# Claims that something else answers before the worker gives up at its start.
MAX_MISDIRECTED = 5


class ClaimLoop(threading.Thread):
    def __init__(self, agent: Agent, worker: Worker, function: int) -> None:
        super().__init__(daemon=True)
        self._agent = agent
        self._worker = worker
        self._function = function
        self._places = threading.Semaphore(worker.concurrency)
        # Of its own, so that a stop breaks its call and no other.
        self._transport = Transport(agent.options.server, agent.options.api_key, client.AGENT)
        self._backoff = Backoff()
        self._call = uuid.uuid4().hex
        self._was_heard = False
        self._misdirected = 0

    def run(self) -> None:
        while not self._agent.is_stopping:
            taken = self._take_places()
            claims = self._claim(taken) if taken else []
            for claim in claims:
                self._agent.begin(claim, self._function, self._places)
            for _ in range(taken - len(claims)):
                self._places.release()
        self._transport.close()

    def interrupt(self) -> None:
        """Breaks a claim that waits; the server then returns its jobs to the queue."""
        self._transport.interrupt()

    def _take_places(self) -> int:
        """Waits for a free place, and takes all that are free."""
        taken = 0
        while taken == 0 and not self._agent.is_stopping:
            taken += self._places.acquire(timeout=0.2)
        while taken and taken < self._worker.concurrency and self._places.acquire(blocking=False):
            taken += 1
        return taken

    def _claim(self, most: int) -> List[Claim]:
        begun = time.monotonic()
        try:
            claims = self._agent.api.claim(self._body(most), self._transport)
        except Rejected as refused:
            self._agent.fail(f"{self._agent.api.server} refused to give jobs: {refused.why}")
        except CallFailed as failed:
            self._failed(failed, begun)
        else:
            self._agent.back()
            self._backoff.reset()
            self._misdirected, self._was_heard = 0, True
            self._call = uuid.uuid4().hex
            return claims
        return []

    def _failed(self, failed: CallFailed, begun: float) -> None:
        self._misdirected += isinstance(failed, Misdirected)
        is_final = isinstance(failed, Forbidden) or self._misdirected >= MAX_MISDIRECTED
        if is_final and not self._was_heard:
            server = self._agent.api.server
            self._agent.fail(f"{server} gave no jobs: {failed.why}. {remedy(failed)}")
        elif not self._agent.is_stopping:
            self._agent.away(failed.why)
            self._agent.sleep(max(0.0, self._backoff.after(begun) - time.monotonic()))

    def _body(self, most: int) -> Dict[str, Any]:
        """The same id of the call makes the server repeat an answer that was lost."""
        return {
            "worker_id": self._agent.worker_id, "call_id": self._call,
            "job_types": self._worker.job_types, "max_jobs": most,
            "lease_seconds": self._agent.options.lease_seconds, "wait_seconds": WAIT_SECONDS,
            "host": self._agent.host, "version": client.VERSION, "job_tokens": True,
        }


def remedy(failed: CallFailed) -> str:
    if isinstance(failed, Forbidden):
        return "Check CALLSHEET_API_KEY, and the role of the key: worker"
    return "Check the address, CALLSHEET_SERVER, and the proxies before the server"
