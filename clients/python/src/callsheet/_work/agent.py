"""The agent: claims jobs, and runs an attempt for each in a thread."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import uuid
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Sequence

from .. import client
from .._http import Transport
from ..errors import CallsheetError
from . import child, launcher
from .api import Api, Claim
from .attempt import Attempt, kill_group
from .channel import Decoder, frame
from .claims import ClaimLoop
from .decorator import Worker
from .output import Output

# Seconds in which the worker ends after a second signal.
HURRY = 5.0


class Options(NamedTuple):
    server: Optional[str] = None
    api_key: Optional[str] = None
    lease_seconds: int = 60
    # Seconds between the interruption of a function and the kill of its process.
    grace: float = 10.0
    worker_id: Optional[str] = None


class Agent:
    def __init__(self, workers: Sequence[Worker], options: Options) -> None:
        self.workers = workers
        self.options = options
        self._transport = Transport(options.server, options.api_key, client.AGENT)
        self.api = Api(self._transport, options.lease_seconds)
        name = socket.gethostname()[:150]
        self.worker_id = options.worker_id or f"{name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.host = name
        self._control = launcher.start(self._become)
        self._ordering = threading.Lock()
        self._output = Output()
        self._signals = 0
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._attempts: Dict[int, Attempt] = {}
        self._number = 0
        self._failure: Optional[str] = None
        self._is_away = False

    def _become(self, job: socket.socket, function: int) -> NoReturn:
        """Runs in the process of a job."""
        child.run(self.workers[function].function, job)

    def run(self) -> int:
        """Works until a signal; returns the exit code."""
        handlers = self._listen()
        types = [f"{', '.join(one.job_types)} ({one.concurrency})" for one in self.workers]
        self.say(f"{self.worker_id} works on {', '.join(types)} of {self.api.server}")
        reader = threading.Thread(target=self._read_launcher, daemon=True)
        loops = [ClaimLoop(self, one, number) for number, one in enumerate(self.workers)]
        for thread in (reader, *loops):
            thread.start()
        self._wait(loops)
        self._control.close()
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        if self._failure:
            self.say(self._failure)
        self._output.close()
        return 1 if self._failure else 0

    def _wait(self, loops: List[ClaimLoop]) -> None:
        """Waits until all attempts have ended, for a short time after a second signal."""
        hurry_until: Optional[float] = None
        heard = 0
        while any(one.is_alive() for one in loops) or self._attempts:
            if self._signals > heard:
                heard = self._signals
                self._heed(heard)
            if self.is_hurried and hurry_until is None:
                hurry_until = time.monotonic() + HURRY
            if hurry_until is not None and time.monotonic() > hurry_until:
                self.untold()
                return
            for loop in loops if self.is_stopping else []:
                # Again and again, because a claim may begin after the signal.
                loop.interrupt()
            with self._changed:
                self._changed.wait(0.05 if self.is_stopping else 0.5)

    def _listen(self) -> Dict[int, Any]:
        """SIGTERM, SIGINT and SIGHUP stop the worker; `nohup` ignores the last one."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        numbers = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        return {number: signal.signal(number, self._hear) for number in numbers}

    def _hear(self, *_: Any) -> None:
        self._signals += 1
        self._stop.set()

    def stop(self) -> None:
        """Stops the worker as a signal does; the second time at once."""
        self._hear()

    def _heed(self, signals: int) -> None:
        with self._changed:
            attempts = list(self._attempts.values())
        if signals == 1 and attempts:
            self.say(
                f"stopping: {len(attempts)} running job(s) return to the queue; "
                "a second signal kills them at once"
            )
        for attempt in attempts:
            attempt.interrupt("stopping")
            if signals > 1:
                self.order({"do": "kill", "id": attempt.number})

    @property
    def is_stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def is_hurried(self) -> bool:
        return self._signals > 1

    def sleep(self, seconds: float) -> None:
        """Sleeps; a worker that stops sleeps in short steps, to see the second signal."""
        if self.is_stopping:
            time.sleep(min(seconds, 0.2))
        else:
            self._stop.wait(seconds)

    def order(self, message: Dict[str, Any], descriptor: Optional[socket.socket] = None) -> None:
        with self._ordering:
            try:
                if descriptor is None:
                    self._control.sendall(frame(message))
                else:
                    socket.send_fds(self._control, [frame(message)], [descriptor.fileno()])
            except OSError:
                # The thread that reads finds the launcher gone.
                pass

    def _read_launcher(self) -> None:
        decoder = Decoder()
        while True:
            try:
                data = self._control.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            for message in decoder.feed(data):
                attempt = self._attempts.get(message["id"])
                if attempt is not None:
                    attempt.post(message)
        attempts = list(self._attempts.values())
        if attempts or not self.is_stopping:
            self.fail("the launcher of the worker was killed, so the worker stopped")
        for attempt in attempts:
            kill_group(attempt.pid)
            attempt.post({"ended": -signal.SIGKILL})

    def begin(self, claim: Claim, function: int, places: threading.Semaphore) -> None:
        with self._changed:
            self._number += 1
            attempt = Attempt(self, claim, self._number, function)
            self._attempts[attempt.number] = attempt

        def run() -> None:
            try:
                attempt.run()
            except Exception:
                self._output.trace(f"{claim.id} is left, because of a defect of the worker")
                self.order({"do": "kill", "id": attempt.number})
                self._failure = "an attempt ended by a defect of the worker; see above"
            finally:
                places.release()
                with self._changed:
                    del self._attempts[attempt.number]
                    self._changed.notify_all()

        threading.Thread(target=run, daemon=True).start()

    def fail(self, why: str) -> None:
        """Stops the worker, which ends with exit code 1. Running jobs go on to their end."""
        self._failure = self._failure or why
        self._stop.set()

    def untold(self) -> None:
        self._failure = self._failure or (
            f"stopped, but {self.api.server} did not take the outcome of every job: those leases "
            "will run out, and other workers run the jobs again"
        )

    def away(self, why: str) -> None:
        if not self._is_away:
            self._is_away = True
            self.say(f"{self.api.server} is away: {why}")

    def back(self) -> None:
        if self._is_away:
            self._is_away = False
            self.say(f"{self.api.server} is back")

    def say(self, text: str) -> None:
        self._output.say(text)


def run(workers: Sequence[Worker], options: Options) -> int:
    if not hasattr(os, "fork"):
        raise CallsheetError(
            "no_fork", None, None, "workers run on Linux and other Unix systems, not on this one"
        )
    types = [job_type for one in workers for job_type in one.job_types]
    if len(set(types)) < len(types):
        raise ValueError("two functions have the same type of job: give each one of its own")
    return Agent(workers, options).run()
