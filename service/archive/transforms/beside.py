"""The series that are looked at beside those that are asked for, and the points of both in one table."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from service.archive.derivation import CUT_OFF, traced
from service.archive.transforms.words import RANKS, SHARES, Transform


def beside(connection: Connection, series: Sequence[int], wanted: Transform) -> list[int] | None:
    """The series that are looked at beside these: the wholes of a share, the peers of a rank; None where none are."""
    if wanted.name not in (*SHARES, *RANKS):
        return None
    question = _WHOLES if wanted.name in SHARES else _PEERS
    return list(connection.execute(text(question), {"series": list(series)}).scalars())


# Of which frequency the stored figures are: those of another one are neither peers nor wholes.
_STORED = "coalesce(left(computed_from[1], 1), frequency) as stored_frequency"
_ALSO = (_STORED, f"{CUT_OFF} as own_cut")
TAGGED = f"({traced('points', 'true as asked', *_ALSO)} union all {traced('beside', 'false as asked', *_ALSO)})"

_WHOLES = """
select whole.id
from series as part
join series as whole using (frequency, indicator, accumulation, source)
join reporting_unit on reporting_unit.code = whole.reporting_unit
where part.id = any(:series) and whole.breakdown = '_T'
    and case when part.breakdown = '_T' then level = 'nation' else whole.reporting_unit = part.reporting_unit end
group by whole.id
"""
_PEERS = """
select peer.id
from series as one
join series as peer using (frequency, indicator, accumulation, source, breakdown)
join reporting_unit as of_one on of_one.code = one.reporting_unit
join reporting_unit as of_peer on of_peer.code = peer.reporting_unit
where one.id = any(:series) and of_one.level = of_peer.level
group by peer.id
"""
