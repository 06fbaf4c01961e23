"""A real sshd on loopback, with its own keys, accounts and sudoers.

It runs in a private mount namespace in which copies of the account files lie over the real ones,
so that the accounts it lets in exist nowhere else.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port

PASSWORD = "s3cret 密码"

_ACCOUNTS = {
    "free": "/bin/sh",
    "asked": "/bin/sh",
    "never": "/bin/sh",
    "pty": "/bin/sh",
    "notty": "/bin/sh",
    "without": "/bin/sh",
    "chatty": "/bin/bash",
    "closed": "/usr/sbin/nologin",
    "both": "/bin/sh",
    "keyonly": "/bin/sh",
    "forced": "/bin/sh",
    "fenced": "/bin/sh",
}
"""Each has the key, the password, and a login shell; what else it is for stands below."""

_SUDOERS = """\
Defaults:pty use_pty
Defaults:notty requiretty
free, pty, notty, chatty, without ALL=(ALL) NOPASSWD: ALL
asked ALL=(ALL) ALL
"""

_SETUP = """
set -eu
for file in passwd shadow group; do mount --bind {folder}/$file /etc/$file; done
mount --bind {folder}/sudoers.d /etc/sudoers.d
mount --bind {folder}/pam_sudo /etc/pam.d/sudo
mount -t tmpfs tmpfs /run/sudo 2>/dev/null || :
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e -f {folder}/sshd_config
"""

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxAuthTries 6
{more}
Match User without
    SetEnv PATH=/nowhere
Match User both
    AuthenticationMethods publickey,password
Match User keyonly
    PasswordAuthentication no
Match User forced
    ForceCommand echo only this
Match User fenced
    AllowTcpForwarding no
"""


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new key pair."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)], check=True)
    return path


@dataclass
class Sshd:
    """One server; ``key`` logs in as root and as every account above."""

    folder: Path
    more: str = ""
    """Lines for its sshd_config."""
    sudoers: str = _SUDOERS
    pam_sudo: str = field(default_factory=Path("/etc/pam.d/sudo").read_text)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.key = make_key(self.folder / "key")
        make_key(self.folder / "host_key")
        self.allow(self.folder / "key.pub")
        self.known_hosts = self.folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {self.host_key()}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def allow(self, *public_keys: Path) -> None:
        """Lets only these keys in."""
        text = "".join(path.read_text() for path in public_keys)
        (self.folder / "authorized_keys").write_text(text)

    def host_key(self) -> str:
        """Type and body of the public host key."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def new_host_key(self, kind: str = "ed25519") -> None:
        """Gives the server another identity."""
        for name in ("host_key", "host_key.pub"):
            (self.folder / name).unlink()
        make_key(self.folder / "host_key", kind)

    def log(self) -> str:
        """Log of the daemon so far."""
        return (self.folder / "log").read_text()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        config = _CONFIG.format(port=self.port, folder=self.folder, more=self.more)
        (self.folder / "sshd_config").write_text(config)
        self._write_accounts()
        setup = _SETUP.format(folder=self.folder)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", setup],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log())

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _write_accounts(self) -> None:
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=f"{PASSWORD}\n".encode(),
            capture_output=True,
            check=True,
        ).stdout.decode()
        passwd, shadow = Path("/etc/passwd").read_text(), Path("/etc/shadow").read_text()
        for number, (name, shell) in enumerate(_ACCOUNTS.items()):
            home = self.folder / "home" / name
            home.mkdir(parents=True, exist_ok=True)
            (home / ".bashrc").write_text("echo Welcome!; echo 'It is late.' >&2\n")
            passwd += f"{name}:x:{60100 + number}:65534::{home}:{shell}\n"
            shadow += f"{name}:{hashed.strip()}:19000:0:99999:7:::\n"
        (self.folder / "passwd").write_text(passwd)
        (self.folder / "group").write_text(Path("/etc/group").read_text())
        (self.folder / "shadow").touch(mode=0o600)
        (self.folder / "shadow").write_text(shadow)
        (self.folder / "pam_sudo").write_text(self.pam_sudo)
        (self.folder / "sudoers.d").mkdir(exist_ok=True)
        (self.folder / "sudoers.d" / "test").write_text(self.sudoers)
        (self.folder / "sudoers.d" / "test").chmod(0o440)


SESSION_SSHD = """
pid=$PPID
while read -r name < /proc/$pid/comm; [ "$name" != sshd ]; do
    pid=$(sed -n 's/^PPid:\\t//p' /proc/$pid/status)
done
echo $pid
"""
"""A script that prints the process of the connection's own sshd."""


@contextlib.contextmanager
def freezing(pid: int) -> Iterator[Callable[[object], None]]:
    """Gives what stops a process: it is there, and does nothing. Killed at the end."""
    try:
        yield lambda _: os.kill(pid, signal.SIGSTOP)
    finally:
        os.kill(pid, signal.SIGKILL)
