"""Files on the control machine that the inventory names."""

from collections.abc import Iterator

from ..paths import is_dir, is_file
from .finding import Context, Finding, warning
from .places import connections

_FROM = "relative paths start at the inventory's folder"


def templates(context: Context) -> Iterator[Finding]:
    """A folder."""
    folder = context.inventory.templates
    if folder is not None and not is_dir(folder):
        yield Finding(
            ("templates",), f"there is no folder {folder}", f"make it, or correct it: {_FROM}"
        )


def ssh_files(context: Context) -> Iterator[Finding]:
    """Keys that are there and that OpenSSH would take; a configuration that is there."""
    for path, connection in connections(context.inventory):
        key = connection.key_file
        if key is not None and not is_file(key):
            yield Finding(
                (*path, "key_file"),
                f"there is no key {key}",
                f"make one with ssh-keygen, or correct it: {_FROM}",
            )
        elif key is not None and key.suffix == ".pub":
            yield Finding(
                (*path, "key_file"), "this is the public half", f"write {key.with_suffix('').name}"
            )
        elif key is not None and key.stat().st_mode & 0o077:
            yield warning(
                (*path, "key_file"),
                "others on this machine can read it, and OpenSSH refuses such keys",
                f"chmod 600 {key}",
            )
        config = connection.config_file
        if config is not None and not is_file(config):
            yield Finding(
                (*path, "config_file"), f"there is no file {config}", f"correct it: {_FROM}"
            )
        known = connection.known_hosts_file
        if known is not None and not is_dir(known.parent):
            yield Finding(
                (*path, "known_hosts_file"),
                f"there is no folder {known.parent}",
                f"make it, or correct it: {_FROM}",
            )


def login(context: Context) -> Iterator[Finding]:
    """Without sudo it must be root who logs in."""
    for path, connection in connections(context.inventory):
        if connection.sudo is False and connection.user not in (None, "root"):
            yield warning(
                (*path, "sudo"),
                f"without sudo, {connection.user} would have to be root",
                "write user: root, or sudo: true",
                None,
                (*path, "user"),
            )
        if connection.sudo is False and connection.sudo_password is not None:
            yield warning(
                (*path, "sudo_password"), "has no effect with sudo: false", "remove one of the two"
            )
