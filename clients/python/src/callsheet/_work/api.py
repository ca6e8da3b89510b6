"""The calls of a worker. Proxies may answer in the server's place while it restarts, with any
status: only a problem with a code that the worker knows is the server's word on a job."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional

from .._address import quoted
from .._http import BrokenCall, Response, Transport
from ..json_values import to_bytes

# Codes that mean that the job is no longer this worker's.
LOST = (
    "lease_lost", "job_not_found", "job_not_processing", "job_transition_illegal", "job_ended",
    "job_archived",
)

# Codes that mean that the server does not accept what the call says, now or later.
REJECTED = (
    "invalid_request", "malformed_body", "item_not_found", "item_conflict",
    "shots_counted_from_items", "shots_exceed_total", "counter_exhausted", "body_too_large",
)

# Codes that no retry of a claim changes, unless an operator does something.
FORBIDDEN = ("unauthenticated", "role_missing", "host_refused")

# Shorter than the time that a server which was away gives its workers to come back.
REQUEST_TIMEOUT = 8.0

# Bytes a second with which a large body is sent at least.
MIN_RATE = 128 << 10

DEFAULT_BODY_BYTES = 1 << 20


class CallFailed(Exception):
    """A call without success, by what the worker can do about it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unavailable(CallFailed):
    """The server did not answer, or cannot serve the call now."""


class Misdirected(CallFailed):
    """Something else answered, such as a proxy. If it always does, the URL is wrong."""


class Forbidden(Misdirected):
    """The server does not know the key, or the key may not do this."""


class LeaseGone(CallFailed):
    """The lease is no longer valid."""


class Rejected(CallFailed):
    """The server does not accept the call; a retry would not help."""


class Claim(NamedTuple):
    job: Dict[str, Any]
    items: List[Dict[str, Any]]
    token: str
    # Token with which the function may call the server.
    job_token: Optional[str]
    max_body_bytes: int

    @property
    def id(self) -> str:
        return str(self.job["job_id"])


class Api:
    def __init__(self, transport: Transport, lease_seconds: int) -> None:
        self._transport = transport
        self.server = str(transport.address)
        self._timeout = min(REQUEST_TIMEOUT, lease_seconds / 2)
        self._lease_seconds = lease_seconds

    def claim(self, body: Dict[str, Any], transport: Transport) -> List[Claim]:
        """Claims jobs over a transport of its own, which a stop can interrupt."""
        wait = float(body["wait_seconds"])
        answer = self._post("/claims", body, self._timeout + wait, transport)
        jobs, most = answer.get("jobs"), answer.get("max_body_bytes", DEFAULT_BODY_BYTES)
        try:
            claims = [
                Claim(
                    one["job"], one["items"], one["lease"]["token"],
                    one["lease"].get("job_token"), most,
                )
                for one in jobs or []
            ]
            is_ours = all(one.job["worker_id"] == body["worker_id"] and one.id for one in claims)
        except (AttributeError, KeyError, TypeError):
            is_ours = False
        if not is_ours or jobs is None:
            raise Misdirected("it answered with something that is no claim of this worker")
        return claims

    def heartbeat(self, claim: Claim, report: Dict[str, Any]) -> bool:
        """Extends the lease. Returns whether a cancel was requested."""
        body = {**report, "lease_token": claim.token, "lease_seconds": self._lease_seconds}
        answer = self._post(f"/jobs/{quoted(claim.id)}/heartbeat", body, self._timeout)
        if not isinstance(answer.get("lease_expires_at"), str):
            raise Misdirected("it answered with something that is no heartbeat")
        return answer.get("cancel_requested") is True

    def end(self, claim: Claim, verb: str, body: Dict[str, Any]) -> str:
        """Ends the attempt with `complete`, `fail` or `release`. Returns the job's status."""
        body = {**body, "lease_token": claim.token}
        answer = self._post(f"/jobs/{quoted(claim.id)}/{verb}", body, self._timeout)
        status = answer.get("status")
        if answer.get("job_id") != claim.id or status in (None, "processing"):
            raise Misdirected("it answered with another job")
        return str(status)

    def _post(
        self,
        path: str,
        body: Dict[str, Any],
        timeout: float,
        transport: Optional[Transport] = None,
    ) -> Dict[str, Any]:
        content = to_bytes(body)
        timeout += len(content) / MIN_RATE
        headers = {"Content-Type": "application/json"}
        try:
            response = (transport or self._transport).exchange(
                "POST", f"/api/v1{path}", content, headers, timeout
            )
        except BrokenCall as broken:
            raise Unavailable(broken.why) from broken
        return read(response)


def read(response: Response) -> Dict[str, Any]:
    """Returns the answer of a success, or raises what the response means."""
    try:
        answer = json.loads(response.body)
    except ValueError:
        answer = None
    status = response.status
    if 200 <= status < 300:
        if isinstance(answer, dict):
            return answer
        raise Misdirected(f"it answered {status} with something that is not Callsheet's answer")
    code = answer.get("code") if isinstance(answer, dict) else None
    detail = answer.get("detail") if isinstance(answer, dict) else None
    known = code in LOST or code in REJECTED or code in FORBIDDEN or status in (429, 503, 507)
    why = detail if isinstance(detail, str) and known else f"it answered {status}"
    if code in LOST:
        raise LeaseGone(why)
    if code in REJECTED:
        raise Rejected(why + places(answer))
    if code in FORBIDDEN:
        raise Forbidden(why)
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable(why)
    raise Misdirected(why)


def places(problem: Dict[str, Any]) -> str:
    """Returns up to three of the fields that are wrong, if the detail does not name them."""
    found = []
    for error in problem.get("errors") or []:
        place = f"{error.get('pointer', '')}: {error.get('detail', '')}"
        if place not in str(problem.get("detail")):
            found.append(f" {place}")
    return "".join(found[:3])
