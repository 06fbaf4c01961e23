"""The line that matters among all that pip says. Pure."""

import re
from collections.abc import Sequence

_ERROR = re.compile(r"\s*ERROR: (\S.*)")
_RETRIES = re.compile(r"WARNING: Retrying .* connection broken by '(.*)': /")
_CAUSE = re.compile(r"\[Errno [^\]]+\] [^'\")]+")
_NOISE = re.compile(
    r"\s*$|\[notice\]|Looking in |WARNING: (Running pip as|You are using pip|The script)"
)
_UNFOUND = "Could not find a version"
_OF_BUILD = re.compile(r"Failed (to build|building)|subprocess-exited|Could not build")
_LAST_LINES = 12


def reason(said: Sequence[str]) -> str:
    """Say why pip failed, from its lines: its first error, or, where it found nothing as no index
    answered, that. What a build says is needed to mend it, so of that the last lines follow."""
    errors = [found[1] for line in said if (found := _ERROR.match(line))]
    errors = [error for error in errors if not error.startswith("Ignored the following")]
    if not errors:
        return _last_lines(said)
    if errors[0].startswith(_UNFOUND) and (why := _unreachable(said)):
        return f"the package index does not answer: {why}"
    return f"{errors[0]}\n{_last_lines(said)}" if _OF_BUILD.match(errors[0]) else errors[0]


def _unreachable(said: Sequence[str]) -> str | None:
    tries = [found[1] for line in said if (found := _RETRIES.match(line))]
    if not tries:
        return None
    cause = _CAUSE.search(tries[-1])
    return cause[0].strip() if cause else tries[-1]


def _last_lines(said: Sequence[str]) -> str:
    kept = [line for line in said if not _NOISE.match(line)]
    return "\n".join(kept[-_LAST_LINES:])
