"""A real sshd on loopback, with its own keys, accounts and sudoers.

It runs in a private mount namespace in which copies of the account files lie over the real ones,
so that the accounts it lets in exist nowhere else.
"""

import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "s3cret 密码"
SUDO_PASSWORD = PASSWORD

_SETUP = """
set -eu
cp -a /etc/passwd /etc/shadow /etc/group {folder}/
hash=$(openssl passwd -6 -stdin < {folder}/password)
for user in {users}; do
    echo "$user:x:60$((100 + $(printf '%s' "$user" | cksum | cut -c1-2))):65534::/tmp:/bin/sh" \
        >> {folder}/passwd
    echo "$user:$hash:19000:0:99999:7:::" >> {folder}/shadow
done
for file in passwd shadow group; do mount --bind {folder}/$file /etc/$file; done
mkdir -p {folder}/sudoers.d
chmod 0755 {folder}/sudoers.d
printf 'free ALL=(ALL) NOPASSWD: ALL\\nasked ALL=(ALL) ALL\\n' > {folder}/sudoers.d/test
chmod 0440 {folder}/sudoers.d/test
chown -R root:root {folder}/sudoers.d
mount --bind {folder}/sudoers.d /etc/sudoers.d
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
UsePAM {pam}
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxAuthTries 6
{more}
"""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new key pair."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)], check=True)
    return path


@dataclass
class Sshd:
    """One server; ``key`` logs in as root and as the accounts free, asked and never."""

    folder: Path
    more: str = ""
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.key = make_key(self.folder / "key")
        make_key(self.folder / "host_key")
        (self.folder / "authorized_keys").write_text((self.folder / "key.pub").read_text())
        (self.folder / "password").write_text(PASSWORD + "\n")
        self.known_hosts = self.folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {self.host_key()}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def host_key(self) -> str:
        """Type and body of the public host key."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def new_host_key(self, kind: str = "ed25519") -> None:
        """Gives the server another identity."""
        for name in ("host_key", "host_key.pub"):
            (self.folder / name).unlink()
        make_key(self.folder / "host_key", kind)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        config = _CONFIG.format(port=self.port, folder=self.folder, more=self.more, pam="no")
        (self.folder / "sshd_config").write_text(config)
        script = _SETUP.format(folder=self.folder, users="free asked never")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Ends it and its sessions."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
