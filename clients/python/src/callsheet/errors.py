"""Errors of the package. All of them are a `CallsheetError`."""

from __future__ import annotations

from typing import Any, Dict, List, Optional


class CallsheetError(Exception):
    """A call that the server refused, or that did not reach it.

    `code` is the stable code of the problem (`job_not_found`, `lease_lost`, …), `status` the HTTP
    status or None if there was no answer, and `problem` the whole problem document.
    """

    def __init__(
        self,
        code: str,
        status: Optional[int],
        problem: Optional[Dict[str, Any]] = None,
        message: str = "",
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.status = status
        self.problem: Dict[str, Any] = problem or {}

    def __reduce__(self) -> Any:
        # The default would call the class with the message alone, so that the error could not be
        # sent from a process of a pool to its parent.
        return type(self), (self.code, self.status, self.problem, str(self))

    @property
    def errors(self) -> List[Dict[str, Any]]:
        """The fields that are wrong, each with `pointer` or `parameter`, `code` and `detail`."""
        errors = self.problem.get("errors")
        return errors if isinstance(errors, list) else []


class ServerUnavailable(CallsheetError):
    """The server did not answer, or something else answered in its place.

    If the message says that the outcome is unknown, the server may have made the change.
    """


class UnserializableValue(CallsheetError, TypeError):
    """A value that JSON cannot hold; the message names its key."""

    def __init__(self, message: str) -> None:
        super().__init__("unserializable_value", None, None, message)

    def __reduce__(self) -> Any:
        return type(self), (str(self),)


def of_problem(status: int, problem: Dict[str, Any], server: str) -> CallsheetError:
    """Makes the error of a problem document that the server answered with."""
    code = str(problem["code"])
    detail = str(problem.get("detail") or problem.get("title") or code)
    for error in problem.get("errors") or []:
        place = error.get("pointer") or error.get("parameter") or ""
        text = str(error.get("detail", ""))
        if text and text not in detail:
            detail += f" {place}: {text}"
    if code in ("route_not_found", "method_not_allowed"):
        detail += f" The server {server} may be older than this client: update the server."
    if code in ("unauthenticated", "role_missing"):
        detail += " The key is api_key, or the environment variable CALLSHEET_API_KEY."
    return CallsheetError(code, status, problem, f"{detail} ({code}, {status})")
