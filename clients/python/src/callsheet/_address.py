"""The URL of a server, and of what is below it."""

from __future__ import annotations

import urllib.parse
from typing import Dict

from .errors import CallsheetError

DEFAULT_SERVER = "http://127.0.0.1:3001"


class Address:
    """URL of a server: scheme, host, port and the path below which it answers."""

    def __init__(self, url: str) -> None:
        url = url.strip()
        if "://" not in url:
            url = f"http://{url}"
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise invalid_server(url, str(error)) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise invalid_server(url, "it needs http:// or https:// and a host")
        if parts.username or parts.query or parts.fragment:
            raise invalid_server(url, "it may have no user, query or fragment")
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = port or (443 if self.secure else 80)
        self.base = parts.path.rstrip("/")
        self.url = url.rstrip("/")

    def __str__(self) -> str:
        return self.url


def invalid_server(url: str, why: str) -> CallsheetError:
    message = f"{url!r} is not the URL of a server: {why}, such as {DEFAULT_SERVER}"
    return CallsheetError("invalid_server", None, None, message)


def quoted(segment: str) -> str:
    """Quotes a text as one segment of a path. `.` and `..` would be taken for folders."""
    if not segment:
        message = "the id is empty: name the thing that is meant"
        raise CallsheetError("invalid_request", None, None, message)
    text = urllib.parse.quote(segment.encode("utf-8", "replace"), safe="")
    return text.replace(".", "%2E") if segment in (".", "..") else text


def query_string(query: Dict[str, object]) -> str:
    pairs = []
    for name, value in query.items():
        if value is None:
            continue
        for one in value if isinstance(value, (list, tuple)) else [value]:
            text = ("true" if one else "false") if isinstance(one, bool) else str(one)
            pairs.append((name, text.encode("utf-8", "replace")))
    return f"?{urllib.parse.urlencode(pairs)}" if pairs else ""
