"""What is told of recurring tables: which layout read them, and what it does not know."""

import re
from collections.abc import Iterable, Sequence

from ingest.layout import Layout, words_of
from ingest.place import place
from ingest.readers.table import excerpt
from ingest.spelling import nearest
from ingest.submission import Finding

_SHOWN = 20


def unknown_workbook(names: Sequence[str], layouts: Sequence[Layout]) -> Finding:
    """Nothing in a workbook is ours: no template, no long format, no table that a layout knows."""
    shown = _listed(names)
    wanted = layouts[0].code if len(layouts) == 1 else ""
    which_vi = f"khai báo bố cục {wanted}" if wanted else "khai báo bố cục nào"
    which_en = f"the layout {wanted}" if wanted else "any layout"
    return Finding(
        "unknown_workbook",
        "error",
        "",
        shown,
        wanted or "Nhập liệu",
        "Tệp Excel này không phải biểu mẫu của chúng tôi, trang tính đầu không có các cột indicator, reporting_unit,"
        f" period, value, và không bảng nào có tiêu đề thuộc {which_vi}; các trang tính: {shown}."
        " Hãy nhập số liệu vào biểu mẫu (chiso template), hoặc soạn bố cục cho tệp này (chiso layout draft TỆP).",
        "This workbook is not one of our templates, its first sheet has no columns indicator, reporting_unit, period,"
        f" value, and no table in it has a title of {which_en}; its sheets are {shown}."
        " Fill in a template (chiso template), or draft a layout for this file (chiso layout draft FILE).",
    )


def hidden_sheets(names: Sequence[str]) -> Finding:
    """Sheets that Excel does not show were not looked at: they often hold last year's tables."""
    shown = _listed(names)
    return Finding(
        "hidden_sheet",
        "information",
        "",
        shown,
        "",
        f"Các trang tính bị ẩn không được đọc: {shown}. Nếu cần đọc, hãy bỏ ẩn rồi gửi lại.",
        f"Hidden sheets were not read: {shown}. Where one is meant, show it and send the file again.",
    )


def sheets_not_read(names: Sequence[str]) -> Finding:
    """Sheets without a table that a layout knows."""
    shown = _listed(names)
    return Finding(
        "sheet_not_read",
        "information",
        "",
        shown,
        "",
        f"{len(names)} trang tính không có bảng nào thuộc các khai báo bố cục nên không được đọc: {shown}."
        " Muốn đọc, hãy soạn bố cục (chiso layout draft).",
        f"{len(names)} sheets hold no table that a layout knows and were not read: {shown}."
        " To have one read, draft a layout for it (chiso layout draft).",
    )


def sheet_too_long(name: str, rows: int, most: int) -> Finding:
    """A sheet that is too long to be a table laid out to be printed."""
    return Finding(
        "sheet_not_read",
        "information",
        place(name, None, None),
        str(rows),
        f"≤ {most}",
        f"Trang tính có {rows} dòng; bố cục chỉ đọc bảng đến {most} dòng nên trang này không được đọc."
        " Hãy gửi số liệu dạng danh sách dài (CSV).",
        f"The sheet has {rows} rows; layouts read tables of up to {most}, and it was not read."
        " Send the figures as a long list (CSV).",
    )


def read_by(at: str, layout: Layout, title: str, figures: int) -> Finding:
    """Which layout read a table, and how many figures came of it."""
    return Finding(
        "read_by_layout",
        "information",
        at,
        str(figures),
        f"{layout.code} {layout.version}",
        f"Bảng “{excerpt(title, 120)}” được đọc theo bố cục {layout.code}, phiên bản {layout.version}:"
        f" {figures} số liệu.",
        f"The table “{excerpt(title, 120)}” was read by the layout {layout.code}, version {layout.version}:"
        f" {figures} figures.",
    )


def columns_ignored(at: str, headings: Sequence[str]) -> Finding:
    """Columns that the layout leaves out."""
    shown = _listed(headings)
    return Finding(
        "column_ignored",
        "information",
        at,
        shown,
        str(len(headings)),
        f"Bố cục bỏ qua {len(headings)} cột của bảng này: {shown}.",
        f"The layout leaves out {len(headings)} columns of this table: {shown}.",
    )


def rows_skipped(at: str, labels: Sequence[str]) -> Finding:
    """Rows that the layout leaves out."""
    shown = _listed(labels)
    return Finding(
        "row_skipped",
        "information",
        at,
        shown,
        str(len(labels)),
        f"Bố cục bỏ qua {len(labels)} dòng của bảng này: {shown}.",
        f"The layout leaves out {len(labels)} rows of this table: {shown}.",
    )


def text_not_read(at: str, text: str) -> Finding:
    """A line of text below or between the rows that no layout expects."""
    return Finding(
        "text_in_table",
        "information",
        at,
        excerpt(text),
        "",
        f"Dòng chữ “{excerpt(text)}” không có số liệu và không thuộc bố cục nên không được đọc.",
        f"The text “{excerpt(text)}” has no figures, is not in the layout, and was not read.",
    )


def rows_left(at: str, count: int) -> Finding:
    """Rows with figures on a sheet of which a layout read another part."""
    return Finding(
        "rows_not_read",
        "information",
        at,
        str(count),
        "",
        f"Từ đây có {count} dòng số liệu nằm ngoài các bảng mà bố cục biết nên không được đọc.",
        f"From here on {count} rows with figures lie outside the tables that a layout knows and were not read.",
    )


def two_layouts(at: str, title: str, layouts: Sequence[Layout]) -> Finding:
    """A title that two layouts claim."""
    codes = ", ".join(layout.code for layout in layouts)
    return Finding(
        "two_layouts",
        "error",
        at,
        excerpt(title, 120),
        codes,
        f"Bảng “{excerpt(title, 120)}” khớp với nhiều bố cục: {codes}."
        " Hãy chọn một bố cục khi gửi, hoặc sửa mẫu tiêu đề của chúng.",
        f"The table “{excerpt(title, 120)}” fits more than one layout: {codes}."
        " Name one when you send the file, or mend the patterns of their titles.",
    )


def title_nearly_known(at: str, title: str, layout: Layout) -> Finding:
    """A title that is a little different from one that a layout knows; its table was not read."""
    name_vi, name_en = layout.name_vi, layout.name_en
    return Finding(
        "title_nearly_known",
        "warning",
        at,
        excerpt(title, 120),
        layout.code,
        f"Bảng “{excerpt(title, 120)}” không được đọc: tiêu đề gần giống bảng của bố cục {layout.code} ({name_vi})"
        " nhưng khác vài chữ hoặc số. Nếu vẫn là bảng đó, hãy sửa tiêu đề; nếu nội dung đã đổi (giá gốc, phạm vi), hãy"
        " soạn bố cục mới.",
        f"The table “{excerpt(title, 120)}” was not read: its title is nearly one of the layout {layout.code}"
        f" ({name_en}), but for a few words or a number. If it is still that table, mend the title; if its meaning"
        " changed (base year, coverage), write a new layout.",
    )


def no_row_known(at: str, layout: Layout) -> Finding:
    """A title is known, but none of the rows below it."""
    return Finding(
        "no_row_known",
        "error",
        at,
        "",
        f"{layout.code} {layout.version}",
        f"Dưới tiêu đề này không có dòng nào mà bố cục {layout.code}, phiên bản {layout.version}, biết."
        " Hãy kiểm tra các dòng, hoặc sửa bố cục (chiso layout try).",
        f"Below this title stands no row that the layout {layout.code}, version {layout.version}, knows."
        " Check the rows, or mend the layout (chiso layout try).",
    )


def unit_of_measure_differs(at: str, stands: str, wanted: str, layout: Layout) -> Finding:
    """The unit of measure is not the one that the layout reads."""
    there_vi = f"“{excerpt(stands)}”" if stands else "không ghi gì"
    there_en = f"“{excerpt(stands)}” stands there" if stands else "nothing stands there"
    return Finding(
        "unit_of_measure_differs",
        "error",
        at,
        excerpt(stands),
        wanted,
        f"Đơn vị tính: {there_vi}, nhưng bố cục {layout.code}, phiên bản {layout.version}, cần “{wanted}”."
        " Phần này không được đọc; hãy gửi số liệu theo đơn vị tính đó, hoặc soạn bố cục mới.",
        f"Unit of measure: {there_en}, but the layout {layout.code}, version {layout.version}, wants “{wanted}”."
        " This was not read; send the figures in that unit of measure, or write a new layout.",
    )


def refused_heading(at: str, heading: str, vi: str, en: str) -> Finding:
    """A heading that is known to mean something else now."""
    return Finding("meaning_changed", "error", at, excerpt(heading, 120), "", vi, en)


def unknown_heading(at: str, heading: str, layout: Layout) -> Finding:
    """A heading that no pattern of the layout knows."""
    near = _nearest_pattern(heading, [column.heading for column in layout.columns])
    near_vi = f" Gần nhất là “{near}”." if near else ""
    near_en = f" The nearest that it knows is “{near}”." if near else ""
    return Finding(
        "unknown_heading",
        "error",
        at,
        excerpt(heading, 120),
        near,
        f"Tiêu đề cột “{excerpt(heading, 120)}” không có trong bố cục {layout.code}, phiên bản {layout.version};"
        f" cột này không được đọc.{near_vi} Hãy sửa tiêu đề, hoặc bổ sung bố cục.",
        f"The layout {layout.code}, version {layout.version}, does not know the heading “{excerpt(heading, 120)}”;"
        f" the column was not read.{near_en} Mend the heading, or add it to the layout.",
    )


def figures_without_heading(at: str, layout: Layout) -> Finding:
    """A column of figures below no heading."""
    return Finding(
        "unknown_heading",
        "error",
        at,
        "",
        f"{layout.code} {layout.version}",
        "Cột này có số liệu nhưng không có tiêu đề nên không được đọc. Hãy ghi tiêu đề, hoặc xóa các số ngoài bảng.",
        "This column has figures but no heading and was not read. Give it a heading, or delete figures beside the"
        " table.",
    )


def growth_for_index(at: str, heading: str, middle: str, base: str) -> Finding:
    """The figures of a column are too small to be the index that its heading says."""
    shown = middle.replace(".", ",")
    return Finding(
        "growth_for_index",
        "error",
        at,
        middle,
        base,
        f"Cột “{excerpt(heading, 120)}” được đọc là chỉ số (cùng kỳ = {base}), nhưng số ở giữa của cột là {shown},"
        f" giống tốc độ tăng hơn; cột này không được đọc. Nếu là tốc độ tăng, hãy cộng {base} vào các ô; nếu không, hãy"
        " kiểm tra lại tiêu đề và số liệu.",
        f"The column “{excerpt(heading, 120)}” is read as an index (same period = {base}), but its middle figure is"
        f" {middle}, which looks like growth; the column was not read. If it is growth, add {base} to the cells; else"
        " check the heading and the figures.",
    )


def unknown_status(at: str, word: str, known: Sequence[str]) -> Finding:
    """A word for the status that the layout does not know."""
    return Finding(
        "unknown_heading",
        "error",
        at,
        word,
        ", ".join(known),
        f"Tiêu đề ghi trạng thái “{word}”, bố cục chỉ biết: {', '.join(known)}. Cột này không được đọc; hãy bổ sung"
        " bố cục.",
        f"The heading says the status “{word}”, the layout knows {', '.join(known)}. The column was not read; add the"
        " word to the layout.",
    )


def no_period(at: str, heading: str, title: str) -> Finding:
    """A heading that is known, but says no period, or one that there is not."""
    return Finding(
        "heading_without_period",
        "error",
        at,
        excerpt(heading, 120),
        excerpt(title, 120),
        f"Tiêu đề cột “{excerpt(heading, 120)}” và tiêu đề bảng “{excerpt(title, 120)}” không cho biết đúng một kỳ;"
        " cột này không được đọc. Hãy ghi rõ tháng, quý, năm.",
        f"The heading “{excerpt(heading, 120)}” and the title “{excerpt(title, 120)}” do not say one period;"
        " the column was not read. Write month, quarter and year.",
    )


def year_to_come(at: str, heading: str, beside: str) -> Finding:
    """A sum since 1 January headed by a year that the table's months do not end."""
    return Finding(
        "year_to_come",
        "error",
        at,
        excerpt(heading, 120),
        excerpt(beside, 120),
        f"Tiêu đề “{excerpt(heading, 120)}” chỉ ghi năm, tức là cả năm, nhưng bảng này không có cột nào của tháng 12"
        f" hay quý IV năm đó (có “{excerpt(beside)}”); cột này không được đọc. Hãy ghi rõ số cộng dồn đến tháng nào,"
        " hoặc bỏ cột dự báo cả năm.",
        f"The heading “{excerpt(heading, 120)}” names only a year, that is all of it, but no column of this table is"
        f" about December or the fourth quarter of it (there is “{excerpt(beside)}”); the column was not read."
        " Write up to which month the sum goes, or leave a forecast of the whole year out.",
    )


def title_of_another_year(at: str, said: str, years: Sequence[str]) -> Finding:
    """The title's year is that of no column."""
    shown = ", ".join(years)
    return Finding(
        "title_of_another_year",
        "warning",
        at,
        said,
        shown,
        f"Tiêu đề bảng ghi năm {said}, nhưng các cột là số liệu của năm {shown} và được đọc theo tiêu đề cột."
        " Hãy kiểm tra: tiêu đề bảng hoặc tiêu đề cột còn của năm khác.",
        f"The title says {said}, but the columns are about {shown} and were read as their headings say."
        " Check them: the title or the headings were left from another year.",
    )


def read_unseen(at: str, rows: Sequence[int], columns: Sequence[str]) -> Finding:
    """Hidden rows and columns belong to the table and are read like the others."""
    vi = [f"{what}: {_listed(each)}" for what, each in (("dòng", [*map(str, rows)]), ("cột", columns)) if each]
    en = [f"{what} {_listed(each)}" for what, each in (("rows", [*map(str, rows)]), ("columns", columns)) if each]
    return Finding(
        "hidden_figures",
        "information",
        at,
        "; ".join(en),
        "",
        f"Bảng có phần bị ẩn nhưng vẫn được đọc ({'; '.join(vi)}). Nếu không muốn gửi các số đó, hãy xóa chúng.",
        f"Parts of the table are hidden and were read all the same ({'; '.join(en)})."
        " Where they are not meant, delete them.",
    )


def two_columns(at: str, heading: str, other: str, other_heading: str) -> Finding:
    """Two columns that would give one observation two values."""
    return Finding(
        "two_columns_alike",
        "error",
        at,
        excerpt(heading, 120),
        other,
        f"Cột này (“{excerpt(heading)}”) và cột {other} (“{excerpt(other_heading)}”) là cùng một chỉ tiêu và kỳ nên"
        " cả hai không được đọc. Hãy sửa tiêu đề, hoặc bỏ một cột.",
        f"This column (“{excerpt(heading)}”) and column {other} (“{excerpt(other_heading)}”) are one indicator and"
        " period, and neither was read. Mend the heading, or leave one out.",
    )


def unknown_row(at: str, label: str, layout: Layout, known: Iterable[str]) -> Finding:
    """A row with figures whose label the layout does not know."""
    near = next(iter(nearest(label, known)), "")
    near_vi = f" Gần nhất là “{near}”." if near else ""
    near_en = f" The nearest that it knows is “{near}”." if near else ""
    return Finding(
        "unknown_row",
        "error",
        at,
        excerpt(label, 120),
        near,
        f"Dòng “{excerpt(label, 120)}” có số liệu nhưng không có trong bố cục {layout.code}, phiên bản"
        f" {layout.version}; dòng này không được đọc.{near_vi} Hãy sửa tên dòng, hoặc bổ sung bố cục.",
        f"The row “{excerpt(label, 120)}” has figures, but the layout {layout.code}, version {layout.version}, does"
        f" not know it; it was not read.{near_en} Mend the label, or add it to the layout.",
    )


def heading_with_figures(at: str, label: str, layout: Layout) -> Finding:
    """A row that only heads a list, but has figures."""
    return Finding(
        "unknown_row",
        "error",
        at,
        excerpt(label, 120),
        layout.code,
        f"“{excerpt(label, 120)}” là dòng mở đầu danh sách trong bố cục {layout.code} nhưng có số liệu; các số này"
        " không được đọc. Hãy bỏ số, hoặc khai báo dòng này trong bố cục (label).",
        f"“{excerpt(label, 120)}” only heads a list in the layout {layout.code}, but has figures; they were not read."
        " Take them out, or declare the row in the layout (label).",
    )


def figures_without_label(at: str) -> Finding:
    """Figures in a row that nothing names."""
    return Finding(
        "unknown_row",
        "error",
        at,
        "",
        "",
        "Dòng này có số liệu nhưng không có tên nên không được đọc. Hãy ghi tên dòng, hoặc xóa các số.",
        "This row has figures but no label and was not read. Give it a label, or delete the figures.",
    )


def no_numbers(at: str, texts: Sequence[str]) -> Finding:
    """Words where figures are expected."""
    shown = excerpt(" ".join(texts))
    return Finding(
        "value_is_a_number",
        "error",
        at,
        shown,
        "",
        f"Dòng này ghi “{shown}” ở chỗ số liệu. Hãy nhập số, hoặc “...” nếu không có số liệu.",
        f"This row says “{shown}” where figures belong. Type numbers, or “...” where there is none.",
    )


def decided_by_size(at: str, text: str, value: str) -> Finding:
    """A number typed as text that only the size of the column's other numbers decides."""
    return Finding(
        "decided_by_size",
        "warning",
        at,
        text,
        value,
        f"“{text}” được nhập dạng chữ; theo độ lớn của các số khác trong cột, ô này được đọc là"
        f" {value.replace('.', ',')}. Hãy kiểm tra và nhập lại dạng số.",
        f"“{text}” was typed as text; by the size of the column's other numbers it was read as {value}."
        " Check it, and type it as a number.",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{excerpt(name, 60)}”" for name in names[:_SHOWN])
    return shown + (f", … ({len(names)})" if len(names) > _SHOWN else "")


def _nearest_pattern(heading: str, patterns: Sequence[str]) -> str:
    """The pattern that a heading comes nearest to, as it stands in the layout; its signs and numbers do not count."""
    plain = {words_of(pattern): pattern for pattern in reversed(patterns)}
    return next((plain[text] for text in nearest(re.sub(r"\d+", " ", heading), plain)), "")
