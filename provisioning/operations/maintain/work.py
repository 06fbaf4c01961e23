"""The work that each host gets: a command, a script, a reboot. Pure but for reading the script."""

from dataclasses import dataclass
from pathlib import Path

from ..rolling_upgrade.options import OptionError

MAX_SCRIPT = 32 * 1024
"""Bytes; the cluster remembers the script, so that any folder can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """It is done in this order."""

    run: str = ""
    """A command line, for a shell."""
    script: str = ""
    """Content of a script."""
    script_name: str = ""
    """Name of its file, for people."""
    reboot: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """Texts of the programs that are run, one after the other."""
        return tuple(text for text in (self.run, self.script) if text)

    def __str__(self) -> str:
        parts = (self.run, self.script_name if self.script else "", "reboot" if self.reboot else "")
        return ", then ".join(part for part in parts if part)


def read_script(path: Path) -> str:
    """Read a script. Raises ``OptionError`` where it cannot be one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OptionError(f"--script {path}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_SCRIPT:
        raise OptionError(
            f"--script {path}: {len(data)} bytes; at most {MAX_SCRIPT} can be remembered by the "
            "cluster: have a short script fetch what is long"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise OptionError(f"--script {path}: not a text in UTF-8; a script is wanted, no program")
    if not text.strip():
        raise OptionError(f"--script {path}: is empty")
    return text
