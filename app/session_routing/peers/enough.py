"""The peers that have to stay ready when a node goes out of service by itself. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from .peer import Condition, Peer


class By(StrEnum):
    """The unit that balancers in front of the nodes tell apart."""

    NODE = "node"
    """Each node serves every client."""
    PORT = "port"
    """Each port has nodes of its own."""
    HOST = "host"
    """A host serves while one of its nodes does."""


@dataclass(frozen=True, slots=True)
class Enough:
    """The number of others, and what counts as one."""

    minimum: int
    by: By = By.NODE

    def concerned(self, own: Peer | None, peers: Iterable[Peer]) -> set[str]:
        """Names of peers that can stand in for this node; none where its own place is needed and
        not known."""
        if self.by is By.NODE:
            return {peer.name for peer in peers}
        if own is None:
            return set()
        port = urlsplit(own.url).port
        same = self.by is By.HOST
        return {peer.name for peer in peers if same or urlsplit(peer.url).port == port}

    def ready(
        self, own: Peer | None, peers: Mapping[str, Peer], said: Mapping[str, Condition]
    ) -> int:
        """Number of those counted that are ready without this node: ``minimum`` at least
        where its host goes on by another."""
        names = [name for name, one in said.items() if one.ready]
        if self.by is not By.HOST:
            return len(names)
        hosts = {urlsplit(peers[name].url).hostname for name in names}
        here = own is not None and urlsplit(own.url).hostname in hosts
        return max(len(hosts), self.minimum) if here else len(hosts)

    def in_words(self, ready: int) -> str:
        """The lack, where it is not enough."""
        word = "host" if self.by is By.HOST else "node"
        where = " at this port" if self.by is By.PORT else ""
        are = f"{word}{where} is" if ready == 1 else f"{word}s{where} are"
        have = "has" if self.minimum == 1 else "have"
        return f"{ready} other {are} ready, and {self.minimum} {have} to be"
