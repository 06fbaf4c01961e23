"""The trace that a request belongs to, by W3C's Trace Context (https://www.w3.org/TR/trace-context)."""

import re
from collections.abc import Iterable

_HEADER = b"traceparent"
# A version that is not known yet may have more behind it.
_FORM = re.compile(
    rb"(?!ff)(?:00-(?P<first>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}"
    rb"|(?!00)[0-9a-f]{2}-(?P<later>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)"
)


def trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The trace's id; empty where none, several or a wrong one was sent."""
    sent = [value for name, value in headers if name == _HEADER]
    if len(sent) != 1 or not (found := _FORM.fullmatch(sent[0])):
        return ""
    told: bytes = found["first"] or found["later"]
    return told.decode() if told.strip(b"0") else ""
