"""Lines of a CSV file with a header, each with where it stands, for the sentence if it is wrong."""

import csv
import pathlib
from collections.abc import Iterator, Sequence


def csv_lines(path: pathlib.Path, required: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each line's place, such as "x.csv, line 2", and its fields by column.

    Raises ValueError where the file lacks a column.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in required if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path} lacks the column {', '.join(missing)}")
        for line in reader:
            yield f"{path}, line {reader.line_num}", line
