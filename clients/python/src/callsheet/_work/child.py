"""The process of a job: calls the function, and sends how it ended."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback
from typing import Any, Callable, Dict, NoReturn, Optional

from ..errors import UnserializableValue
from ..json_values import to_json
from .interruptions import INTERRUPTIONS, AttemptFailed, JobInterrupted
from .job import Job
from .link import Link

# Characters of an error: the beginning of its message and the end of its traceback.
MAX_MESSAGE = 1000
MAX_TRACEBACK = 3000

# Seconds in which the reason of a signal has to arrive.
REASON_WAIT = 2.0


def run(function: Callable[[Job], Any], agent: socket.socket) -> NoReturn:
    """Runs the function with the job that the agent sends, and ends the process."""
    link = Link(agent)
    first = link.receive()
    interrupter = Interrupter(link)
    link.listen()
    owner = os.getpid()
    job = Job(first["job"], first["items"], first["token"], link)
    outcome = outcome_of(function, job, interrupter)
    if os.getpid() != owner:
        # A process that the function forked returned from it too.
        end(0)
    try:
        link.end_with(outcome)
    except OSError:
        end(70)
    end(0)


def outcome_of(
    function: Callable[[Job], Any], job: Job, interrupter: Interrupter
) -> Dict[str, Any]:
    try:
        try:
            result = function(job)
        finally:
            interrupter.active = False
        return {"do": "result", "result": result_of(result)}
    except JobInterrupted:
        return {"do": "interrupted"}
    except AttemptFailed as failed:
        return failure(str(failed), failed.retryable, failed.retry_after)
    except SystemExit as ended:
        return failure(
            f"the function called sys.exit({ended.code!r}): let it return its result, or raise an "
            "exception"
        )
    except UnserializableValue as error:
        return failure(f"{error}\n\n{trace(error)}")
    except BaseException as error:
        return failure(described(error))


def result_of(result: Any) -> Optional[Dict[str, Any]]:
    if result is None:
        return None
    converted = to_json(result, "the result")
    if not isinstance(converted, dict):
        raise UnserializableValue(
            f"the function returned {type(result).__name__}: return a dict, such as "
            '{"video_path": …}'
        )
    return converted


def failure(
    error: str, retryable: Optional[bool] = None, retry_after: Optional[int] = None
) -> Dict[str, Any]:
    text = str(to_json(error)) or "the attempt failed"
    return {"do": "failure", "error": text, "retryable": retryable, "retry_after": retry_after}


def described(error: BaseException) -> str:
    """The message comes first: failures are grouped by their first line."""
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    return f"{message[:MAX_MESSAGE]}\n\n{trace(error)}"


def trace(error: BaseException) -> str:
    """Returns the traceback below the call of the function."""
    below = error.__traceback__
    while below is not None and below.tb_frame.f_code.co_filename == __file__:
        below = below.tb_next
    text = "".join(traceback.format_exception(type(error), error, below)).strip()
    return text if len(text) <= MAX_TRACEBACK else f"…{text[-MAX_TRACEBACK:]}"


class Interrupter:
    """Raises the interruption in the main thread when the launcher sends SIGTERM."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._owner = os.getpid()
        self.active = True
        signal.signal(signal.SIGTERM, self._interrupt)

    def _interrupt(self, number: int, _: Any) -> None:
        if not self.active:
            return
        if os.getpid() != self._owner:
            os._exit(128 + number)
        # The reader thread gets the reason, and needs the interpreter for it.
        deadline = time.monotonic() + REASON_WAIT
        while self._link.interruption is None and time.monotonic() < deadline:
            time.sleep(0.005)
        reason = self._link.interruption
        if reason is None:
            # Not of the agent: as it would end any program.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.active = False
        raise INTERRUPTIONS[reason]


def end(status: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(status)
