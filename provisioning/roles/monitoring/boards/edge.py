"""The edges' board: the entry that speaks HTTP. Pure."""

from .board import Board, Level, Section, Unit, Word, bad_from, graph, listed, number, warning_from
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
                number(
                    "Requests",
                    "sum(rate(cosyvoice_edge_requests_total{$node}[$range]))",
                    Unit.PER_SECOND,
                ),
                number(
                    "Jobs refused",
                    'sum(rate(cosyvoice_edge_jobs_refused_total{reason="full",$node}[$range]))'
                    ' / sum(rate(cosyvoice_edge_requests_total{kind="job",$node}[$range]))',
                    Unit.RATIO,
                    warning_from(0.01),
                    bad_from(0.05),
                    about="No node had a place for them.",
                ),
                number(
                    "Jobs lost in an hour",
                    "sum(increase(cosyvoice_edge_jobs_lost_total{$node}[1h]))",
                    Unit.COUNT,
                    bad_from(1),
                    about="Their nodes died, or gave nothing for too long.",
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
            "Requests",
            (
                graph(
                    "Requests by status",
                    Unit.PER_SECOND,
                    (
                        "sum by (kind, code) (rate(cosyvoice_edge_requests_total{$node}[$range]))"
                        " > 0",
                        "{code} {kind}",
                    ),
                    about="job took a place of its client's share, own was answered by the edge.",
                    stacked=True,
                ),
                graph(
                    "Jobs turned away and lost",
                    Unit.PER_SECOND,
                    (
                        "sum by (reason) (rate(cosyvoice_edge_jobs_refused_total{$node}[$range]))",
                        "{reason}",
                    ),
                    ("sum(rate(cosyvoice_edge_jobs_lost_total{$node}[$range]))", "lost"),
                    about="client had more than one may have; full: no node had a place.",
                ),
                graph(
                    "Time, p95",
                    Unit.SECONDS,
                    ("edge:request_seconds:p95{$cluster} > 0", "{kind}"),
                ),
                graph(
                    "First byte of a node, p95",
                    Unit.SECONDS,
                    ("edge:first_byte_seconds:p95{$cluster} > 0", "{app_node}"),
                ),
                graph(
                    "Sent to clients",
                    Unit.BYTES_PER_SECOND,
                    (
                        "sum by (kind) (rate(cosyvoice_edge_sent_bytes_total{$node}[$range]))",
                        "{kind}",
                    ),
                ),
                graph(
                    "Asked of a second node",
                    Unit.PER_SECOND,
                    (
                        "sum by (kind) (rate(cosyvoice_edge_retries_total{$node}[$range]))",
                        "{kind}",
                    ),
                    about="The first was full, or gone, before it had begun.",
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
