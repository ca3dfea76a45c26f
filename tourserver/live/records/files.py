"""A record as files: CSV (RFC 4180) and XLSX.

A cell that a spreadsheet would take for a formula is kept from it: people write the cells. In CSV it begins with an
apostrophe (OWASP, "CSV Injection"); in XLSX it is stored as text, which is never calculated.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Final

import xlsxwriter

from tourserver.live.records.tables import Cell, Record, Table

_FORMULA: Final = re.compile(r"^[\s\x00-\x20\ufeff\u200b-\u200f]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]")
"""What Excel, LibreOffice and others may calculate: also behind blanks, and the wide forms of East Asian input."""
LONGEST_CELL: Final = 32_000
"""Characters; Excel's own limit is 32,767."""
WIDEST_COLUMN: Final = 60


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might calculate a cell with this text."""
    return bool(_FORMULA.search(text))


def safe(cell: Cell) -> str:
    """A cell of a CSV file."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    text = cell.replace("\x00", "")
    return f"'{text}" if is_formula(text) else text


def as_csv(table: Table) -> bytes:
    """One table in UTF-8 with a byte order mark, by which Excel knows the encoding."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(column) for column in table.columns])
    writer.writerows([safe(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def as_xlsx(record: Record) -> bytes:
    """All tables, a sheet each; every text is text."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        body = book.add_format({"text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})
        for table in record.tables:
            sheet = book.add_worksheet(_sheet_name(table.title))
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.columns):
                sheet.write_string(0, column, title, head)
                longest = max([len(title), *(_width(row[column]) for row in table.rows)])
                sheet.set_column(column, column, min(longest + 2, WIDEST_COLUMN))
            for number, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        sheet.write_number(number, column, cell, body)
                    elif isinstance(cell, date):
                        sheet.write_datetime(number, column, cell, day)
                    elif cell:
                        sheet.write_string(number, column, _xml_text(cell)[:LONGEST_CELL], body)
            if table.rows:
                sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    return out.getvalue()


def _width(cell: Cell) -> int:
    return 10 if isinstance(cell, date) else max((len(line) for line in str(cell or "").split("\n")), default=0)


def _sheet_name(title: str) -> str:
    """Excel allows 31 characters and not these."""
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31]


def _xml_text(text: str) -> str:
    """Without what XML 1.0 can't hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
