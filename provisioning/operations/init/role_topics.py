"""The questions of roles, for hosts, as those of ``cluster init``. Pure."""

from ...roles.director.director import DIRECTORS
from ...roles.edge.edge import EDGES
from ...roles.question import Question, is_none
from ...roles.real_server.real_server import REAL_SERVERS
from .members import questions
from .topic import Known, Topic, says

_MORE = {
    DIRECTORS.key: (
        "Two small machines that own the virtual IP and pass connections on, by Keepalived and "
        "IPVS; the first is master while it lives. Their own addresses, which stay as they are: "
        "192.168.1.11 192.168.1.12, or with names of yours, east=192.168.1.11"
    ),
    REAL_SERVERS.key: (
        "The machines that speak, with GPUs or without, on the directors' network segment: "
        "192.168.1.101 192.168.1.102, or with names of yours, gpu1=192.168.1.101"
    ),
    "storage": (
        "Outputs that every node shows: the address of a host to be made an NFS server, or "
        "SERVER:/PATH of one that exists. With none each node keeps its own."
    ),
    EDGES.key: (
        "Nginx in front, which admits as many requests as the GPUs can take and refuses others at "
        "once: vip=192.168.1.110 192.168.1.51 192.168.1.52 (docs/edge.md). None is usual."
    ),
    "monitoring": (
        "Prometheus, Alertmanager and exporters. Any host but a director or real server; the "
        "storage host will do (docs/monitoring.md)."
    ),
    "logs": (
        "One host that keeps the lines of all, those of dead ones too. Any but a director "
        "(docs/logs.md)."
    ),
}


def role_topics() -> list[Topic]:
    """The same as topics."""
    return [_topic(question) for question in questions()]


def _topic(question: Question) -> Topic:
    key = question.key
    return Topic(
        key=key,
        option=question.option,
        metavar=question.metavar,
        help=question.help,
        text=says(question.prompt),
        more=_MORE.get(key, question.help),
        default=lambda known: _default(question, known),
        problem=lambda answer, known: _problem(question, answer, known),
        several=question.several,
        about=(key,),
    )


def _default(question: Question, known: Known) -> str | None:
    alone = is_none(known.answer("vip"))
    if question.key == DIRECTORS.key and alone:
        return "none"
    if question.key == EDGES.key and alone:
        return known.defaults.get(question.key)
    return known.defaults.get(question.key, question.default)


def _problem(question: Question, answer: str, known: Known) -> str | None:
    if question.key == EDGES.key and is_none(answer) and is_none(known.answer("vip")):
        return "without a virtual IP of directors edges are the only way in: at least one"
    return question.problem(answer)
