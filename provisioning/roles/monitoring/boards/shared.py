"""Panels and marks that several boards have. Pure."""

from .board import Level, Mark, Panel, Query, Unit, Word, graph, listed

NODES = 'count by (node) (up{job="cosyvoice-node",$cluster})'
HOSTS = 'count by (node) (up{job="cosyvoice-host",$cluster})'

STATE_OF_NODES = listed(
    "Nodes",
    "max by (node) ("
    "(2 * cosyvoice_draining{$node} > 0)"
    " or cosyvoice_ready{$node}"
    ' or ((up{job="cosyvoice-node",$node} == 0) - 1)'
    ")",
    "{node}",
    Word(-1, "silent", Level.BAD),
    Word(0, "not ready", Level.BAD),
    Word(1, "ready", Level.GOOD),
    Word(2, "draining", Level.WARNING),
    empty="no node is looked at",
)

FIRING = Mark(
    "Alerts",
    Query(
        'sum by (alertname, node, severity) (ALERTS{alertstate="firing",$cluster})',
        "{alertname} {node}",
    ),
    Level.BAD,
)
DRAINS = Mark(
    "Drains",
    Query("max by (real_server) (cluster_drained{$cluster}) == 1", "{real_server} is drained"),
    Level.WARNING,
)
FAIL_OVERS = Mark(
    "Fail-overs",
    Query(
        "sum by (node, iname) (changes(keepalived_vrrp_state{$cluster}[$range])) > 0",
        "{iname} on {node}",
    ),
)


def vrrp(role: str) -> Panel:
    """States of Keepalived's instances on hosts of a role."""
    return listed(
        "VRRP",
        f'max by (node, iname) (keepalived_vrrp_state{{role="{role}",$node}})',
        "{node} {iname}",
        Word(0, "init", Level.WARNING),
        Word(1, "backup"),
        Word(2, "master", Level.GOOD),
        Word(3, "fault", Level.BAD),
        about="One host is master of each instance, and answers for its virtual IP.",
        empty="Keepalived tells nothing",
    )


def quantiles(title: str, metric: str, unit: Unit = Unit.SECONDS, about: str = "") -> Panel:
    """Median, p95 and p99 of a histogram."""
    buckets = f"sum by (le) (rate({metric}_bucket{{$node}}[$range]))"
    wanted = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    queries = [(f"histogram_quantile({share}, {buckets})", name) for share, name in wanted]
    return graph(title, unit, *queries, about=about)


def outcomes() -> Panel:
    """Jobs by what became of them."""
    return graph(
        "Jobs by outcome",
        Unit.PER_SECOND,
        ("sum by (outcome) (rate(cosyvoice_jobs_total{$node}[$range]))", "{outcome}"),
        about="busy was turned away at once, refused cannot be spoken.",
        stacked=True,
    )


def restarts() -> Panel:
    """Workers that were replaced."""
    return graph(
        "Workers replaced",
        Unit.PER_SECOND,
        ("sum by (cause) (rate(cosyvoice_worker_restarts_total{$node}[$range])) > 0", "{cause}"),
        about="max_jobs and max_growth are as they should be, cancelled is a client that left.",
    )


def cpu(role: str = "") -> Panel:
    """Share of time in which processors do something."""
    return graph(
        "CPU",
        Unit.RATIO,
        (
            "1 - avg by (node) (rate(node_cpu_seconds_total{"
            f'mode="idle",{_of(role)}$node}}[$range]))',
            "{node}",
        ),
    )


def network(role: str = "") -> Panel:
    """Bytes in and out of a host."""
    of = f'device!="lo",{_of(role)}$node'
    return graph(
        "Network",
        Unit.BYTES_PER_SECOND,
        (f"sum by (node) (rate(node_network_receive_bytes_total{{{of}}}[$range]))", "{node} in"),
        (f"sum by (node) (rate(node_network_transmit_bytes_total{{{of}}}[$range]))", "{node} out"),
    )


def _of(role: str) -> str:
    return f'role="{role}",' if role else 'job="cosyvoice-host",'
