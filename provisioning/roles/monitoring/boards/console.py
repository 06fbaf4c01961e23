"""Boards as console pages of Prometheus: Go templates that use the library ``cosyvoice.lib``. Pure.

Every text of ours is the string of an action, which Go escapes for where it stands. Values of now
are asked for by the page's template, graphs by its script.
"""

from collections.abc import Iterator, Sequence

from ....languages.go_template import GoTemplate
from ....languages.language import PLAIN
from .board import Board, Panel, Query, Shape, Word

_RANGE = "5m"
"""For rates: longer than four looks at the longest interval that the inventory may have."""


def page_file(board: Board) -> str:
    """Name of the board's page."""
    return f"{board.name}.html"


def console_page(board: Board, boards: Sequence[Board], cluster: str) -> str:
    """One of a cluster's pages, with a menu of all."""
    of = _string(f"cluster={_string(cluster)}")
    chosen = 'printf "%s,node=%q" $cluster $chosen'
    return "\n".join(
        [
            _do(f"$cluster := {of}") + _do("$chosen := .Params.node") + _do("$node := $cluster"),
            _do("if $chosen") + _do(f"$node = {chosen}") + _do("end"),
            _do(f'template "cosyvoice_head" (args {_string(board.title)} {_string(cluster)})'),
            f'<header><span class="cluster">{_said(cluster)}</span><nav>',
            *(_entry(other) for other in boards),
            f"</nav></header><main>{_nodes(board)}",
            f"<h1>{_said(board.title)}</h1>",
            f'<p class="about">{_said(board.about)}</p>',
            *_sections(board),
            _do('template "cosyvoice_tail"'),
            "",
        ]
    )


def _entry(board: Board) -> str:
    words = f"{_string(page_file(board))} {_string(board.title)}"
    return _do(f'template "cosyvoice_entry" (args .Path {words} $chosen)')


def _nodes(board: Board) -> str:
    return _do(f'template "cosyvoice_nodes" (args {_promql(Query(board.nodes))} $chosen)')


def _sections(board: Board) -> Iterator[str]:
    count = 0
    for section in board.sections:
        numbers = [one for one in section.panels if one.shape is Shape.NUMBER]
        others = [one for one in section.panels if one.shape is not Shape.NUMBER]
        yield f"<h2>{_said(section.title)}</h2>"
        if numbers:
            yield from ('<div class="numbers">', *map(_number, numbers), "</div>")
        if others:
            lists = all(panel.shape is Shape.LIST for panel in others)
            yield f'<div class="panels{" lists" if lists else ""}">'
            for panel in others:
                count += 1
                yield _list(panel) if panel.shape is Shape.LIST else _graph(panel, f"plot{count}")
            yield "</div>"


def _number(panel: Panel) -> str:
    (query,) = panel.queries
    promql = _promql(query)
    level = "good" if panel.bounds else "neutral"
    levels = _do(f"$level = {_string(level)}") + "".join(
        _do(f"if ge $v {bound.value:.6f}") + _do(f"$level = {_string(bound.level)}") + _do("end")
        for bound in panel.bounds
    )
    value = _value(". | first | value", panel)
    return "".join(
        (
            _do('$level := "neutral"') + _do(f"$found := query {promql}"),
            # What is no number, as of nothing by nothing, is not equal to itself.
            _do("with $found") + _do("$v := . | first | value") + _do("if eq $v $v"),
            levels + _do("end") + _do("end"),
            f'<div class="panel number {_do("$level")}" title="{_said(panel.about)}">',
            f"<h3>{_said(panel.title)}</h3>",
            f'<a href="{_do("pathPrefix")}/classic/graph?g0.expr={_do(promql)}&amp;g0.tab=0">',
            _do("with $found") + value + _do("else") + "–" + _do("end"),
            "</a></div>",
        )
    )


def _list(panel: Panel) -> str:
    (query,) = panel.queries
    # By the first label of its name first, so that one is sorted by last.
    ordered = "".join(f" | sortByLabel {_string(label)}" for label in reversed(query.labels()))
    return "".join(
        (
            f'<section class="panel">{_heading(panel)}',
            '<div class="rows-scroll"><table class="rows">',
            _do(f"range query {_promql(query)}{ordered}"),
            f"<tr><td>{_legend(query)}</td>{_cell(panel)}</tr>",
            _do("else"),
            f'<tr><td class="nothing">{_said(panel.empty)}</td></tr>',
            _do("end"),
            "</table></div></section>",
        )
    )


def _legend(query: Query) -> str:
    """The name of a row: words of ours and labels, each put out by an action."""
    parts = query.legend_with("\0.Labels.", "\0").split("\0")
    return "".join(
        _do(part) if index % 2 else _said(part) for index, part in enumerate(parts) if part
    )


def _cell(panel: Panel) -> str:
    plain = f'<td class="neutral">{_value(".Value", panel)}</td>'
    cells = plain
    for word in reversed(panel.words):
        cells = _do(f"if eq .Value {word.value}.0") + _word(word) + _do("else") + cells + _do("end")
    return cells


def _word(word: Word) -> str:
    return f'<td class="{_said(word.level)}">{_said(word.text)}</td>'


def _graph(panel: Panel, place: str) -> str:
    queries = ", ".join(_do(_promql(query)) for query in panel.queries)
    legends = ", ".join(_said(query.legend) for query in panel.queries)
    stacked = "true" if panel.stacked else "false"
    how = f"[{queries}], [{legends}], {_said(panel.unit)}, {stacked}"
    return (
        f'<section class="panel">{_heading(panel)}<div class="plot" id="{place}"></div>\n'
        f'<script>cosyvoicePlot("{place}", {how});</script></section>'
    )


def _heading(panel: Panel) -> str:
    about = f'<p class="about">{_said(panel.about)}</p>' if panel.about else ""
    return f"<h3>{_said(panel.title)}</h3>{about}"


def _value(pipeline: str, panel: Panel) -> str:
    return _do(f'template "cosyvoice_value" (args ({pipeline}) {_string(panel.unit)})')


def _promql(query: Query) -> str:
    """The query as the value of an action."""
    for_printf = Query(query.expression.replace("%", "%%"))
    text = for_printf.filled("%[1]s", "%[2]s", _RANGE)
    return f"(printf {_string(text)} $cluster $node)"


def _said(text: str) -> str:
    """An action that puts the text out."""
    return _do(_string(text))


def _do(action: str) -> str:
    return f"{{{{ {action} }}}}"


def _string(text: str) -> str:
    return GoTemplate().written(text, PLAIN)
