"""The edges' board: the entry that speaks HTTP. Pure."""

from .board import Board, Level, Section, Unit, Word, graph, listed, number
from .shared import FAIL_OVERS, FIRING, cpu, network, vrrp

_PROBE = 'service="edges",$cluster'
_SECONDS = (
    f"max by (instance) (probe_duration_seconds{{{_PROBE}}} and probe_success{{{_PROBE}}} == 1)"
)
_EDGE = 'role="edge",$node'

EDGE = Board(
    "edge",
    "Edge",
    "The entry that speaks HTTP, from outside and as a machine.",
    'count by (node) (up{job="cosyvoice-host",role="edge",$cluster})',
    (
        Section(
            "Now",
            (
                number(
                    "Answer from outside",
                    f"max({_SECONDS})",
                    Unit.SECONDS,
                    about="Asked for its health at the virtual IP, by a monitoring host.",
                ),
                number(
                    "Connections",
                    f"sum(node_netstat_Tcp_CurrEstab{{{_EDGE}}})",
                    about="Established ones, of clients and to nodes.",
                ),
                number("Jobs at the nodes", "sum(cosyvoice_jobs_running{$cluster})"),
                number("Places at the nodes", "sum(cosyvoice_capacity{$cluster})"),
            ),
        ),
        Section(
            "State",
            (
                vrrp("edge"),
                listed(
                    "Asked from outside",
                    f"min by (instance) (probe_success{{{_PROBE}}})",
                    "{instance}",
                    Word(0, "fails", Level.BAD),
                    Word(1, "answers", Level.GOOD),
                    empty="nothing is asked",
                ),
            ),
        ),
        Section(
            "Traffic",
            (
                graph(
                    "Answer from outside",
                    Unit.SECONDS,
                    (_SECONDS, "{instance}"),
                ),
                graph(
                    "Connections",
                    Unit.COUNT,
                    (f"max by (node) (node_netstat_Tcp_CurrEstab{{{_EDGE}}})", "{node}"),
                ),
                cpu("edge"),
                network("edge"),
                graph(
                    "Jobs and places at the nodes",
                    Unit.COUNT,
                    ("sum(cosyvoice_jobs_running{$cluster})", "running"),
                    ("sum(cosyvoice_jobs_waiting{$cluster})", "in line"),
                    ("sum(cosyvoice_capacity{$cluster})", "places"),
                ),
            ),
        ),
    ),
    (FIRING, FAIL_OVERS),
)
