"""How fast 100 000 rows become a file: our writer against the bare libraries, without server and database.

`python -m benchmarks.workbook_writers` prints the table; the lines of `make bench` are in `exports.py`. Each
writer runs in a process of its own, so that its peak of memory is its own too. The rows are made while they
are written, as they come from the database; the first line of the table says what making them costs.
"""

import csv
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from openpyxl import Workbook as OpenpyxlWorkbook
from xlsxwriter import Workbook

from lead_system.admin_views.workbook import DAY, MOMENT, MONEY, Cell, Sheet, write_workbook
from lead_system.domain.protection import SHANGHAI

ROWS = 100_000
HEADINGS = (
    "客户编号", "姓名", "手机", "状态", "商铺分类", "经纪人", "经纪人手机", "经纪公司",
    "录入时间", "到期时间", "成交日期", "成交金额",
)  # fmt: skip
BASELINE = "XlsxWriter, constant memory"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Measured(NamedTuple):
    """What one writer took: seconds, the peak of its process in MB, and the size of its file in bytes."""

    seconds: float
    peak: float
    size: int


def rows() -> Iterator[tuple[Cell, ...]]:
    """Make the rows of a list of customers: numbers, names, phones, moments, days and money."""
    for number in range(ROWS):
        entered = BEGIN + timedelta(minutes=number)
        yield (
            number + 1,
            "欧阳" + chr(0x4E00 + number % 20_000),
            f"138****{number % 10_000:04d}",
            ("已录入", "已报备", "已绑定", "已失效", "已成交")[number % 5],
            ("临街商铺", "住宅")[number % 2],
            "王" + chr(0x4E00 + number % 300),
            f"135{number % 300:08d}",
            f"安家置业第{number % 40}分店",
            entered,
            entered + timedelta(days=30) if number % 3 else None,
            date(2026, 1, 1) + timedelta(days=number % 365) if number % 5 == 4 else None,
            Decimal(100_000_000 + 37 * number).scaleb(-2) if number % 5 == 4 else None,
        )


def keep_rows_in_a_list(_path: Path) -> None:
    """Write nothing, but keep all rows as a list: what making them costs, and what keeping them would."""
    kept = list(rows())
    for row in kept:
        list(row)


def write_with_us(path: Path) -> None:
    """Write what an export writes."""
    with path.open("wb") as file:
        write_workbook(file, Sheet("客户", HEADINGS, "说明", lambda written: [("行数", written)]), rows())


def write_with_xlsxwriter(path: Path) -> None:
    """Write the same cells with XlsxWriter alone: no cleaning, no second sheet, no widths."""
    with Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        moment, day, money = (book.add_format({"num_format": look}) for look in (MOMENT, DAY, MONEY))
        for number, row in enumerate(rows()):
            for column, cell in enumerate(row):
                match cell:
                    case str():
                        sheet.write_string(number, column, cell)
                    case datetime():
                        local = cell.astimezone(SHANGHAI).replace(tzinfo=None)
                        sheet.write_datetime(number, column, local, moment)
                    case date():
                        sheet.write_datetime(number, column, cell, day)
                    case Decimal():
                        sheet.write_number(number, column, cell, money)
                    case int():
                        sheet.write_number(number, column, cell)


def write_with_openpyxl(path: Path) -> None:
    """Write the same cells with openpyxl's writer for long tables, in its own formats."""
    book = OpenpyxlWorkbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows():
        sheet.append([_without_zone(cell) for cell in row])
    book.save(path)


def write_csv(path: Path) -> None:
    """Write the same cells as text without types: as fast as it gets, and no workbook."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([_without_zone(cell) for cell in row] for row in rows())


def _without_zone(cell: Cell) -> Cell:
    return cell.astimezone(SHANGHAI).replace(tzinfo=None) if isinstance(cell, datetime) else cell


WRITERS: dict[str, Callable[[Path], None]] = {
    "bare loop over a list of rows": keep_rows_in_a_list,
    "csv": write_csv,
    BASELINE: write_with_xlsxwriter,
    "our export": write_with_us,
    "openpyxl, write_only": write_with_openpyxl,
}


def measure(name: str) -> Measured:
    """Run one writer in this process."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "export")
        started = time.perf_counter()
        WRITERS[name](path)
        seconds = time.perf_counter() - started
        size = path.stat().st_size if path.exists() else 0
    # The kernel counts in kilobytes on Linux, in bytes on macOS.
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return Measured(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, size)


def measure_alone(name: str) -> Measured:
    """Run one writer in a process of its own.

    Linux lets a child begin with the peak of its parent, so none is seen below what Python and the libraries
    take by themselves, about 30 MB.
    """
    command = [sys.executable, "-m", "benchmarks.workbook_writers", name]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(*json.loads(answer.stdout))


def print_table() -> None:
    """Measure every writer once, and print one line for each."""
    measured = {name: measure_alone(name) for name in WRITERS}
    bare = measured[BASELINE].seconds
    print(f"{ROWS:,} rows of {len(HEADINGS)} columns; peak is the whole process, Python included")
    print(f"{'':32}{'seconds':>9}{'ratio':>8}{'peak MB':>9}{'file MB':>9}")
    for name, (seconds, peak, size) in measured.items():
        print(f"{name:32}{seconds:9.1f}{seconds / bare:8.2f}{peak:9.0f}{size / 1e6:9.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        print_table()
