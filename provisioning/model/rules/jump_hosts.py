"""A jump host is another machine than the one behind it."""

from collections.abc import Iterator

from ..derived.resolve import connection_of
from ..jump import targets
from .finding import Context, Finding
from .places import hosts


def another(context: Context) -> Iterator[Finding]:
    """No host is reached through itself."""
    for path, group, name, host in hosts(context.inventory):
        connection = connection_of(context.inventory, name)
        if connection.jump is None:
            continue
        own = {str(connection.host), str(host.address)}
        for target, port in targets(connection.jump):
            if target in own and port == (connection.port or 22):
                written = next(
                    (
                        place
                        for place, ssh in (
                            ((*path, "ssh", "jump"), host.ssh),
                            ((group, "ssh", "jump"), getattr(context.inventory, group).ssh),
                        )
                        if ssh.jump is not None
                    ),
                    ("ssh", "jump"),
                )
                yield Finding(
                    written,
                    f"{name} would be reached through itself",
                    f"write {name}: {{address: {host.address}, ssh: {{jump: null}}}}, or another "
                    "jump host",
                )
