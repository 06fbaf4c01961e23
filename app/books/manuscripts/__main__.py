"""Reading of one file in a process of its own: a file of a stranger may want more time or memory
than there is. A line of JSON and the file come in; JSON goes out."""

import json
import resource
import sys
from dataclasses import asdict

from ...errors import InvalidInputError
from .files import read
from .manuscript import Bounds

SECONDS = 120
"""Of the processor."""
MEMORY = 2 << 30
"""Bytes of address space."""


def main() -> None:
    """Read from standard input, write to standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        found = read(asked["name"], content, Bounds(**asked["bounds"]), asked["encoding"])
    except InvalidInputError as error:
        told: object = {"error": [error.code, error.en, error.zh]}
    else:
        told = asdict(found)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
