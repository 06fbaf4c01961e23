"""The line under a result: how it was made, and which node made it. Pure."""

from html import escape

from app.outputs.record import OutputRecord
from app.web import labels


def result_html(record: OutputRecord, seconds_taken: float) -> str:
    """The facts of an output."""
    return (
        f'<p class="made">{labels.NODE} <strong class="node">{escape(record.node)}</strong>'
        f" · {record.duration:.1f} s · 用时 took {seconds_taken:.2f} s"
        f" · {labels.SEED} {record.seed}</p>"
    )
