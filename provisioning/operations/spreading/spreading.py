"""Spreads contents: one upload from here, and from there from host to host."""

import json
import secrets
import shlex
import threading
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ...engine.fleet import Fleet
from ...engine.progress import Event, Progress
from ...engine.script import PATH
from ...model.spreading import Spreading
from ...resources.artifact import size_text
from ...transport.base import Conversation, Transport, TransportError
from .certificate import RunCertificate, run_certificate
from .chain import Ready, chain, sources
from .content import Content, total
from .errors import SpreadError

_START = 120.0
"""Seconds a host may take to look at what it has."""
_SILENCE = 120.0
"""Seconds without a word after which a host is lost; it says one every other second."""
_HELPERS = 2
"""Hosts at most that are asked whether they have it all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Hosts that contents are spread to, and how."""

    directory: str
    """Folder on each, below which contents lie."""
    python: str
    """An interpreter that each has."""
    addresses: Mapping[str, str]
    """Address of each host for the others."""
    how: Spreading


def spread(
    fleet: Fleet,
    hosts: Hosts,
    names: Collection[str],
    contents: Sequence[Content],
    progress: Progress,
    *,
    helpers: Collection[str] = (),
) -> None:
    """Bring connected hosts what they lack of ``contents``. ``helpers`` are others that may have it
    all; then none of it is sent from here.

    A host that is lost is in ``fleet.errors``, and those behind it get everything all the same. Cut
    at any moment, it goes on where it was. Raises ``SpreadError`` where a host cannot take it, once
    all others have it.
    """
    if contents and names:
        _Spread(fleet, hosts, contents, progress).execute(names, helpers)


@cache
def _program() -> str:
    return (resources.files(__package__ or "") / "on_host.py").read_text("utf-8")


@dataclass(slots=True)
class _Spread:
    fleet: Fleet
    hosts: Hosts
    contents: Sequence[Content]
    progress: Progress
    certificate: RunCertificate = field(default_factory=run_certificate)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: set[str] = field(default_factory=set)
    """Hosts that do not have all yet."""
    failures: list[SpreadError] = field(default_factory=list)

    def execute(self, names: Collection[str], helpers: Collection[str]) -> None:
        try:
            ready = self.start_all(names)
            if ready and all(one.lacking for one in ready.values()):
                ready |= self.start_helpers(helpers)
            order = chain(ready)
            self.under_way = {name for name in names if name in ready}
            # The first to end may end all before the last has begun.
            conversations = {**self.conversations}

            def follow(name: str, _: Transport) -> None:
                self.follow(name, conversations[name], order, ready)

            self.fleet.together(order, follow)
        finally:
            self.close()
        if self.failures:
            raise self.failures[0]

    def start_all(self, names: Collection[str]) -> dict[str, Ready]:
        """Start the program on hosts; those that it runs on."""

        def start(name: str, transport: Transport) -> Ready | None:
            try:
                return self.start(name, transport)
            except SpreadError as error:
                self.failures.append(error)
                return None

        found = self.fleet.each(names, start)
        return {name: one for name, one in found.items() if one is not None}

    def start_helpers(self, helpers: Collection[str]) -> dict[str, Ready]:
        """Start it on some that have all; nobody misses those that cannot help."""
        asked = [name for name in helpers if name in self.fleet.transports][:_HELPERS]
        before = len(self.failures)
        found = self.start_all(asked)
        del self.failures[before:]
        return {name: one for name, one in found.items() if not one.lacking and one.port}

    def start(self, name: str, transport: Transport) -> Ready:
        """Start the program on a host, which looks at what it has."""
        conversation = self.conversations[name] = transport.converse(self.script(name))
        setup = {
            "contents": [(c.part, c.place, c.sha256, c.size, c.mode) for c in self.contents],
            "certificate": self.certificate.certificate,
            "key": self.certificate.key,
            "rate": self.hosts.how.megabytes_per_second * 1e6,
        }
        line = conversation.ask(json.dumps(setup), _START)
        word, _, rest = line.partition(" ")
        if word != "ready":
            raise SpreadError(f"{name}: {self.hosts.python} cannot take contents: {line}")
        return Ready.read(json.loads(rest))

    def script(self, name: str) -> str:
        """The start of the program, which gives way to everything else on the host."""
        end = f"PROGRAM_{secrets.token_hex(8)}"
        hosts, port = self.hosts, self.hosts.how.port
        arguments = [hosts.directory, hosts.addresses[name], str(port or "")]
        return (
            f"LC_ALL=C; PATH={PATH}; export LC_ALL PATH; umask 022\n"
            f"exec nice -n 19 ionice -t -c 3 {shlex.quote(hosts.python)} -I -S /dev/fd/3 "
            f"{shlex.join(arguments)} 2>&1 3<<'{end}'\n{_program()}\n{end}\n"
        )

    def follow(
        self, name: str, conversation: Conversation, order: list[str], ready: Mapping[str, Ready]
    ) -> None:
        """Serve a host until all have everything, or it fails."""
        try:
            self.serve(name, conversation, order, ready)
        except TransportError:
            if name in self.under_way:
                raise
        except SpreadError as error:
            self.failures.append(error)
            # Those behind it turn to another.
            conversation.close()
        finally:
            self.finished(name)

    def serve(
        self, name: str, conversation: Conversation, order: list[str], ready: Mapping[str, Ready]
    ) -> None:
        """Answer a host's lines."""
        chosen = sources(order, ready, name)
        places = [[self.hosts.addresses[one], ready[one].port] for one in chosen]
        line, said = conversation.ask(json.dumps(places), _SILENCE), False
        while True:
            word, _, rest = line.partition(" ")
            if word == "want":
                if chosen and not said:
                    said = self.say_it_is_alone(name)
                line = conversation.ask(self.piece(rest), _SILENCE)
            elif word == "have":
                if name in self.under_way:
                    text = f"{size_text(int(rest))} of {size_text(total(self.contents))}"
                    self.progress(Event("step", name, f"bring {text}"))
                line = conversation.ask(".", _SILENCE)
            elif word == "done":
                self.done(name)
                line = conversation.answer(_SILENCE)
            else:
                raise SpreadError(f"{name}: {rest if word == 'failed' else line}")

    def say_it_is_alone(self, name: str) -> bool:
        """Say that a host gets it from here, though others have it."""
        port = self.hosts.how.port
        text = f"gets it from here: it reaches no other host's TCP port {port}"
        self.progress(Event("step", name, text))
        return True

    def piece(self, wanted: str) -> str:
        """Read what a host asks for."""
        number, offset, length = map(int, wanted.split())
        content = self.contents[number]
        try:
            with content.source.open("rb") as file:
                file.seek(offset)
                return b64encode(file.read(length)).decode()
        except OSError as error:
            raise SpreadError(f"{content.source}: {error.strerror}; run this again") from None

    def done(self, name: str) -> None:
        """Note that a host has everything."""
        if name in self.under_way:
            self.progress(Event("done", name, f"has {size_text(total(self.contents))}"))
        self.finished(name)

    def finished(self, name: str) -> None:
        """Let go of all once nobody lacks anything any more."""
        with self.lock:
            self.under_way.discard(name)
            over = not self.under_way
        if over:
            self.close()

    def close(self) -> None:
        """End the programs, all at the same time."""
        with self.lock:
            closing = [threading.Thread(target=one.close) for one in self.conversations.values()]
            self.conversations = {}
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
