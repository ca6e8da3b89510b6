"""The outcome of an attempt, and its delivery to the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional

from .api import CallFailed, Claim, LeaseGone, Misdirected, Rejected
from .lease import Backoff, Lease
from .obstruction import Obstruction

if TYPE_CHECKING:
    from .agent import Agent

# Characters of an error of which the server refused the longer form.
SHORT_ERROR = 300


class Outcome(NamedTuple):
    verb: str
    body: Dict[str, Any]

    def without(self, why: str) -> Optional[Outcome]:
        """Returns the outcome to send instead of one that the server does not take."""
        if self.verb == "complete":
            return Outcome("fail", {"error": f"the result was not taken: {why}"})
        error = str(self.body.get("error", ""))
        if len(error) > SHORT_ERROR:
            return Outcome(self.verb, {**self.body, "error": error[: SHORT_ERROR - 1]})
        return None


class Ended(NamedTuple):
    """The end of a process: its exit code, a signal as a negative number, or None and an error if
    it could not be started."""

    code: Optional[int]
    error: str = ""

    def __str__(self) -> str:
        if self.code is None:
            return f"The process of the job could not be started: {self.error}"
        if self.code < 0:
            return f"The process of the job was killed by signal {-self.code}."
        how = f"ended with exit code {self.code}, and its function did not return"
        return f"The process of the job {how}."


RELEASED = Outcome("release", {})


def decide(
    ended: Optional[Ended], said: Optional[Dict[str, Any]], reason: Optional[str]
) -> Outcome:
    """Decides how the attempt ended. `said` is the last message of the process, and `reason` why
    the worker interrupted it."""
    said = said or {"do": "nothing"}
    if ended is None or reason == "cancelled":
        # The server cancels a released job whose cancel was requested.
        return RELEASED
    if said["do"] == "result":
        # The work is done, although the worker stops.
        return Outcome("complete", {} if said["result"] is None else {"result": said["result"]})
    if reason is not None:
        return RELEASED
    if said["do"] != "failure":
        return Outcome("fail", {"error": str(ended)})
    body = {"error": said["error"]}
    if said["retryable"] is not None:
        body["retryable"] = said["retryable"]
    if said["retry_after"] is not None:
        body["retry_after_seconds"] = said["retry_after"]
    return Outcome("fail", body)


class Delivery:
    """Sends the outcome, and keeps the lease until the server has it."""

    def __init__(self, agent: Agent, claim: Claim, lease: Lease) -> None:
        self._agent = agent
        self._claim = claim
        self._lease = lease
        self._backoff = Backoff(lease.seconds / 3)
        self._obstruction = Obstruction(lease.seconds)
        # The lease is lost. There is one more try then, because the server may have the outcome
        # although its answer was lost.
        self._is_gone = False

    def send(self, outcome: Outcome) -> str:
        """Returns how the job ended, as part of a sentence."""
        while True:
            begun = time.monotonic()
            try:
                status = self._agent.api.end(self._claim, outcome.verb, outcome.body)
                self._agent.back()
                return ended_as(outcome, status)
            except LeaseGone as gone:
                return not_ours(gone.why)
            except Rejected as rejected:
                why, is_refused = rejected.why, True
            except CallFailed as failed:
                why, is_misdirected = failed.why, isinstance(failed, Misdirected)
                if self._is_gone and is_misdirected:
                    return not_ours(why)
                is_refused = is_misdirected and self._obstruction.is_lasting(outcome.body, begun)
                if is_refused:
                    why = f"something before the server: {why}"
            if is_refused:
                other = outcome.without(why)
                if other is None:
                    return f"is left: {why}"
                outcome = other
            elif not self._wait(outcome, why, begun):
                return f"is left, because the server did not take its outcome: {why}"

    def _wait(self, outcome: Outcome, why: str, begun: float) -> bool:
        """Waits for another try. Returns False if it would be too late."""
        self._obstruction.failed(outcome.body, begun)
        if self._lease.is_hopeless:
            self._agent.untold()
            return False
        self._agent.away(why)
        self._agent.sleep(max(0.0, self._backoff.after(begun) - time.monotonic()))
        if self._lease.is_half_over and not self._agent.is_hurried:
            self._hold()
        return True

    def _hold(self) -> None:
        try:
            self._lease.extend({})
            self._obstruction.passed({})
        except LeaseGone:
            self._is_gone = True
        except CallFailed:
            pass


def not_ours(why: str) -> str:
    return f"is no longer this worker's: {why}"


def ended_as(outcome: Outcome, status: str) -> str:
    if outcome.verb != "fail":
        return {"queued": "is released"}.get(status, f"is {status}")
    first = str(outcome.body["error"]).split("\n", 1)[0]
    return f"failed ({'another attempt follows' if status == 'queued' else status}): {first}"
