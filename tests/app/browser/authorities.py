"""Authorities that a user's browser trusts (NSS, as docs/tls.md has it)."""

import subprocess
from pathlib import Path


def trust(home: Path, authority: Path) -> None:
    """Add one to the list of the user whose home that is."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ours"]):
        more = ["-i", str(authority)] if words[0] == "-A" else []
        command = ["certutil", "-d", f"sql:{database}", *words, *more]
        subprocess.run(command, check=True, timeout=60)
