"""Log of the scripts that are sent to hosts: their sizes, and on request their text."""

import logging
import re
from collections.abc import Iterable

_log = logging.getLogger(__name__)

_PAYLOAD = re.compile(r"(<<'BASE64')\n(.*?)BASE64$", re.DOTALL | re.MULTILINE)


def log_script(host: str, purpose: str, script: str, parts: Iterable[tuple[str, str]]) -> None:
    """Log a script about to be sent. ``parts`` are its fragments by name, for their text."""
    _log.info("%s: %s: script of %d bytes", host, purpose, len(script))
    if _log.isEnabledFor(logging.DEBUG):
        for name, text in parts:
            _log.debug("%s: %s: %s\n%s", host, purpose, name, without_payload(text))


def without_payload(script: str) -> str:
    """The script without contents of files, which may be secret in a form that nothing finds."""
    return _PAYLOAD.sub(lambda found: f"{found[1]} ({len(found[2])} bytes not shown)", script)
