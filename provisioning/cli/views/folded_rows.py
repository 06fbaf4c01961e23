"""Rows of a table that say the same of many hosts, as one."""

import re
from collections.abc import Collection, Hashable, Iterator, Sequence

from rich.text import Text

from .folding import alike, folds, title

_SIZE = re.compile(r"[0-9.]+ [kMGTPEZY]?B|[0-9]+ bytes")


Row = tuple[Text, Sequence[Text]]
"""Its head, which names a host, and the cells."""


def folded_rows(rows: Sequence[Row], summed: Collection[int] = ()) -> Iterator[Row]:
    """The rows. Where there are many, those that are alike but for sizes and for the cells at
    ``summed``, whose numbers are added, become one; the most frequent comes first."""
    by_name = {head.plain: (head, cells) for head, cells in rows}
    said = {name: _said(row, summed) for name, row in by_name.items()}
    for names in alike(said, fold=folds(len(rows))):
        head, cells = by_name[names[0]]
        if len(names) > 1:
            columns = zip(*(by_name[name][1] for name in names), strict=True)
            cells = [
                _sum(column) if index in summed else column[0]
                for index, column in enumerate(columns)
            ]
        yield Text(title(names), head.style), cells


def _said(row: Row, summed: Collection[int]) -> Hashable:
    head, cells = row
    kept = (cell for index, cell in enumerate(cells) if index not in summed)
    return (str(head.style), *((_SIZE.sub("", cell.plain), str(cell.style)) for cell in kept))


def _sum(cells: Sequence[Text]) -> Text:
    numbers = [int(cell.plain) for cell in cells if cell.plain.isdecimal()]
    return Text(str(sum(numbers))) if numbers else cells[0]
