"""The question by which ``cluster init`` asks for edges."""

from collections.abc import Mapping

from ..question import AnswerError, Keys, Member, Question, clean, is_none, members, split

_VIP = "vip="


class EdgeQuestion(Question):
    """Takes the edges' VIP among their addresses, as if it were a host called ``vip``."""

    def problem(self, answer: str) -> str | None:
        """Say why an answer cannot be used; ``None`` where it can."""
        if problem := super().problem(answer):
            return problem
        return None if is_none(answer) else _missing(*_parted(answer))

    def members(self, answer: str) -> tuple[Member, ...]:
        """The hosts that an answer names, without the VIP."""
        return () if is_none(answer) else members(_parted(answer)[1], self.prefix)

    def section(
        self, answer: str, keys: Keys | None = None, settings: Mapping[str, object] | None = None
    ) -> str:
        """The group as it stands in the inventory, with its comment. Raises ``AnswerError``."""
        if is_none(answer):
            return ""
        vips, hosts = _parted(answer)
        if missing := _missing(vips, hosts):
            raise AnswerError(missing)
        with_vip = {"vip": vips[0], **(settings or {})}
        return super().section(answer, keys, with_vip)


def _parted(answer: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """VIPs, and what stands for hosts."""
    every = [clean(text) for text in split((answer,))]
    vips = tuple(text.removeprefix(_VIP) for text in every if text.startswith(_VIP))
    return vips, tuple(text for text in every if not text.startswith(_VIP))


def _missing(vips: tuple[str, ...], hosts: tuple[str, ...]) -> str | None:
    if len(vips) != 1:
        return "edges need one address to share: vip=192.168.1.110, and their own"
    return None if hosts else "edges need at least one address of their own beside their vip"


EDGE_QUESTION = EdgeQuestion(
    key="edges",
    option="--edge",
    help="Their VIP as vip=ADDRESS, then each edge; or none. May be repeated.",
    metavar="[NAME=]ADDRESS|vip=ADDRESS|none",
    text="Edges, a second way in for programs: vip=ADDRESS and the address of each, or none",
    more="Nginx in front, which admits as many requests as the GPUs can take and refuses others at "
    "once: vip=192.168.1.110 192.168.1.51 192.168.1.52 (docs/edge.md). None is usual.",
    prefix="edge",
    comment="# The machines that admit programs' requests, up to what the nodes can take.\n",
    optional=True,
)
