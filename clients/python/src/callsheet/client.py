"""The client: a method for each operation of the API, and what needs more than one call."""

from __future__ import annotations

import json
import uuid
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Union

from . import types
from ._address import query_string, quoted
from ._http import BrokenCall, Response, Transport, content_type
from ._operations import Operations
from ._retry import REPEATED, Retries, retry_after
from ._streams import Message, Reader
from .errors import CallsheetError, ServerUnavailable, of_problem
from .json_values import to_bytes

VERSION = "0.1.0"
AGENT = f"callsheet-python/{VERSION}"
PROBLEM = "application/problem+json"


class Client(Operations):
    """A client of a server. Threads may share one; a forked process may go on using it.

    `server` is the URL, by default that of `CALLSHEET_SERVER` or http://127.0.0.1:3001, and
    `api_key` the key, by default that of `CALLSHEET_API_KEY`. `timeout` is in seconds for each
    wait on a connection. A call that the server could not take is repeated for up to
    `retry_seconds`. Every method may raise `CallsheetError`.
    """

    def __init__(
        self,
        server: Optional[str] = None,
        api_key: Optional[str] = None,
        *,
        timeout: float = 30.0,
        retry_seconds: float = 20.0,
    ) -> None:
        self._transport = Transport(server, api_key, AGENT)
        self.timeout = timeout
        self.retry_seconds = retry_seconds
        self.server = str(self._transport.address)

    def close(self) -> None:
        """Closes the connections that wait. The client may still be used."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.server!r})"

    def iter_jobs(
        self,
        *,
        status: Optional[types.JobStatus] = None,
        job_type: Optional[str] = None,
        mode: Optional[str] = None,
        series_id: Optional[str] = None,
        episode_id: Optional[str] = None,
        label: Optional[List[str]] = None,
        created_after: Optional[str] = None,
        created_before: Optional[str] = None,
        q: Optional[str] = None,
        order: Optional[types.Order] = None,
        view: Optional[types.View] = None,
        page_size: int = 200,
    ) -> Iterator[types.ListedJob]:
        """Yields all jobs that match, page by page; a page costs the same however deep it lies."""
        cursor: Optional[str] = None
        while True:
            page = self.list_jobs(
                status=status, job_type=job_type, mode=mode, series_id=series_id,
                episode_id=episode_id, label=label, created_after=created_after,
                created_before=created_before, q=q, order=order, view=view,
                limit=page_size, cursor=cursor,
            )
            yield from page["jobs"]
            cursor = page["next_cursor"]
            if not page["has_more"] or cursor is None:
                return

    def follow(self, job_id: str, *, after: Optional[str] = None) -> Iterator[Message]:
        """Yields the messages of a job: a snapshot, each change, and last the one of its end.

        A broken connection is resumed: no change is skipped and none comes twice. `after` is the
        id of the last message of an earlier stream.
        """
        path = f"/api/v1/jobs/{quoted(job_id)}/events/stream"
        return self.read_stream(path, after, is_endless=False)

    def events(
        self,
        *,
        job_type: Optional[List[str]] = None,
        status: Optional[List[types.JobStatus]] = None,
        label: Optional[List[str]] = None,
        after: Optional[str] = None,
    ) -> Iterator[Message]:
        """Yields a snapshot and then each change of all jobs, or of those that match, without end.

        A broken connection is resumed: no change is skipped and none comes twice.
        """
        query = query_string({"job_type": job_type, "status": status, "label": label})
        return self.read_stream(f"/api/v1/events/stream{query}", after, is_endless=True)

    stream_job_events = follow
    stream_events = events

    def read_stream(self, target: str, after: Optional[str], *, is_endless: bool) -> Reader:
        """Opens a stream; `close` of the reader may be called in another thread."""
        def fail(status: int, headers: Mapping[str, str], body: bytes) -> CallsheetError:
            return self._error(Response(status, headers, body))

        retries: Callable[[], Retries] = lambda: Retries(self.retry_seconds)
        return Reader(self._transport, target, after, is_endless, retries, fail)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Dict[str, Any]] = None,
        headers: Optional[Mapping[str, Any]] = None,
        body: Optional[Dict[str, Any]] = None,
        raw: Optional[bytes] = None,
    ) -> Any:
        if path == "/api/v1/claims" and body is not None:
            # With it the server answers a repeated claim with the same jobs.
            body.setdefault("call_id", uuid.uuid4().hex)
        sent_headers = header_values(headers or {})
        content = raw
        if raw is not None:
            sent_headers["Content-Type"] = "application/octet-stream"
        elif body is not None:
            sent_headers["Content-Type"] = "application/json"
            content = to_bytes(body)
        timeout = self.timeout + seconds((query or {}).get("wait"))
        timeout += seconds((body or {}).get("wait_seconds"))
        target = path + query_string(query or {})
        repeatable = is_repeatable(method, sent_headers, body or {})
        response = self._exchange(method, target, content, sent_headers, timeout, repeatable)
        return self._answer(response)

    def _exchange(
        self,
        method: str,
        target: str,
        content: Optional[bytes],
        headers: Mapping[str, str],
        timeout: float,
        repeatable: bool,
    ) -> Response:
        retries = Retries(self.retry_seconds)
        while True:
            try:
                response = self._transport.exchange(method, target, content, headers, timeout)
            except BrokenCall as broken:
                may_repeat = (repeatable or not broken.sent) and not broken.lasting
                if may_repeat and retries.wait():
                    continue
                raise self._unavailable(broken, retries.tries, method) from broken
            # After a 503 the change was not made, or its outcome is unknown.
            is_refused = response.status == 429 or (response.status == 503 and repeatable)
            if response.status not in REPEATED or not is_refused:
                return response
            if not retries.wait(retry_after(response.headers)):
                return response

    def _unavailable(self, broken: BrokenCall, tries: int, method: str) -> ServerUnavailable:
        tried = f" after {tries + 1} tries" if tries else ""
        unknown = ""
        if broken.sent and method != "GET":
            unknown = "; it may have received the call, so its outcome is unknown"
        message = (
            f"the server {self.server} did not answer{tried}: {broken.why}{unknown}. "
            "Check that it runs, and the address: the argument server, or CALLSHEET_SERVER."
        )
        return ServerUnavailable("server_unavailable", None, None, message)

    def _answer(self, response: Response) -> Any:
        if response.status in (204, 304):
            return None
        if not 200 <= response.status < 300:
            raise self._error(response)
        if content_type(response.headers) == "application/json":
            try:
                return json.loads(response.body)
            except ValueError:
                pass
        raise self._misdirected(response.status)

    def _error(self, response: Response) -> CallsheetError:
        """Only a problem with a code is the server's word; a proxy may answer in its place."""
        problem: Any = None
        if content_type(response.headers) == PROBLEM:
            try:
                problem = json.loads(response.body)
            except ValueError:
                pass
        if isinstance(problem, dict) and isinstance(problem.get("code"), str):
            return of_problem(response.status, problem, self.server)
        return self._misdirected(response.status)

    def _misdirected(self, status: int) -> ServerUnavailable:
        message = (
            f"what answers at {self.server} is not Callsheet: it answered {status} with something "
            "else. Check the address, and the proxies before the server."
        )
        return ServerUnavailable("not_callsheet", status, None, message)


def seconds(value: Union[int, float, None]) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def header_values(headers: Mapping[str, Any]) -> Dict[str, str]:
    """One `Idempotency-Key` serves all tries of a call; a version becomes its ETag."""
    values = {}
    for name, value in headers.items():
        if name == "Idempotency-Key" and value is None:
            value = uuid.uuid4().hex
        if value is None:
            continue
        values[name] = f'"{value}"' if isinstance(value, int) else str(value)
    return values


def is_repeatable(method: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> bool:
    """Returns whether a call that the server may have received does no harm a second time."""
    if "If-Match" in headers:
        # Its own first try would be the other change that it must not override.
        return False
    keys = ("lease_token", "call_id")
    return method != "POST" or "Idempotency-Key" in headers or any(body.get(key) for key in keys)
