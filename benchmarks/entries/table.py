"""The results as a table. Pure."""

from collections.abc import Callable, Mapping

from benchmarks.entries.measures import Measured
from benchmarks.entries.nodes import JOB_SECONDS

Cell = Callable[[Measured], str]


def table(found: Mapping[str, Measured]) -> str:
    """Rows are measures, columns ways in; times are added to those of the first, a node itself."""
    base = next(iter(found.values()))
    rows: dict[str, Cell] = {
        "new connections a second": lambda m: f"{m.new.each_second:,.0f}",
        "processor for one, µs": lambda m: f"{m.new.processor_each * 1e6:.0f}",
        "requests a second, kept connections": lambda m: f"{m.kept.each_second:,.0f}",
        "processor for one request, µs": lambda m: f"{m.kept.processor_each * 1e6:.0f}",
        "added latency, p50, ms": lambda m: f"{(m.one.p50 - base.one.p50) * 1e3:+.2f}",
        "added latency, p99, ms": lambda m: f"{(m.one.p99 - base.one.p99) * 1e3:+.2f}",
        "sound, MB a second": lambda m: f"{m.sound.bytes / m.sound.seconds / 1e6:,.0f}",
        "processor for 1 MB, µs": _for_a_megabyte,
        "idle connections held": lambda m: f"{m.idle.alive:,} of {m.idle.wanted:,}",
        "memory for one, kB": lambda m: f"{m.idle.memory / 1e3 / max(1, m.idle.held):.1f}",
        "2× overload: jobs, of what the slots can do": _done,
        "2× overload: refused a second": lambda m: (
            f"{m.overload.refused / m.overload.seconds:,.0f}"
        ),
        "2× overload: no answer": lambda m: f"{m.overload.broken:,}",
        "2× overload: p99 of answers, s": lambda m: f"{m.overload.p99:.2f}",
    }
    lines = [f"| | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    lines += [
        f"| {title} | {' | '.join(cell(one) for one in found.values())} |"
        for title, cell in rows.items()
    ]
    return "\n".join(lines)


def _for_a_megabyte(one: Measured) -> str:
    return f"{one.sound.processor / max(1, one.sound.bytes) * 1e12:.0f}"


def _done(one: Measured) -> str:
    return f"{one.overload.each_second * JOB_SECONDS / one.slots:.0%}"
