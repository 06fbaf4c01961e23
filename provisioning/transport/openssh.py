"""The OpenSSH client's command line for a host, for a person's own shell there."""

from pathlib import Path

from provisioning.model.ssh import Connection


def ssh_command(connection: Connection, base_dir: Path) -> list[str]:
    """``ssh`` with the inventory's settings (ssh(1)); a remote command may be added."""
    argv = ["ssh"]

    def path(value: Path) -> str:
        return str(base_dir / value.expanduser())

    if connection.config_file:
        argv += ["-F", path(connection.config_file)]
    if connection.port:
        argv += ["-p", str(connection.port)]
    if connection.key_file:
        argv += ["-i", path(connection.key_file), "-o", "IdentitiesOnly=yes"]
    if connection.known_hosts_file:
        argv += ["-o", f"UserKnownHostsFile={path(connection.known_hosts_file)}"]
    if connection.jump:
        argv += ["-J", connection.jump]
    if connection.user:
        argv += ["-l", connection.user]
    return [*argv, "--", str(connection.host)] if connection.host else argv
