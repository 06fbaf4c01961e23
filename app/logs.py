"""Logs as JSON lines on standard output, each with the id of the request it belongs to."""

import io
import json
import logging
import re
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from .log_file import LogFileHandler
from .private_texts import TEXT, TEXTS, told_of, without

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Set by the access log for the time of a request, and by a worker for the time of a job."""

LEVELS = ("debug", "info", "warning", "error")

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters that a reader may take for the end of a line, a terminal for a command, or that UTF-8
cannot encode."""

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonLines(logging.Formatter):
    """Formatter of log records as JSON objects; ``extra`` fields become keys of their own."""

    def __init__(self, node: str, *, texts: bool = False, key: bytes = b"") -> None:
        super().__init__()
        self._node = node
        self._texts = texts
        self._key = key

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "node": self._node,
            "message": self._message(record),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if TEXT in line and not self._texts:
            line |= told_of(str(line.pop(TEXT)), self._key)
        if record.exc_info:
            line["exception"] = self._shown(self.formatException(record.exc_info))
        text = json.dumps(line, ensure_ascii=False, default=str)
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

    def _message(self, record: logging.LogRecord) -> str:
        if self._texts:
            return record.getMessage()
        if not record.name.startswith("app."):
            # Libraries put what they tell of into the message itself.
            return str(self._shown(record.getMessage()))
        if not record.args:
            return record.getMessage()
        words = record.args
        if isinstance(words, tuple):
            return str(record.msg) % tuple(map(self._shown, words))
        return str(record.msg) % {key: self._shown(word) for key, word in words.items()}

    def _shown(self, value: Any) -> Any:
        if self._texts or value is None or isinstance(value, bool | int | float):
            return value
        return without(str(value), TEXTS.get())


def set_up(
    level: str, node: str, *, file: Path | None = None, texts: bool = False, key: bytes = b""
) -> None:
    """Send everything that is logged or warned of in this process to standard output, which is
    ``file`` if it is one. ``texts``: what people had spoken is in it, too; ``key`` is that of the
    hashes that are there otherwise."""
    handler = LogFileHandler(file)
    handler.setFormatter(JsonLines(node, texts=texts, key=key))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # They tell of every request and selector at INFO or DEBUG; the access log is ours.
    for noisy in ("httpx", "httpcore", "asyncio", "multipart", "python_multipart"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def capture_prints() -> None:
    """Log what this process prints, line by line. Gradio prints tracebacks with what a client has
    sent in them, and a line break in that would begin a line of the client's own. From now on it
    also looks for a new log file by itself: threads begun before would not outlive a fork."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogFileHandler):
            handler.watch()
    sys.stdout = Printed(logging.getLogger("app.printed"), logging.INFO, sys.stdout)
    sys.stderr = Printed(logging.getLogger("app.printed"), logging.WARNING, sys.stderr)


class Printed(io.TextIOBase):
    """A text stream each line of which becomes a record of the log."""

    def __init__(self, log: logging.Logger, level: int, instead_of: TextIO) -> None:
        self._log = log
        self._level = level
        self._instead_of = instead_of
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """Take a piece of text; it is logged when its line ends."""
        if getattr(self._begun, "logging", False):
            # The log itself has trouble, and says so.
            return self._instead_of.write(text)
        *lines, self._begun.line = (getattr(self._begun, "line", "") + text).split("\n")
        self._begun.logging = True
        try:
            for line in filter(str.strip, lines):
                self._log.log(self._level, "%s", line)
        finally:
            self._begun.logging = False
        return len(text)

    def fileno(self) -> int:
        """The descriptor below, for those who do without Python's streams."""
        return self._instead_of.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream below."""
        return self._instead_of.encoding
