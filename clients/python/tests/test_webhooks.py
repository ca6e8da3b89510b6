"""Webhooks, with the library of the specification as the sender."""

from __future__ import annotations

import base64
import datetime
import http.server
import json
import queue
import threading
import urllib.request
from typing import Any, Dict, Tuple

import pytest
from serving import Database
from standardwebhooks.webhooks import Webhook

from callsheet.webhooks import WebhookVerificationError, verify

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes now").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret").decode()
NOW = 1_767_000_000
PAYLOAD = json.dumps({"type": "job.completed", "data": {"job_id": "ü"}})


def signed(secret: str = SECRET, payload: str = PAYLOAD, at: int = NOW) -> Dict[str, str]:
    time = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    signature = Webhook(secret).sign("msg_1", time, payload)
    return {
        "Webhook-Id": "msg_1", "Webhook-Timestamp": str(at), "Webhook-Signature": signature,
    }


def test_a_message_of_the_specification_is_verified() -> None:
    message = verify(PAYLOAD, signed(), SECRET, now=NOW + 10)
    assert message["data"]["job_id"] == "ü"
    assert verify(PAYLOAD.encode(), signed(), SECRET, now=NOW - 10) == message


def test_a_secret_is_rotated() -> None:
    assert verify(PAYLOAD, signed(OTHER), [SECRET, OTHER], now=NOW)
    both = signed()
    both["Webhook-Signature"] = "v2,x v1a,y " + signed(OTHER)["Webhook-Signature"] + " " + (
        both["Webhook-Signature"]
    )
    assert verify(PAYLOAD, both, SECRET, now=NOW)


def changed(**headers: Any) -> Dict[str, Any]:
    return {**signed(), **{name.replace("_", "-"): value for name, value in headers.items()}}


@pytest.mark.parametrize("headers, secret, now, sentence", [
    (signed(), OTHER, NOW, "no signature"),
    (changed(Webhook_Id="msg_2"), SECRET, NOW, "no signature"),
    (changed(Webhook_Signature="v1,!!! v1 v2,abc"), SECRET, NOW, "no signature"),
    (signed(), SECRET, NOW + 301, "more than 300 s old"),
    (signed(), SECRET, NOW - 301, "in the future"),
    (changed(Webhook_Timestamp="soon"), SECRET, NOW, "not a number"),
    (changed(Webhook_Timestamp="1e9"), SECRET, NOW, "not a number"),
    ({}, SECRET, NOW, "webhook-id is missing"),
    (changed(Webhook_Signature=None), SECRET, NOW, "webhook-signature is missing"),
    (signed(), "whsec_???", NOW, "begins with whsec_"),
    (signed(), "", NOW, "secret is empty"),
    (signed(), [], NOW, "secret is empty"),
])
def test_every_other_message_is_refused(
    headers: Dict[str, Any], secret: Any, now: float, sentence: str
) -> None:
    with pytest.raises(WebhookVerificationError, match=sentence):
        verify(PAYLOAD, headers, secret, now=now)


def test_the_body_has_to_be_the_one_that_was_signed() -> None:
    with pytest.raises(WebhookVerificationError, match="as it came"):
        verify(PAYLOAD + " ", signed(), SECRET, now=NOW)
    with pytest.raises(WebhookVerificationError, match="no JSON object"):
        verify("[]", signed(payload="[]"), SECRET, now=NOW)


def test_messages_of_a_server_are_verified_by_both_libraries(own_database: Database) -> None:
    received: "queue.Queue[Tuple[Dict[str, str], bytes]]" = queue.Queue()

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    server = own_database.serve("--webhook-allow-http", "--webhook-allow-net", "127.0.0.0/8")
    try:
        url = f"http://127.0.0.1:{endpoint.server_port}/hook"
        made = call(server.url, "/webhooks", {"url": url, "kinds": ["job.created"]})
        call(server.url, "/jobs", {"job_type": "film", "project_title": "Ü"})
        headers, body = received.get(timeout=60)
        message = verify(body, headers, made["secret"])
        assert (message["type"], message["data"]["job"]["project_title"]) == ("job.created", "Ü")
        assert Webhook(made["secret"]).verify(body, headers) == message
        with pytest.raises(WebhookVerificationError):
            verify(body, headers, OTHER)
    finally:
        endpoint.shutdown()
        endpoint.server_close()


def call(url: str, path: str, body: Dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{url}/api/v1{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)
