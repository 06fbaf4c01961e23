"""The directors' board: who has the virtual IP, and where the table sends clients. Pure."""

from .board import Board, Level, Section, Unit, Word, bad_from, graph, listed, number, warning_from
from .shared import DRAINS, FAIL_OVERS, FIRING, cpu, network, vrrp

_IN_TABLE = (
    "on (cluster, node, local_address, local_port, remote_address, remote_port, proto)"
    " node_ipvs_backend_weight{$cluster}"
)
_PLACE = "{local_address}:{local_port}"

DIRECTORS = Board(
    "directors",
    "Directors",
    "Who has the virtual IP, and where the table sends clients.",
    'count by (node) (up{job="cosyvoice-host",role="director",$cluster})',
    (
        Section(
            "Now",
            (
                number(
                    "Real servers missing",
                    "count(count by (real_server) ("
                    f"(cluster_expected_real_server{{$cluster}} == 1) unless {_IN_TABLE}))"
                    " or vector(0)",
                    Unit.COUNT,
                    bad_from(1),
                    about="Expected in a table, and not there: a check fails.",
                ),
                number(
                    "Real servers drained",
                    "sum(max by (real_server) (cluster_drained{$cluster}))",
                    Unit.COUNT,
                    warning_from(1),
                ),
                number(
                    "Connections",
                    "sum(cluster:active_connections:sum{$cluster})",
                    about="Active ones, in the master's table.",
                ),
                number(
                    "New connections",
                    "sum(rate(node_ipvs_connections_total{$cluster}[$range])"
                    " and on (cluster, node) (keepalived_vrrp_state{$cluster} == 2))",
                    Unit.PER_SECOND,
                ),
                number(
                    "State changes in an hour",
                    'sum(changes(keepalived_vrrp_state{role="director",$cluster}[1h]))',
                    Unit.COUNT,
                    warning_from(2),
                ),
            ),
        ),
        Section(
            "State",
            (
                vrrp("director"),
                listed(
                    "Real servers in the table",
                    "max by (real_server, service, node) ("
                    "(cluster_expected_real_server{$node} * 0 + 2"
                    " and cluster_expected_real_server{$node} == 0)"
                    " or (cluster_expected_real_server{$node} and "
                    f"{_IN_TABLE})"
                    " or (cluster_expected_real_server{$node} * 0))",
                    "{real_server} {service} on {node}",
                    Word(0, "missing", Level.BAD),
                    Word(1, "there", Level.GOOD),
                    Word(2, "drained", Level.WARNING),
                    empty="directors tell nothing",
                ),
            ),
        ),
        Section(
            "Table",
            (
                graph(
                    "Real servers in service",
                    Unit.COUNT,
                    ("cluster:real_servers_in_service:count{$cluster}", _PLACE),
                    (
                        "max by (local_address, local_port) (sum by (node, local_address,"
                        " local_port) (cluster_expected_real_server{$cluster}))",
                        f"{_PLACE} expected",
                    ),
                ),
                graph(
                    "Connections by real server",
                    Unit.COUNT,
                    (
                        "sum by (remote_address) (cluster:active_connections:sum{$cluster})",
                        "{remote_address}",
                    ),
                    about="Active ones, in the master's table.",
                    stacked=True,
                ),
                graph(
                    "Weights",
                    Unit.COUNT,
                    (
                        "max by (node, remote_address, local_port)"
                        " (node_ipvs_backend_weight{$node})",
                        "{remote_address}:{local_port} on {node}",
                    ),
                ),
                graph(
                    "Connections that ended",
                    Unit.COUNT,
                    (
                        "sum by (node, remote_address)"
                        " (node_ipvs_backend_connections_inactive{$node})",
                        "{remote_address} on {node}",
                    ),
                    about="Inactive ones, which the table keeps for a while.",
                ),
            ),
        ),
        Section(
            "Traffic",
            (
                graph(
                    "New connections",
                    Unit.PER_SECOND,
                    ("sum by (node) (rate(node_ipvs_connections_total{$node}[$range]))", "{node}"),
                ),
                graph(
                    "Through IPVS",
                    Unit.BYTES_PER_SECOND,
                    (
                        "sum by (node) (rate(node_ipvs_incoming_bytes_total{$node}[$range]))",
                        "{node} to real servers",
                    ),
                    (
                        "sum by (node) (rate(node_ipvs_outgoing_bytes_total{$node}[$range]))",
                        "{node} back",
                    ),
                    about="With direct routing nothing comes back through a director.",
                ),
                cpu("director"),
                network("director"),
            ),
        ),
    ),
    (FIRING, DRAINS, FAIL_OVERS),
)
