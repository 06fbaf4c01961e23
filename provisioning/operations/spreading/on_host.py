"""Program on a host that contents are spread to: it takes what it lacks from the hosts before it in
the chain, and gives what it has to those behind it, from the first byte on.

It is one file, as SSH brings it as one text to a host that may have nothing of ours yet, and uses
the standard library alone. It stays for as long as its standard input is open. Lines in: a JSON
object of ``Setup``, then a JSON list of sources ``[address, port]``, then the pieces that it asks
for, in base64. Lines out: ``ready JSON``, ``want FILE OFFSET LENGTH`` (asks the control machine,
the last of the sources), ``have BYTES`` every other second (answered by a line with a dot, as a
connection may look open for hours after its other end lost its power), and at the end ``done`` or
``failed REASON``.

From host to host it is TLS with the certificate of this run on both sides, which nobody else has: a
line of JSON ``[[file, offset], …]``, and back frames of a header and data, an empty one every
second while there is nothing new, so that a host that is gone is told from one that waits.
"""

import base64
import fcntl
import hashlib
import json
import os
import queue
import socket
import ssl
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_CHUNK = 256 * 1024
_PIECE = 1024 * 1024
"""Bytes asked of the control machine at a time."""
_UNDER_WAY = 8
"""Pieces that are asked for before the first of them has come."""
_HEADER = struct.Struct(">II")
_SILENCE = 15.0
"""Seconds without a frame after which a source is gone."""
_STUCK = 300.0
"""Seconds after which a host that takes nothing is gone; it may be reading what it has again."""
_CONNECTIONS = 64
_BEAT = 2.0
_ALONE = 60.0
"""Seconds without a line after which the control machine is gone."""
_ATTEMPTS = 3
"""Times that a content may arrive wrong."""
Lacking = list[tuple[int, int]]
"""Files by their numbers, and where to go on in each."""


class DamagedError(Exception):
    """A content that arrived is not what its checksum says; nothing of it was kept."""


class FailedError(Exception):
    """It makes no sense to go on."""


@dataclass(frozen=True)
class Content:
    """One file: paths below the directory, while it arrives and for good."""

    part: str
    place: str
    sha256: str
    size: int
    mode: int


class Shelf:
    """The contents, as far as they are there."""

    def __init__(self, directory: Path, contents: list[Content]) -> None:
        self.contents = contents
        self._parts = [directory / one.part for one in contents]
        self._places = [directory / one.place for one in contents]
        self._changed = threading.Condition()
        self._open: tuple[int, Any, Any] | None = None
        self._whole: set[int] = set()
        self.reached = [self._there(number) for number in range(len(contents))]

    def _there(self, number: int) -> int:
        size = self.contents[number].size
        if _size(self._places[number]) == size:
            self._whole.add(number)
            return size
        begun = _size(self._parts[number])
        # More than all of it is none of it.
        return begun if 0 < begun <= size else 0

    @property
    def total(self) -> int:
        """Bytes that are there."""
        return sum(self.reached)

    def lacking(self) -> Lacking:
        """List what is not whole."""
        numbers = range(len(self.contents))
        return [(number, self.reached[number]) for number in numbers if number not in self._whole]

    def finish_arrived(self) -> None:
        """Check and keep what had arrived in full when it was cut, and what is empty."""
        for number, _ in self.lacking():
            if self.reached[number] == self.contents[number].size:
                self._begin(number)
                self._finish(number)

    def add(self, number: int, data: bytes) -> None:
        """Add a piece at the end of a content; with the last one it is checked and kept. Raises
        ``DamagedError`` and ``FailedError``."""
        try:
            if self._open is None or self._open[0] != number:
                self._begin(number)
            assert self._open is not None
            _, file, digest = self._open
            file.write(data)
            digest.update(data)
            with self._changed:
                self.reached[number] += len(data)
                self._changed.notify_all()
            if self.reached[number] == self.contents[number].size:
                self._finish(number)
        except OSError as error:
            raise FailedError(f"{self._parts[number]}: {error.strerror or error}") from None

    def _begin(self, number: int) -> None:
        self.close()
        part = self._parts[number]
        for folder in (part.parent, self._places[number].parent):
            folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FailedError(f"{part}: another run brings it; wait for that one to end") from None
        file.truncate(self.reached[number])
        digest = hashlib.sha256()
        while piece := file.read(_PIECE):
            digest.update(piece)
        self._open = number, file, digest

    def _finish(self, number: int) -> None:
        assert self._open is not None
        _, file, digest = self._open
        content, part = self.contents[number], self._parts[number]
        if digest.hexdigest() != content.sha256:
            file.truncate(0)
            with self._changed:
                self.reached[number] = 0
                self._changed.notify_all()
            self.close()
            raise DamagedError(content.place)
        os.fchmod(file.fileno(), content.mode)
        os.fsync(file.fileno())
        self.close()
        part.replace(self._places[number])
        self._whole.add(number)

    def close(self) -> None:
        """Close the file that is being written."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def read(self, number: int, offset: int) -> Iterator[bytes]:
        """Read a content from an offset to its end, as it arrives; an empty piece for each second
        without news. Raises ``OSError`` where it is dropped meanwhile."""
        file = None
        try:
            while offset < self.contents[number].size:
                there = self._news(number, offset)
                if there < offset:
                    raise ConnectionAbortedError("it was dropped")
                if there == offset:
                    yield b""
                    continue
                if file is None:
                    file = self._reader(number)
                    file.seek(offset)
                data = file.read(min(_CHUNK, there - offset))
                if not data:
                    raise ConnectionAbortedError("it is gone")
                offset += len(data)
                yield data
        finally:
            if file is not None:
                file.close()

    def _news(self, number: int, offset: int) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self.reached[number] != offset, 1.0)
            return self.reached[number]

    def _reader(self, number: int) -> Any:
        try:
            return self._parts[number].open("rb", buffering=0)
        except FileNotFoundError:
            return self._places[number].open("rb", buffering=0)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


class Throttle:
    """Bounds what all connections together send."""

    def __init__(self, rate: float) -> None:
        self._rate, self._lock, self._next = rate, threading.Lock(), time.monotonic()

    def wait(self, size: int) -> None:
        """Wait until so many bytes may be sent."""
        with self._lock:
            now = time.monotonic()
            begin = max(self._next, now - 0.1)
            self._next = begin + size / self._rate
        if (pause := begin - now) > 0:
            time.sleep(pause)


class Giver:
    """Gives contents to hosts that have the run's certificate."""

    def __init__(self, shelf: Shelf, context: ssl.SSLContext, rate: float) -> None:
        self._shelf, self._context, self._throttle = shelf, context, Throttle(rate)
        self._free = threading.BoundedSemaphore(_CONNECTIONS)

    def listen(self, address: str, port: int) -> int:
        """Listen from now on; the port, or 0 where it cannot be had."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            listener = socket.create_server((address, port), family=family, backlog=_CONNECTIONS)
        except OSError:
            return 0
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return int(listener.getsockname()[1])

    def _accept(self, listener: socket.socket) -> None:
        while True:
            self._free.acquire()
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            plain.settimeout(_SILENCE)
            with self._context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(_STUCK)
                with connection.makefile("rb") as asked:
                    wanted = json.loads(asked.readline(1 << 26))
                for number, offset in wanted:
                    for data in self._shelf.read(number, offset):
                        self._throttle.wait(len(data))
                        connection.sendall(_HEADER.pack(number, len(data)) + data)
        except (OSError, ValueError):
            # Whoever asked asks somebody else.
            pass
        finally:
            plain.close()
            self._free.release()


class Source(Protocol):
    """Somebody who has what is lacking, or will."""

    def pieces(self, lacking: Lacking) -> Iterator[tuple[int, bytes]]:
        """Yield all that is lacking, in order. Raises ``OSError`` where the source is gone."""


class Neighbour:
    """A host before this one in the chain."""

    def __init__(self, address: str, port: int, context: ssl.SSLContext) -> None:
        self._to, self._context = (address, port), context

    def pieces(self, lacking: Lacking) -> Iterator[tuple[int, bytes]]:
        with (
            socket.create_connection(self._to, _SILENCE) as plain,
            self._context.wrap_socket(plain) as connection,
            connection.makefile("rb", buffering=_CHUNK) as stream,
        ):
            connection.sendall(json.dumps(lacking).encode() + b"\n")
            while header := stream.read(_HEADER.size):
                number, length = _HEADER.unpack(header)
                data = stream.read(length)
                if len(data) != length:
                    raise ConnectionAbortedError("it was cut")
                if data:
                    yield number, data


class Lines:
    """Standard input and output."""

    def __init__(self) -> None:
        self._in: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._lock, self._last = threading.Lock(), time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while line := sys.stdin.buffer.readline():
            self._last = time.monotonic()
            if line != b".\n":
                self._in.put(line)
        # The control machine is gone, or wants no more.
        os._exit(0)

    def take(self) -> bytes:
        """Return the next line."""
        return self._in.get()

    def beat(self, text: str) -> None:
        """Write a line that is answered, as all before it should have been by now."""
        if time.monotonic() - self._last > _ALONE:
            os._exit(1)
        self.say(text)

    def say(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            try:
                os.write(1, f"{text}\n".encode())
            except OSError:
                os._exit(1)


class Control:
    """The control machine, over SSH."""

    def __init__(self, lines: Lines, contents: list[Content]) -> None:
        self._lines, self._contents = lines, contents

    def pieces(self, lacking: Lacking) -> Iterator[tuple[int, bytes]]:
        asked: deque[tuple[int, int]] = deque()
        rest = self._ranges(lacking)
        try:
            while True:
                while len(asked) < _UNDER_WAY and (one := next(rest, None)):
                    number, offset, length = one
                    self._lines.say(f"want {number} {offset} {length}")
                    asked.append((number, length))
                if not asked:
                    return
                data = base64.b64decode(self._lines.take())
                number, length = asked.popleft()
                if len(data) != length:
                    raise FailedError("the control machine's file has another size than it had")
                yield number, data
        finally:
            for _ in asked:
                self._lines.take()

    def _ranges(self, lacking: Lacking) -> Iterator[tuple[int, int, int]]:
        for number, start in lacking:
            size = self._contents[number].size
            for offset in range(start, size, _PIECE):
                yield number, offset, min(_PIECE, size - offset)


def pull(shelf: Shelf, sources: Iterable[Source]) -> None:
    """Take all that is lacking from the first source that gives it; the last one always does.
    Raises ``FailedError``."""
    sources, damaged = list(sources), 0
    while True:
        try:
            shelf.finish_arrived()
            for source in sources:
                _take(shelf, source)
            if not shelf.lacking():
                return
        except DamagedError as error:
            damaged += 1
            # It may be the source's disk, or that of one before it.
            sources = sources[1:] if len(sources) > 1 and damaged < _ATTEMPTS - 1 else sources[-1:]
            if damaged == _ATTEMPTS:
                raise FailedError(
                    f"{error} did not arrive as it was sent, {_ATTEMPTS} times; look at the "
                    "memory and the disk here, and run this again"
                ) from None


def _take(shelf: Shelf, source: Source) -> None:
    lacking = shelf.lacking()
    if not lacking:
        return
    pieces = source.pieces(lacking)
    try:
        for number, data in pieces:
            shelf.add(number, data)
    except OSError:
        # It is gone; the next one has what it had, or gets it.
        return
    finally:
        pieces.close()  # type: ignore[attr-defined]


def _context(purpose: int, certificate: str, key: str) -> ssl.SSLContext:
    """The run's certificate proves both sides to each other. OpenSSL reads keys from files only,
    and this one gets none that has a name."""
    context = ssl.SSLContext(purpose)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=certificate)
    memory = os.memfd_create("key", os.MFD_CLOEXEC)
    os.write(memory, f"{key}{certificate}".encode())
    context.load_cert_chain(f"/proc/self/fd/{memory}")
    os.close(memory)
    return context


def _tell(lines: Lines, shelf: Shelf) -> None:
    while True:
        time.sleep(_BEAT)
        lines.beat(f"have {shelf.total}")


def main(directory: str, own: str, wanted_port: str) -> None:
    lines = Lines()
    setup = json.loads(lines.take())
    contents = [Content(*one) for one in setup["contents"]]
    shelf = Shelf(Path(directory), contents)
    keys = setup["certificate"], setup["key"]
    giver = Giver(shelf, _context(ssl.PROTOCOL_TLS_SERVER, *keys), setup["rate"])
    listening = giver.listen(own, int(wanted_port)) if wanted_port else 0
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    ready = {"port": listening, "load": load, "there": shelf.total, "lacking": len(shelf.lacking())}
    lines.say(f"ready {json.dumps(ready)}")
    client = _context(ssl.PROTOCOL_TLS_CLIENT, *keys)
    before = json.loads(lines.take())
    sources: list[Source] = [Neighbour(address, port, client) for address, port in before]
    threading.Thread(target=_tell, args=(lines, shelf), daemon=True).start()
    try:
        pull(shelf, [*sources, Control(lines, contents)])
    except FailedError as error:
        lines.say(f"failed {error}")
        return
    except OSError as error:
        lines.say(f"failed {error.filename or directory}: {error.strerror or error}")
        return
    lines.say("done")
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
