"""The operator's ssh_config(5), read by paramiko, which knows no ``Include``."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paramiko
import paramiko.config

from ..errors import ClusterError

_DIRECTIVE = re.compile(r"\s*(\w+)(?:\s*=\s*|\s+)(.+)")
_DEEPEST = 16
"""As OpenSSH's READCONF_MAX_DEPTH."""


class _MatchExec:
    """Runs the commands of ``Match exec`` for paramiko in place of invoke, which would read the
    operator's keyboard meanwhile, and is not always there."""

    def __init__(self, command: str) -> None:
        done = subprocess.run(
            ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        self.ok = done.returncode == 0

    @classmethod
    def run(cls, command: str, **_: object) -> "_MatchExec":
        return cls(command)


setattr(paramiko.config, "invoke", _MatchExec)  # noqa: B010


class SSHConfigError(ClusterError):
    """An ssh_config that cannot be read or understood; the message names the file."""


class SSHConfig:
    """Looks settings up in one file and those it includes; an absent file has none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._lines = list(_with_includes(path, 0)) if path.exists() else []
        except (OSError, ValueError, RuntimeError) as error:
            raise SSHConfigError(f"{path} cannot be read: {error}") from None

    def lookup(self, host: str, *, port: int | None, user: str | None) -> dict[str, object]:
        """The settings for a host. ``port`` and ``user`` stand before the file's, so that they
        also count for its tokens (%p, %r) and its ``Match`` lines. Raises ``SSHConfigError``."""
        first = [f"Port {port}"] if port else []
        first += [f"User {user}"] if user else []
        try:
            return dict(paramiko.SSHConfig.from_text("\n".join(first + self._lines)).lookup(host))
        # Beside its own errors, paramiko lets those of its parsing through: a port that is no
        # number, CanonicalizeHostname without CanonicalDomains, an unclosed quote.
        except (paramiko.SSHException, ValueError, KeyError, OSError) as error:
            raise SSHConfigError(
                f"{self._path} is wrong for {host}: {error}; "
                f"see what OpenSSH makes of it: ssh -G -F {shlex.quote(str(self._path))} "
                f"{shlex.quote(host)}"
            ) from None


def _with_includes(path: Path, depth: int) -> Iterator[str]:
    """The lines of a file with included files in place. After an include the block it stands in
    goes on; ``Host`` lines of a file included inside a block are not bound to that block."""
    if depth > _DEEPEST:
        raise ValueError(f"{path} is included more than {_DEEPEST} deep")
    block = "Host *"
    for line in path.read_text(encoding="utf-8").splitlines():
        directive = _DIRECTIVE.match(line)
        word = directive[1].lower() if directive else ""
        if directive and word == "include":
            for pattern in shlex.split(directive[2], comments=True):
                for file in _files(pattern):
                    yield from _with_includes(file, depth + 1)
            yield block
            continue
        if word in ("host", "match"):
            block = line
        yield line


def _files(pattern: str) -> list[Path]:
    """Relative patterns start at ``~/.ssh`` (ssh_config(5), Include)."""
    full = Path("~/.ssh").expanduser() / Path(pattern).expanduser()
    return sorted(
        file
        for file in Path(full.anchor).glob(str(full.relative_to(full.anchor)))
        if file.is_file()
    )
