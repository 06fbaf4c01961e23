"""Scripts that run a command, or a file of the control machine, on a host. Pure."""

import shlex
from base64 import encodebytes
from collections.abc import Sequence

LARGEST = 1024 * 1024
"""Bytes of a file that travels within a script."""
_END = "END-OF-FILE"


def command_script(words: Sequence[str]) -> str:
    """Run a command, word by word."""
    return shlex.join(words) + "\n"


def file_script(content: bytes, words: Sequence[str]) -> str:
    """Put a file into a folder of its own, run it with arguments, and remove it. Its first line
    says what runs it, as everywhere; without one it is sh."""
    run = f'"$folder/script" {shlex.join(words)}'
    return (
        "umask 077\n"
        'folder=$(mktemp -d "${TMPDIR:-/tmp}/cluster-exec.XXXXXXXXXX") || exit 125\n'
        "trap 'rm -rf \"$folder\"' EXIT\n"
        "trap 'exit 143' HUP TERM\n"
        f"base64 -d > \"$folder/script\" <<'{_END}' || exit 125\n"
        f"{encodebytes(content).decode()}{_END}\n"
        'chmod 700 "$folder/script" || exit 125\n'
        f"{run.rstrip()}\n"
    )
