"""A zip that explains itself: the figures, what they mean, how to cite them, and the sums that prove them.

The same question to the same data gives the same bytes: no file has a date of its own, and all stand in one order.
"""

import hashlib
import zipfile
from collections.abc import Generator

from sqlalchemy import Connection

from service.archive.metadata import COLUMNS, LICENCE_EN, LICENCE_VI, Metadata
from service.archive.points import Statement
from service.exact_json import as_json
from service.formats import delimited
from service.formats.sink import Sink


def bundled(connection: Connection, statement: Statement, about: Metadata) -> Generator[bytes]:
    """data.csv, metadata.json, README.md and SHA256SUMS in a zip, streamed."""
    sink, sums = Sink(), dict[str, str]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("data.csv", delimited.long(connection, statement, "id", None)),
            ("metadata.json", iter([as_json(about.told(), indent=2)])),
            ("README.md", iter([_readme(about).encode()])),
        ):
            digest = hashlib.sha256()
            with archive.open(_entry(name), "w", force_zip64=name == "data.csv") as file:
                for piece in content:
                    digest.update(piece)
                    file.write(piece)
                    yield sink.taken()
            sums[name] = digest.hexdigest()
        archive.writestr(_entry("SHA256SUMS"), "".join(f"{total}  {name}\n" for name, total in sums.items()))
    yield sink.taken()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry


def _readme(about: Metadata) -> str:
    title_vi, title_en = about.title
    cite_vi, cite_en = about.citation
    statuses = about.names()["status"].items()
    return f"""# {title_vi}

- Truy vấn: {about.address}
- Số liệu tính đến: {about.as_of.isoformat()}
- Số quan sát: {about.observations}
- Điều kiện sử dụng: {LICENCE_VI}
- Cách trích dẫn: {cite_vi}

`data.csv` là số liệu (UTF-8, dấu phẩy giữa các cột, dấu chấm thập phân), `metadata.json` nói mã nghĩa là gì.
Kiểm tra tệp bằng `sha256sum -c SHA256SUMS`.

Cột:
{"".join(f"- `{name}`: {vi}; {says}.{chr(10)}" for name, (vi, _, says, _) in COLUMNS.items())}
Trạng thái: {", ".join(f"{code} {vi}" for code, (vi, _) in statuses)}.

# {title_en}

- Query: {about.address}
- As known at: {about.as_of.isoformat()}
- Observations: {about.observations}
- Conditions of use: {LICENCE_EN}
- How to cite: {cite_en}

`data.csv` has the figures (UTF-8, commas between columns, a decimal point), `metadata.json` says what the codes mean.
Check the files with `sha256sum -c SHA256SUMS`.

Columns:
{"".join(f"- `{name}`: {en}; {says}.{chr(10)}" for name, (_, en, _, says) in COLUMNS.items())}
Status: {", ".join(f"{code} {en}" for code, (_, en) in statuses)}.
"""
