"""The child process that unpacks one spreadsheet: a small file may unpack to more than there is memory.

Run by portal.subjects.sheets as `python -m portal.subjects.workbook`; the file comes on descriptor 0, the
cells of its first sheet leave as one JSON array a line, and a line of its own says that this was the end.
"""

from __future__ import annotations

import io
import json
import resource
import signal
import sys
import zipfile

from openpyxl import load_workbook

from portal.subjects.cells import END, plain

MAX_UNPACKED = 200 * 1024 * 1024
MAX_COLUMNS = 50
WALL_SECONDS = 30
_LIMITS = (
    (resource.RLIMIT_AS, 512 * 1024 * 1024),
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
)


def main() -> None:
    """Answer for one spreadsheet; whatever is wrong with it, the end is not said."""
    for limit, value in _LIMITS:
        resource.setrlimit(limit, (value, value))
    signal.alarm(WALL_SECONDS)
    file = io.BytesIO(sys.stdin.buffer.read())
    with zipfile.ZipFile(file) as packed:
        if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
            sys.exit(1)
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    for row in book.worksheets[0].iter_rows(values_only=True):
        cells = [plain("" if cell is None else str(cell)) for cell in row[:MAX_COLUMNS]]
        sys.stdout.write(json.dumps(cells) + "\n")
    sys.stdout.write(json.dumps(END) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
