"""Tables that can be read on a terminal of any width."""

from collections.abc import Iterable
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

Justify = Literal["left", "right"]
_BETWEEN = "  "
_VERY_WIDE = 10_000


class FittingTable:
    """Columns where they fit; else each row is its first cell and, indented, the other headings
    each with its cell, as many a line as there is room for."""

    def __init__(self, title: Text | None = None, headings: Iterable[str] = ()) -> None:
        self._title = title
        self._columns: list[tuple[str, Justify]] = [(heading, "left") for heading in headings]
        self._rows: list[list[Text]] = []

    def add_column(self, heading: str, *, justify: Justify = "left") -> None:
        """One more column."""
        self._columns.append((heading, justify))

    def add_row(self, *cells: str | Text) -> None:
        """One more row; cells at its end may be missing."""
        self._rows.append([Text(cell) if isinstance(cell, str) else cell for cell in cells])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """For rich."""
        table = self._table()
        wide = options.update(width=_VERY_WIDE)
        if Measurement.get(console, wide, table).maximum <= options.max_width:
            yield table
            return
        if self._title:
            yield self._title
        for row in self._rows:
            if row:
                yield row[0]
                yield Padding(self._pairs(row, options.max_width - 2), (0, 0, 0, 2))

    def _table(self) -> Table:
        table = Table(title=self._title, title_justify="left", box=None, pad_edge=False)
        for heading, justify in self._columns:
            table.add_column(heading, justify=justify)
        for row in self._rows:
            table.add_row(*row)
        return table

    def _pairs(self, row: list[Text], width: int) -> Text:
        lines: list[Text] = []
        for (heading, _), cell in zip(self._columns[1:], row[1:], strict=False):
            if not cell.plain:
                continue
            pair = Text.assemble((f"{heading} ", "dim"), cell)
            if lines and lines[-1].cell_len + len(_BETWEEN) + pair.cell_len <= width:
                lines[-1] = Text.assemble(lines[-1], _BETWEEN, pair)
            else:
                lines.append(pair)
        return Text("\n").join(lines)
