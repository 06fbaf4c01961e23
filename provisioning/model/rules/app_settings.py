"""How the app is run."""

import re
from collections.abc import Iterator

from provisioning.model.hosts import Variable
from provisioning.model.rules.finding import Context, Finding, warning
from provisioning.model.tree import KeyPath

_OURS = ("--host", "--port", "--enable-queue")
_SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys")


def environment(context: Context) -> Iterator[Finding]:
    """Names a shell takes; values that arrive as they were written."""
    app = context.inventory.app
    yield from _environment(("app", "environment"), app.environment)
    for name, host in context.inventory.real_servers.hosts.items():
        yield from _environment(("real_servers", "hosts", name, "environment"), host.environment)


def _environment(path: KeyPath, values: dict[str, Variable]) -> Iterator[Finding]:
    for name, value in values.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            yield Finding(
                (*path, name),
                "not a name for an environment variable",
                f"write {re.sub('[^A-Za-z0-9_]+', '_', name).upper().lstrip('0123456789') or 'A'}",
                name,
                "letters, digits and _, not starting with a digit",
            )
        if isinstance(value, bool | float):
            yield warning(
                (*path, name),
                f"the app gets the text {value}, which may not be what is written here",
                "put the value in quotes",
            )


def arguments(context: Context) -> Iterator[Finding]:
    """Those that the inventory sets by itself."""
    for index, argument in enumerate(context.inventory.app.arguments):
        name = argument.split("=")[0]
        path = ("app", "arguments", index)
        if name in _OURS:
            fix = {
                "--port": "write services: [{port: …}]",
                "--enable-queue": "write app: {enable_queue: …}",
            }.get(name, "remove it; the app listens on every address, the VIP too")
            yield Finding(path, f"{name} is set from elsewhere", fix)
        elif " " in argument.strip() and argument.startswith("--"):
            yield warning(
                path,
                "one argument with a space in it",
                f"write two: [{', '.join(argument.split(None, 1))}]",
            )


def account(context: Context) -> Iterator[Finding]:
    """Not root; a name useradd takes."""
    user = context.inventory.app.user
    if user == "root":
        yield warning(
            ("app", "user"),
            "whoever breaks into the app is root on the node",
            "use an account of its own; it is made if it is not there",
        )
    elif not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user):
        yield Finding(
            ("app", "user"),
            "not a name useradd takes",
            "write for example cosyvoice",
            None,
            "a-z, digits, _ and -, starting with a letter or _, at most 32",
        )


def directory(context: Context) -> Iterator[Finding]:
    """A folder that may be filled and emptied."""
    path = context.inventory.app.directory
    if path.parts[1] in _SYSTEM or len(path.parts) == 2:
        yield Finding(
            ("app", "directory"), "a folder of the system", "use one of its own: /opt/cosyvoice"
        )


def stop_timeout(context: Context) -> Iterator[Finding]:
    """A job that runs may end."""
    app = context.inventory.app
    if app.stop_timeout < app.job_timeout:
        yield warning(
            ("app", "stop_timeout"),
            f"shorter than a job may take ({app.job_timeout} s): stopping cuts it off",
            f"write {app.job_timeout + 30}",
            None,
            ("app", "job_timeout"),
        )


def queue(context: Context) -> Iterator[Finding]:
    """Without it, requests run all at once and exhaust the GPU."""
    if not context.inventory.app.enable_queue:
        yield warning(
            ("app", "enable_queue"),
            "without the queue, requests run all at once and exhaust the GPU's memory",
            "write true, or remove it",
        )
