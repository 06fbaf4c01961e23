"""Names of metrics: those that a text of metrics tells of, and those that a query asks for."""

import re

_NOT_METRICS = re.compile(
    r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|\b(?:by|on|group_left|ignoring)\s*\([^)]*\)|\b[\d.]+(?:e\d+)?\b'
)
_WORDS = {"and", "or", "unless", "bool", "offset"}


def told_of(text: str) -> set[str]:
    """Names in Prometheus' text format, those of families without a sample among them."""
    found = set()
    for line in text.splitlines():
        if match := re.match(r"# TYPE (\S+) (\S+)", line):
            name, kind = match.groups()
            ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            found |= {f"{name}{end}" for end in ends}
        elif match := re.match(r"[a-zA-Z_:][\w:]*", line):
            found.add(match[0])
    return found


def asked_for(query: str) -> set[str]:
    """Names of the metrics in a query."""
    bare = _NOT_METRICS.sub(" ", query)
    words = re.findall(r"[a-zA-Z_:][\w:]*(?!\w|:|\s*\()", bare)
    functions = set(re.findall(r"([a-zA-Z_]\w*)\s*\(", bare))
    return set(words) - _WORDS - functions
