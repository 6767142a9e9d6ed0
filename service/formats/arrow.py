"""Parquet and Arrow: columns with types, for R, Python and warehouses.

From COPY through Arrow's own reader of CSV, a batch of rows at a time. ADBC would be twice as fast, but opens a
connection of its own, which sees another ledger than the rest of the request.
"""

import io
from collections.abc import Generator, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from sqlalchemy import Connection

from service.archive.metadata import Metadata
from service.archive.points import Statement
from service.archive.question import ANSWER_COLUMNS
from service.exact_json import as_json
from service.formats import copied
from service.formats.copied import MOMENTS
from service.formats.sink import Sink

BATCH_ROWS = 100_000  # one row group of Parquet


def parquet(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """The answer as a Parquet file."""
    schema, sink = _schema(about), Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for batch in _batches(connection, statement, schema):
            writer.write_batch(batch, row_group_size=BATCH_ROWS)
            yield sink.taken()
    yield sink.taken()


def stream(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """The answer as a stream of Arrow's record batches; each brings its own dictionaries."""
    schema, sink = _schema(about), Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema) as writer:
        yield sink.taken()
        for batch in _batches(connection, statement, schema):
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


_KEY = pa.dictionary(pa.int32(), pa.string())
_MOMENT = pa.timestamp("us", tz="UTC")
_TYPES: dict[str, pa.DataType] = {
    "series": _KEY,
    "period": _KEY,
    # A figure has at the most fifteen digits, all of which a double keeps.
    "value": pa.float64(),
    "status": _KEY,
    "unit_measure": _KEY,
    "published_at": _MOMENT,
    "valid_to": _MOMENT,
    "recorded_at": _MOMENT,
    "submission": pa.int64(),
    "reason": pa.string(),
    "document": _KEY,
    "comment": pa.string(),
    "data_from": pa.date32(),
    "data_to": pa.date32(),
    "derived": pa.list_(pa.string()),
    "computed_from": pa.list_(pa.string()),
}
_LISTS = ("derived", "computed_from")
_BETWEEN = "\x1f"  # which stands between the entries of a list, and in none
_COPIED = (
    {name: name for name in ANSWER_COLUMNS}
    # Before 1906 the country's clocks were off by seconds, which Arrow cannot read.
    | {name: f"(to_json({name} at time zone 'UTC') #>> '{{}}') || 'Z'" for name in MOMENTS}
    | {name: f"array_to_string({name}, '{_BETWEEN}')" for name in _LISTS}
)
_READ = pcsv.ReadOptions(column_names=ANSWER_COLUMNS, block_size=1 << 22)
_PARSE = pcsv.ParseOptions(newlines_in_values=True)
# COPY writes an empty text in quotes, and nothing for what is null.
_CONVERT = pcsv.ConvertOptions(
    column_types={name: pa.string() if name in _LISTS else kind for name, kind in _TYPES.items()},
    null_values=[""],
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
)


def _schema(about: Metadata) -> Any:
    """The columns, with what is to be known about the answer in the metadata `chiso`."""
    fields = [pa.field(name, _TYPES[name]) for name in ANSWER_COLUMNS]
    return pa.schema(fields, metadata={b"chiso": as_json(about.told())})


def _batches(connection: Connection, statement: Statement, schema: Any) -> Iterator[Any]:
    with copied.lines(connection, statement, _COPIED, header=False) as lines:
        block, count = bytearray(), 0
        for line in lines:
            block += line
            count += 1
            if count == BATCH_ROWS:
                yield _batch(block, schema)
                block, count = bytearray(), 0
        if count:
            yield _batch(block, schema)


def _batch(block: bytearray, schema: Any) -> Any:
    read = pcsv.read_csv(io.BytesIO(block), read_options=_READ, parse_options=_PARSE, convert_options=_CONVERT)
    whole = read.unify_dictionaries().combine_chunks()
    columns = [_split(whole[name]) if name in _LISTS else whole[name] for name in ANSWER_COLUMNS]
    (batch,) = pa.Table.from_arrays(columns, schema=schema).combine_chunks().to_batches()
    return batch


def _split(texts: Any) -> Any:
    return pc.call_function("split_pattern", [texts], pc.SplitPatternOptions(_BETWEEN))
