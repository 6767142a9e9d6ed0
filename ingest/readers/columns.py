"""Files of columns with types: Parquet, Arrow IPC as a file (Feather 2) and as a stream.

The schema is read first and what it cannot hold is refused; then batch by batch, each checked before anything looks
into it, so that a small file with much in it is stopped where it passes the limits. Every value becomes the text that
a person would write: all digits of whole numbers and decimals, 15 significant ones of a float, days and times in ISO.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import numpy
import pyarrow
import pyarrow.parquet as parquet

from ingest.readers.table import Column, Table, Unreadable, clean, compute, excerpt, for_each
from ingest.submission import Finding

# pyarrow ships no types.
_arrow: Any = pyarrow
_files: Any = parquet
_is: Any = pyarrow.types
_Type: TypeAlias = Any
_Batch: TypeAlias = Any

MOST_ROWS: Final = 5_000_000
MOST_COLUMNS: Final = 1_000
MOST_CELLS: Final = 50_000_000
MOST_BYTES: Final = 400 * 10**6  # uncompressed, as texts
_BATCH_ROWS = 50_000
_STREAM = b"\xff\xff\xff\xff"  # what a message of an Arrow stream continues with
_BEGINNINGS: Final = {b"PAR1": "parquet", b"ARROW1": "arrow", _STREAM: "arrow"}
# pandas writes an index without a name under such a one; it is no column of the sender's.
_INDEX = re.compile(r"__index_level_\d+__")


def kind(content: bytes) -> str | None:
    """Whether the bytes begin as parquet or arrow do; a text may begin with the same letters."""
    named = (name for beginning, name in _BEGINNINGS.items() if content.startswith(beginning))
    return next(named, None) if b"\0" in content[:100] else None


def table(content: bytes) -> Table:
    """Put the columns of a file together as texts; `lines` counts the rows from 1.

    Raises Unreadable.
    """
    format_ = kind(content) or ""
    try:
        schema, batches = _parquet(content) if format_ == "parquet" else _ipc(content)
        texts = _checked(schema)
        chunks = [_texts(batch, texts) for batch in _bounded(batches)]
    except (_arrow.ArrowException, OSError, ValueError, OverflowError) as fault:
        raise Unreadable(_damaged(format_, str(fault))) from fault
    kept = [at for at, name in enumerate(schema.names) if not _INDEX.fullmatch(name)]
    rows = sum(len(chunk[0]) for chunk in chunks if chunk)
    if not rows:
        raise Unreadable(_no_rows())
    columns = tuple(clean(_arrow.chunked_array([chunk[at] for chunk in chunks], _arrow.string())) for at in kept)
    read = Table(
        tuple(unicodedata.normalize("NFC", schema.names[at]).strip() for at in kept),
        columns,
        _arrow.array(numpy.arange(1, rows + 1)),
        None,
        format_,
        [_no_column(name) for name in schema.names if _INDEX.fullmatch(name)],
        texts={
            at: _arrow.array(numpy.ones(rows, dtype=bool)) for at, of in enumerate(kept) if _holds_texts(schema, of)
        },
    )
    return read.without_endless_texts(("Hãy rút ngắn rồi gửi lại.", "Shorten it and send it again."))


def _parquet(content: bytes) -> tuple[Any, Iterator[_Batch]]:
    buffer = _arrow.BufferReader(content)
    described = _files.ParquetFile(buffer)
    groups = (described.metadata.row_group(at) for at in range(described.metadata.num_row_groups))
    _refuse_large(described.metadata.num_rows, described.metadata.num_columns, sum(it.total_byte_size for it in groups))
    # A text that stands there a million times is kept once until it is known how long all of them are.
    names = [each.name for each in described.schema_arrow if _is_text(each.type)]
    file = _files.ParquetFile(_arrow.BufferReader(content), read_dictionary=names)
    batches = file.iter_batches(_BATCH_ROWS, use_threads=False)
    return file.schema_arrow, _as_promised(batches, described.metadata.num_rows)


def _as_promised(batches: Iterator[_Batch], promised: int) -> Iterator[_Batch]:
    rows = 0
    for batch in batches:
        rows += len(batch)
        yield batch
    if rows != promised:
        raise ValueError(f"{rows} rows of {promised}")


def _ipc(content: bytes) -> tuple[Any, Iterator[_Batch]]:
    if content.startswith(_STREAM):
        stream = _arrow.ipc.open_stream(content)
        return stream.schema, iter(stream)
    file = _arrow.ipc.open_file(content)
    return file.schema, (file.get_batch(at) for at in range(file.num_record_batches))


def _bounded(batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """The batches, each held against its own schema before anybody reads it.

    Raises Unreadable where they pass the limits.
    """
    rows = size_bytes = 0
    for batch in batches:
        batch.validate(full=True)
        rows += len(batch)
        size_bytes += sum(_size(column) for column in batch.columns)
        _refuse_large(rows, batch.num_columns, size_bytes)
        yield batch


def _size(column: Column) -> int:
    if not (_is.is_dictionary(column.type) and _is_text(column.type.value_type)):
        return column.nbytes
    lengths = compute.cast(compute.binary_length(compute.cast(column.dictionary, _arrow.binary())), _arrow.int64())
    return compute.sum(lengths.take(column.indices)).as_py() or 0


def _refuse_large(rows: int, columns: int, size_bytes: int) -> None:
    if columns > MOST_COLUMNS or rows > MOST_ROWS or rows * columns > MOST_CELLS or size_bytes > MOST_BYTES:
        raise Unreadable(_too_large(rows, columns, size_bytes))


def _is_text(of: _Type) -> bool:
    return _is.is_string(of) or _is.is_large_string(of)


def _holds_texts(schema: Any, at: int) -> bool:
    of = schema.field(at).type
    of = of.value_type if _is.is_dictionary(of) else of
    return _is_text(of) or _is.is_string_view(of)


def _checked(schema: Any) -> list[Callable[[Column], Column]]:
    """How each column is written as texts.

    Raises Unreadable with all columns that cannot be.
    """
    ways = [_way(each.type) for each in schema]
    wrong = [at for at, way in enumerate(ways) if way is None]
    if wrong:
        raise Unreadable(*for_each(wrong, lambda at: _no_text(schema.names[at], str(schema.field(at).type))))
    return [way for way in ways if way is not None]


def _way(of: _Type) -> Callable[[Column], Column] | None:
    if _is.is_dictionary(of):
        way = _way(of.value_type)
        return way and (lambda column: way(column.dictionary).take(column.indices))
    if _is_text(of) or _is.is_string_view(of) or _is.is_integer(of) or _is.is_decimal(of) or _is.is_null(of):
        return lambda column: column.cast(_arrow.string())
    if _is.is_float64(of):
        return lambda column: _written(column, lambda number: None if math.isnan(number) else f"{number:.15g}")
    if _is.is_floating(of):  # a shorter one is written as briefly as it can be read back
        return lambda column: compute.if_else(compute.is_nan(column), None, column.cast(_arrow.string()))
    if _is.is_boolean(of):
        return lambda column: _written(column, lambda said: "yes" if said else "no")
    if _is.is_date(of) or _is.is_timestamp(of):
        return lambda column: _written(column, _moment)
    return None


def _written(column: Column, write: Callable[[Any], str | None]) -> Column:
    texts = [None if value is None else write(value) for value in column.to_pylist()]
    return _arrow.array(texts, _arrow.string())


def _moment(value: Any) -> str:
    """A day, or the day of a midnight without a zone, which is how other programs keep a day."""
    written = value.isoformat()
    return written.removesuffix("T00:00:00")


def _texts(batch: _Batch, ways: list[Callable[[Column], Column]]) -> list[Column]:
    return [way(column) for way, column in zip(ways, batch.columns, strict=True)]


def _error(rule: str, place: str, found: str, expected: str, vi: str, en: str) -> Finding:
    return Finding(rule, "error", place, found, expected, vi, en)


def _damaged(kind: str, why: str) -> Finding:
    name = kind.capitalize()
    return _error(
        "damaged_file",
        "",
        excerpt(why),
        name,
        f"Tệp {name} bị hỏng hoặc bị cắt ({excerpt(why)}). Hãy xuất lại tệp rồi gửi lại.",
        f"The {name} file is damaged or cut off ({excerpt(why)}). Export it again and send it again.",
    )


def _too_large(rows: int, columns: int, size_bytes: int) -> Finding:
    found = f"{rows} × {columns}, {size_bytes / 10**6:.0f} MB"
    limit = f"≤ {MOST_ROWS} × {MOST_COLUMNS}, {MOST_CELLS} ô, {MOST_BYTES // 10**6} MB"
    return _error(
        "too_large",
        "",
        found,
        limit.replace(" ô", ""),
        f"Tệp có ít nhất {found} sau khi giải nén; nhiều nhất được đọc là {limit}. Hãy chia thành nhiều tệp, ví dụ theo"
        " năm.",
        f"Uncompressed the file has at least {found}; at most {limit.replace(' ô', ' cells')} are read. Split it, for"
        " example by year.",
    )


def _no_text(name: str, kind: str) -> Finding:
    return _error(
        "column_type",
        f'column "{excerpt(name)}"',
        excerpt(kind),
        "string, int, decimal, float, bool, date, timestamp",
        f"Cột “{excerpt(name)}” có kiểu {excerpt(kind)}, không phải một giá trị mỗi ô. Hãy đổi thành chữ, số hoặc ngày,"
        " hoặc bỏ cột này.",
        f"The column “{excerpt(name)}” has the type {excerpt(kind)}, which is not one value a cell. Make it text,"
        " numbers or days, or leave it out.",
    )


def _no_column(name: str) -> Finding:
    return Finding(
        "not_a_column",
        "information",
        "",
        name,
        "",
        f"“{name}” là chỉ mục không tên mà pandas tự ghi, nên không được đọc. Có thể bỏ bằng index=False.",
        f"“{name}” is an index without a name that pandas wrote by itself; it was not read. index=False leaves it out.",
    )


def _no_rows() -> Finding:
    return _error(
        "no_rows",
        "",
        "0",
        "≥ 1",
        "Tệp có các cột nhưng không có dòng số liệu nào. Hãy thêm ít nhất một dòng.",
        "The file has columns but no row of figures. Add at least one.",
    )
