"""Failures of pip: what it says, the line of it that matters, and what a build said before."""

from typing import NamedTuple

BEFORE = [
    "Looking in indexes: https://mirror.example/simple",
    "WARNING: Running pip as the 'root' user can result in broken permissions",
]
AFTER = ["", "[notice] A new release of pip is available: 23.0.1 -> 25.3"]
_NONE = "Could not find a version that satisfies the requirement tiny (from versions: none)"
_FULL = "Could not install packages due to an OSError: [Errno 28] No space left on device"
_AT = "<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f3a>"
_POOL = "HTTPSConnectionPool(host='mirror.example', port=443)"
_SILENT = f'ReadTimeoutError("{_POOL}: Read timed out. (read timeout=15)")'
_NO_NAME = "[Errno -2] Name or service not known"


class Failure(NamedTuple):
    """One way to fail."""

    said: list[str]
    reason: str
    build: str = ""


def _retry(why: str) -> str:
    total = "Retry(total=4, connect=None, read=None, redirect=None, status=None)"
    return f"WARNING: Retrying ({total}) after connection broken by '{why}': /simple/tiny/"


FAILURES = {
    "none": Failure(
        [f"ERROR: {_NONE}", "ERROR: No matching distribution found for tiny"],
        _NONE,
    ),
    "other Python": Failure(
        [
            "ERROR: Ignored the following versions that require a different python version: 9",
            f"ERROR: {_NONE}",
        ],
        _NONE,
    ),
    "no name": Failure(
        [
            _retry(
                f"NewConnectionError('{_AT}: Failed to establish a new connection: {_NO_NAME}')"
            ),
            f"ERROR: {_NONE}",
        ],
        f"the package index does not answer: {_NO_NAME}",
    ),
    "silent": Failure(
        [_retry(_SILENT), f"ERROR: {_NONE}"],
        f"the package index does not answer: {_SILENT}",
    ),
    "full disk": Failure([f"ERROR: {_FULL}"], _FULL),
    "build": Failure(
        ["  cc: not found", "  ERROR: Failed building wheel for tiny"],
        "Failed building wheel for tiny",
        "  cc: not found",
    ),
}
