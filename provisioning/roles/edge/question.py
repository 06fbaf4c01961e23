"""The question by which ``cluster init`` asks for edges."""

from ..question import AnswerError, Question, clean, hosts_lines, is_none, scalar, split

_VIP = "vip="


class EdgeQuestion(Question):
    """Takes the edges' VIP among their addresses, as if it were a host called ``vip``."""

    def problem(self, answer: str) -> str | None:
        """Say why an answer cannot be used; ``None`` where it can."""
        if problem := super().problem(answer):
            return problem
        return None if is_none(answer) else _missing(_parted((answer,)))

    def section(self, answers: tuple[str, ...]) -> str:
        """The group as it stands in the inventory, with its comment. Raises ``AnswerError``."""
        if all(is_none(answer) for answer in answers):
            return ""
        parted = _parted(answers)
        if missing := _missing(parted):
            raise AnswerError(missing)
        (vip,), hosts = parted
        lines = hosts_lines(hosts, self.prefix)
        return f"{self.comment}{self.key}:\n  vip: {scalar(vip)}\n{lines}"


def _parted(answers: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """VIPs, and what stands for hosts."""
    every = [clean(text) for text in split(answers)]
    vips = tuple(text.removeprefix(_VIP) for text in every if text.startswith(_VIP))
    return vips, tuple(text for text in every if not text.startswith(_VIP))


def _missing(parted: tuple[tuple[str, ...], tuple[str, ...]]) -> str | None:
    vips, hosts = parted
    if len(vips) != 1:
        return "edges need one address to share: vip=192.168.1.110, and their own"
    return None if hosts else "edges need at least one address of their own beside their vip"


EDGE_QUESTION = EdgeQuestion(
    key="edges",
    option="--edge",
    help="Their VIP as vip=ADDRESS, then each edge; or none. May be repeated.",
    metavar="[NAME=]ADDRESS|vip=ADDRESS|none",
    text="Edges, a second way in for programs: vip=ADDRESS and the address of each, or none",
    prefix="edge",
    comment="# The machines that admit programs' requests, up to what the nodes can take.\n",
    optional=True,
)
