"""One command on many hosts, with what they say as it comes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ...engine.fleet import Fleet
from ...transport.base import StreamingTransport, Transport
from .batches import Outcomes, Rhythm, in_batches
from .given import Given
from .lines import Lines

Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A host's answer."""

    status: int
    stdout: bytes = b""
    stderr: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A command, and how it is run."""

    script: str
    root: bool = False
    timeout: float | None = None
    """Seconds that each host may take."""
    given: Given | None = None
    """Its standard input."""
    keeps: bool = True
    """Keep what hosts print, for their answers."""
    on_line: Callable[[str, Stream, str], None] = field(default=lambda host, stream, line: None)
    """Gets each line as it comes, from several threads."""
    on_end: Callable[[str, Answer], None] = field(default=lambda host, answer: None)
    """Gets each answer as it comes, from several threads."""

    def run(self, fleet: Fleet, names: list[str], rhythm: Rhythm) -> Outcomes[Answer]:
        """Run it on hosts."""
        return in_batches(fleet, names, self._on_host, rhythm, lambda answer: answer.status != 0)

    def _on_host(self, name: str, transport: Transport) -> Answer:
        assert isinstance(transport, StreamingTransport)
        printed: dict[Stream, list[bytes]] = {"stdout": [], "stderr": []}
        lines: dict[Stream, Lines] = {"stdout": Lines(), "stderr": Lines()}

        def taking(stream: Stream) -> Callable[[bytes], None]:
            def take(piece: bytes) -> None:
                if self.keeps:
                    printed[stream].append(piece)
                for line in lines[stream].feed(piece):
                    self.on_line(name, stream, line)

            return take

        try:
            status = transport.stream(
                self.script,
                root=self.root,
                timeout=self.timeout,
                given=self.given.pieces() if self.given else None,
                on_stdout=taking("stdout"),
                on_stderr=taking("stderr"),
            )
        finally:
            # Also what a host said before it was lost.
            for stream, rest in lines.items():
                for line in rest.end():
                    self.on_line(name, stream, line)
        answer = Answer(status, b"".join(printed["stdout"]), b"".join(printed["stderr"]))
        self.on_end(name, answer)
        return answer
