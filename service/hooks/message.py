"""What a web hook is posted, and its signature, after Standard Webhooks 1.0 (standardwebhooks.com).

Ten lines of our own, because the scheme's own library brings another HTTP client with it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_PREFIX = "whsec_"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Message:
    """One message: it has the same id and body at every attempt."""

    id: str
    body: bytes

    def headers(self, secret: str, *, now: datetime) -> Mapping[str, str]:
        """What is said beside the body at this attempt: the id, the second, and the signature of both and the body."""
        seconds = int(now.timestamp())
        return {
            "webhook-id": self.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(secret, self.id, seconds, self.body),
        }


def new_secret() -> str:
    """A secret as the scheme writes it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, seconds: int, body: bytes) -> str:
    """The signature of a message at a second, version 1: HMAC-SHA256."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = hmac.new(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"
