"""Values as they stand in an inventory that is written, in YAML's flow style. Pure."""

import json
import re
from collections.abc import Mapping, Sequence

# What YAML 1.1 and 1.2 take for something else than text: a number, a truth, nothing.
_OTHER = re.compile(
    r"[-+]?[0-9.][0-9_.:]*([eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+|[+-]?\.(inf|nan)"
    r"|true|false|yes|no|on|off|null|y|n",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z0-9/~][A-Za-z0-9_./:@-]*[A-Za-z0-9_/]|[A-Za-z0-9]")


def scalar(text: str) -> str:
    """The text as it is where YAML takes it so, else in quotes (JSON's are YAML's)."""
    dotted = re.fullmatch(r"\d+\.\d+\.\d+\.\d+", text)
    plain = _PLAIN.fullmatch(text) and (dotted or not _OTHER.fullmatch(text))
    return text if plain else json.dumps(text, ensure_ascii=False)


def flow(value: object) -> str:
    """A value on one line: text, number, truth, or a list or mapping of such."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{scalar(str(key))}: {flow(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(flow, value))}]"
    return str(value)
