"""Rules for how the app is run."""

import re
from collections.abc import Iterator

from ..hosts import Variable
from ..key_path import KeyPath
from .finding import Context, Finding, warning

_OURS = ("--host", "--port", "--enable-queue", "--server", "--log-file", "--log-texts")
_KEYS_FILE = "COSYVOICE_API_KEYS_FILE"
_VOICE = re.compile(r"voice_[0-9a-f]{16}")
_OWNERS = ("history", "unowned", "deletion", "admin_keys", "shared_voices")
_SET_FROM = {
    "COSYVOICE_NODE_NAME": "it is the host's name",
    "COSYVOICE_OUTPUT_DIR": "write storage: {mount_point: …}, or app: {directory: …}",
    "COSYVOICE_WORKERS": "write app: {workers: …}, or workers with the host",
    "COSYVOICE_QUEUE_SIZE": "write app: {queue_size: …}",
    "COSYVOICE_JOB_TIMEOUT": "write app: {job_timeout: …}",
    "COSYVOICE_LONGEST_TIMEOUT": "write app: {stop_timeout: …}",
    "COSYVOICE_ENGINE": "write app: {engine: …}",
    "COSYVOICE_GPUS_EXPECTED": "write real_servers: {gpus: …}, or gpus with the host",
    "COSYVOICE_GPU_HEALTH": "write real_servers: {gpu_health: …}",
    "COSYVOICE_MIN_READY": "remove it; it follows from quorum with the services",
    "COSYVOICE_MIN_READY_BY": "remove it; it follows from app.per_gpu and the services",
    "COSYVOICE_LOG_FILE": "remove it; it is where its service has it write",
    "COSYVOICE_LOG_TEXTS": "write app: {log_texts: …}",
    "COSYVOICE_SPOOL_DIR": "remove it; it is where the deploy makes it",
    "COSYVOICE_DRAIN_FILE": "remove it; `cluster drain` writes to it",
    "COSYVOICE_PEERS_FILE": "write app: {session_routing: …}",
    "COSYVOICE_CLUSTER_SECRET_FILE": "write app: {secret: …}",
}
"""Variables that a deploy sets by itself, and where each is said."""


def environment(context: Context) -> Iterator[Finding]:
    """Names a shell takes; values that arrive as they were written."""
    app = context.inventory.app
    owned = app.owners is not None
    yield from _environment(("app", "environment"), app.environment, owned=owned)
    for name, host in context.inventory.real_servers.hosts.items():
        path = ("real_servers", "hosts", name, "environment")
        yield from _environment(path, host.environment, owned=owned)


def _environment(path: KeyPath, values: dict[str, Variable], *, owned: bool) -> Iterator[Finding]:
    for name, value in values.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            yield Finding(
                (*path, name),
                "not a name for an environment variable",
                f"write {re.sub('[^A-Za-z0-9_]+', '_', name).upper().lstrip('0123456789') or 'A'}",
                name,
                "letters, digits and _, not starting with a digit",
            )
        elif name in _SET_FROM:
            yield Finding((*path, name), f"{name} is set from elsewhere", _SET_FROM[name])
        elif owned and (key := name.removeprefix("COSYVOICE_").lower()) in _OWNERS:
            fix = f"write app: {{owners: {{{key}: …}}}}, or remove app.owners"
            yield Finding((*path, name), f"{name} is set from elsewhere", fix)
        elif isinstance(value, bool | float):
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
                "--server": "write app: {server: …}",
                "--log-file": "remove it; it is where its service has it write",
                "--log-texts": "write app: {log_texts: …}",
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


def owners(context: Context) -> Iterator[Finding]:
    """Administrators have keys; what is shared is a registered voice."""
    app = context.inventory.app
    if app.owners is None:
        return
    if app.owners.admin_keys and not _has_keys(context):
        yield Finding(
            ("app", "owners", "admin_keys"),
            "nobody is an administrator, as the app is given no API keys",
            "write app: {environment: {COSYVOICE_API_KEYS_FILE: …}}, a file on every real server",
        )
    for index, voice in enumerate(app.owners.shared_voices):
        if not _VOICE.fullmatch(voice):
            yield Finding(
                ("app", "owners", "shared_voices", index),
                "not the id of a registered voice",
                "write it as /v1/audio/voices has it, for example voice_0123456789abcdef",
                voice,
            )


def _has_keys(context: Context) -> bool:
    app = context.inventory.app
    hosts = context.inventory.real_servers.hosts.values()
    return any(one.split("=")[0] == "--api-keys-file" for one in app.arguments) or any(
        _KEYS_FILE in one for one in (app.environment, *(host.environment for host in hosts))
    )
