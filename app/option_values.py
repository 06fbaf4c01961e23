"""Values of the node's options: read, checked, and where one is absent, found. Each raises
``click.BadParameter`` for a value that cannot be."""

import math
import platform
import re
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import click

from . import __version__
from .connections.proxies import Network
from .errors import NodeError
from .host.virtual_ips import IPAddress

_ORIGIN = re.compile(
    r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?"
)
_HOST_NAME = re.compile(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LONGEST_TIMEOUT = 600.0
_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class FiniteRange(click.FloatRange):
    """A range of numbers without ``nan``, which is in every range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Raises ``click.BadParameter``."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def node_name(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """A name that can be part of file names on every node."""
    # It becomes part of file names that every node must be able to write and serve.
    if not _NODE_NAME.fullmatch(value):
        raise click.BadParameter(
            f"{value!r} may hold ASCII letters, digits, '-', '_' and '.' only, at most 63"
        )
    return value


def host_name() -> str:
    """This machine's name, as a node's; ``node`` where it cannot be one."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", platform.node())[:63]
    return name if _NODE_NAME.fullmatch(name) else "node"


def release() -> str:
    """The name of the folder the app runs from, where that is a release's own."""
    folder = Path.cwd().resolve()
    return folder.name if folder.parent.name == "releases" else f"v{__version__}"


def gpus(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...] | None:
    """The GPUs that a selection names; None: those that the environment shows."""
    from .gpus.selection import GpuSelectionError, selected_gpus

    try:
        return selected_gpus(value)
    except GpuSelectionError as error:
        raise click.BadParameter(str(error)) from error


def engine(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """The name of an engine that can be loaded here."""
    from .engines.interface import EngineUnavailableError
    from .engines.registry import chosen_engine

    try:
        return chosen_engine(value)
    except EngineUnavailableError as error:
        raise click.BadParameter(str(error)) from error


def longest_timeout(wanted: float | None, job_timeout: float) -> float:
    """The longest time, in seconds, that a request may ask for; at least that of a job."""
    if wanted is None:
        return max(_LONGEST_TIMEOUT, job_timeout)
    if wanted < job_timeout:
        raise click.BadParameter(
            f"{wanted:g} is less than --job-timeout {job_timeout:g}", param_hint="--longest-timeout"
        )
    return wanted


def file_for(
    read: Callable[[Path], object], refusal: type[NodeError]
) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """A callback that reads a file, so that a wrong one is refused before the node starts."""

    def check(_context: click.Context, _option: click.Parameter, value: Path | None) -> Path | None:
        if value is not None:
            try:
                read(value)
            except refusal as error:
                raise click.BadParameter(str(error)) from error
        return value

    return check


def peers_file(
    _context: click.Context, _option: click.Parameter, value: Path | None
) -> Path | None:
    """A file of peers that can be read."""
    if value is not None:
        from .session_routing import PeersFile, PeersFileError

        try:
            PeersFile(value).peers()
        except PeersFileError as error:
            raise click.BadParameter(str(error)) from error
    return value


def virtual_ips(
    _context: click.Context, _option: click.Parameter, value: str
) -> tuple[IPAddress, ...]:
    """Addresses, from a list with commas."""
    try:
        return tuple(ip_address(part.strip()) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def ports(
    _context: click.Context, _option: click.Parameter, value: tuple[int, ...]
) -> tuple[int, ...]:
    """Ports, each once; 0 may stand there several times."""
    if twice := next((port for port in value if port and value.count(port) > 1), None):
        raise click.BadParameter(f"{twice} stands there twice")
    return value


def server(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """The program that keeps the web process, if it is installed."""
    lacking = [name for name in ("gunicorn", "uvicorn_worker") if find_spec(name) is None]
    if value == "gunicorn" and lacking:
        raise click.BadParameter(
            f"{' and '.join(lacking)} cannot be imported; pip install gunicorn uvicorn-worker"
        )
    return value


def host_names(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    """Host names, from a list with commas; ``*.`` in front is all below."""
    names = tuple(filter(None, (part.strip() for part in value.split(","))))
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise click.BadParameter(
                f"{name!r} is not a host name: write tts.example.org, or *.example.org for all "
                "below it, without scheme and port; addresses are always answered to"
            )
    return names


def names(_context: click.Context, _option: click.Parameter, value: str) -> frozenset[str]:
    """Names, from a list with commas."""
    return frozenset(filter(None, (part.strip() for part in value.split(","))))


def registered_voices(
    context: click.Context, option: click.Parameter, value: str
) -> frozenset[str]:
    """Ids of registered voices, from a list with commas."""
    from .voices.record import is_id

    found = names(context, option, value)
    if wrong := next((one for one in sorted(found) if not is_id(one)), None):
        raise click.BadParameter(
            f"{wrong!r} is not the id of a registered voice: write voice_ and 16 digits, as "
            "/v1/audio/voices has it"
        )
    return found


def voice_names(_context: click.Context, _option: click.Parameter, value: str) -> dict[str, str]:
    """Voices by the name that clients use, from a list ``NAME=VOICE`` with commas."""
    names: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        name, equals, voice = (side.strip() for side in part.partition("="))
        if not (name and equals and voice):
            raise click.BadParameter(f"{part!r} is not NAME=VOICE, as in alloy=zf_xiaobei")
        if name in names:
            raise click.BadParameter(f"{name} stands there twice")
        names[name] = voice
    return names


def networks(_context: click.Context, _option: click.Parameter, value: str) -> tuple[Network, ...]:
    """Networks, from a list with commas; an address is one of its own."""
    found = []
    for part in filter(None, (part.strip() for part in value.split(","))):
        try:
            found.append(ip_network(part))
        except ValueError as error:
            raise click.BadParameter(f"{error}: write 127.0.0.1, or 10.0.0.0/8") from None
    return tuple(found)


def origins(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, ...]:
    """Origins (RFC 6454), from a list with commas; ``*`` is any."""
    origins = tuple(filter(None, (part.strip() for part in value.split(","))))
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise click.BadParameter(
                f"{origin!r} is not an origin: write http:// or https://, a host name and, if it "
                "has one, the port, without a path"
            )
    return origins
