"""Verification of webhooks, by the Standard Webhooks specification."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any, Dict, Iterable, List, Mapping, Optional, Union

from .errors import CallsheetError

# Seconds that the time of a message may be off.
TOLERANCE = 300


class WebhookVerificationError(CallsheetError):
    """The message is not of this sender, or too old."""

    def __init__(self, message: str) -> None:
        super().__init__("webhook_not_verified", None, None, message)

    def __reduce__(self) -> Any:
        return type(self), (str(self),)


def verify(
    payload: Union[str, bytes],
    headers: Mapping[str, str],
    secret: Union[str, Iterable[str]],
    *,
    tolerance: float = TOLERANCE,
    now: Optional[float] = None,
) -> Dict[str, Any]:
    """Returns the message, if one of the secrets signed it within the last `tolerance` seconds.

    `payload` is the body exactly as it came, `headers` those of the request in any case, `secret`
    one or, during a rotation, several `whsec_…`. A repeated message has the same `webhook-id`.
    Raises `WebhookVerificationError`.
    """
    # A header that does not belong to the request may have a name or a value of another kind.
    names = {str(name).lower(): value for name, value in headers.items()}
    message_id = _header(names, "webhook-id")
    timestamp = _header(names, "webhook-timestamp")
    signatures = _header(names, "webhook-signature")
    _check_time(timestamp, tolerance, time.time() if now is None else now)
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    signed = f"{message_id}.{timestamp}.".encode() + body
    keys = _keys(secret)
    expected = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    given = _signatures(signatures)
    # All are compared, so that the time does not say which one is right.
    matches = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(matches):
        raise WebhookVerificationError(
            "no signature of the message is right: check the secret, and pass the body as it came"
        )
    return _message(body)


def _header(headers: Mapping[str, Any], name: str) -> str:
    value = headers.get(name)
    if not value or not isinstance(value, str):
        raise WebhookVerificationError(f"the header {name} is missing: this is no webhook")
    return value


def _check_time(timestamp: str, tolerance: float, now: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        raise WebhookVerificationError("webhook-timestamp is not a number of seconds")
    if abs(now - int(timestamp)) > tolerance:
        raise WebhookVerificationError(
            f"the message is more than {tolerance:g} s old or in the future: "
            "it may be replayed, or the clock of this machine is wrong"
        )


def _keys(secret: Union[str, Iterable[str]]) -> List[bytes]:
    secrets = [secret] if isinstance(secret, str) else list(secret)
    keys = []
    for one in secrets:
        text = one[len("whsec_"):] if one.startswith("whsec_") else one
        try:
            keys.append(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise WebhookVerificationError(
                "the secret is not one of Standard Webhooks: it begins with whsec_"
            ) from None
    if not all(keys) or not keys:
        raise WebhookVerificationError("the secret is empty: name the one of the webhook")
    return keys


def _signatures(header: str) -> List[bytes]:
    """Returns the signatures of version 1; other versions are of later senders."""
    found = []
    for part in header.split():
        version, _, text = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                pass
    return found


def _message(body: bytes) -> Dict[str, Any]:
    try:
        message = json.loads(body)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise WebhookVerificationError("the message is signed, but it is no JSON object")
    return message
