"""The audit: who did what to which object, when; a row is only ever appended."""

import json
from typing import Any

from sqlalchemy import Connection, text


def record(connection: Connection, actor: str, act: str, obj: str, **detail: Any) -> None:
    """Record one act, in the transaction of the act itself."""
    connection.execute(
        text("insert into audit (actor, act, object, detail) values (:actor, :act, :object, cast(:detail as jsonb))"),
        {"actor": actor, "act": act, "object": obj, "detail": json.dumps(detail, default=str)},
    )
