"""The board that one looks at first. Pure."""

from collections.abc import Sequence

from ....node_api import HEALTH, METRICS, READY
from .board import (
    Board,
    Level,
    Panel,
    Section,
    Unit,
    Word,
    bad_from,
    graph,
    listed,
    number,
    warning_from,
)
from .shared import DRAINS, FAIL_OVERS, FIRING, NODES, STATE_OF_NODES, outcomes, quantiles

_JOBS = "rate(cosyvoice_jobs_total"
_BURNING = (
    "max by (severity, alertname, node, real_server, iname, service)"
    ' (ALERTS{alertstate="firing",$cluster})'
)
_ENDS = (
    "min(probe_ssl_earliest_cert_expiry{$cluster}"
    " or (cosyvoice_certificate_expiry_timestamp_seconds{$cluster} > 0)) - time()"
)

_NOW = (
    number(
        "Alerts",
        f"count({_BURNING}) or vector(0)",
        Unit.COUNT,
        warning_from(1),
        about="`cluster alerts` tells what each means.",
    ),
    number(
        "Nodes not ready",
        'count(up{job="cosyvoice-node",$node}) - (sum(cosyvoice_ready{$node}) or vector(0))',
        Unit.COUNT,
        warning_from(1),
    ),
    number("Jobs now", "sum(cosyvoice_jobs_running{$node})"),
    number(
        "Capacity in use",
        "sum(cosyvoice_jobs_running{$node}) / sum(cosyvoice_capacity{$node})",
        Unit.RATIO,
        warning_from(0.9),
    ),
    number("Jobs in line", "sum(cosyvoice_jobs_waiting{$node})"),
    number("Jobs", f"sum({_JOBS}{{$node}}[$range]))", Unit.PER_SECOND),
    number(
        "First audio, p95",
        "histogram_quantile(0.95,"
        " sum by (le) (rate(cosyvoice_first_audio_seconds_bucket{$node}[$range])))",
        Unit.SECONDS,
        warning_from(5),
        bad_from(15),
    ),
    number(
        "Jobs that fail",
        f'sum({_JOBS}{{outcome=~"failed|timed_out",$node}}[$range]))'
        f' / sum({_JOBS}{{outcome!="busy",$node}}[$range]))',
        Unit.RATIO,
        warning_from(0.01),
        bad_from(0.05),
    ),
    number(
        "Turned away",
        f'sum({_JOBS}{{outcome="busy",$node}}[$range])) / sum({_JOBS}{{$node}}[$range]))',
        Unit.RATIO,
        warning_from(0.01),
        bad_from(0.05),
    ),
)
_STATES = (
    STATE_OF_NODES,
    listed(
        "Services, asked from outside",
        "min by (service, instance) (probe_success{$cluster})",
        "{service} {instance}",
        Word(0, "fails", Level.BAD),
        Word(1, "answers", Level.GOOD),
        empty="nothing is asked",
    ),
    listed(
        "Alerts that burn",
        _BURNING,
        "{severity}: {alertname} {node} {real_server} {iname} {service}",
        Word(1, "burns", Level.WARNING),
        empty="none",
    ),
)
_TIMES = (
    quantiles(
        "First audio",
        "cosyvoice_first_audio_seconds",
        about="From accepting a job to its first sound, waiting included.",
    ),
    quantiles("Wait in line", "cosyvoice_queue_wait_seconds"),
    quantiles(
        "Real-time factor",
        "cosyvoice_real_time_factor",
        Unit.FACTOR,
        about="Time on the worker for a second of sound: above 1 clients hear gaps.",
    ),
    outcomes(),
)
_LOAD = (
    graph(
        "Jobs and capacity",
        Unit.COUNT,
        ("sum(cosyvoice_jobs_running{$node})", "running"),
        ("sum(cosyvoice_jobs_waiting{$node})", "in line"),
        ("sum(cosyvoice_capacity{$node})", "capacity"),
    ),
    graph(
        "Jobs by node",
        Unit.COUNT,
        ("sum by (node) (cosyvoice_jobs_running{$node})", "{node}"),
        stacked=True,
    ),
    graph(
        "Sound made",
        Unit.FACTOR,
        ("sum by (node) (rate(cosyvoice_audio_seconds_total{$node}[$range]))", "{node}"),
        about="Seconds of sound a second.",
    ),
    graph(
        "Connections",
        Unit.COUNT,
        ("sum by (node) (cosyvoice_connections{$node})", "{node}"),
    ),
    graph(
        "Jobs that other nodes took",
        Unit.PER_SECOND,
        ("sum by (node) (rate(cosyvoice_jobs_lent_total{$node}[$range]))", "{node}"),
    ),
    graph(
        "Connections closed",
        Unit.PER_SECOND,
        ("sum by (cause) (rate(cosyvoice_connections_closed_total{$node}[$range]))", "{cause}"),
        about="Because of a limit, or to make room for others.",
    ),
)


_OF_CLIENTS = f'route!~"/_.*|{HEALTH}|{READY}|{METRICS}",$node'
"""Requests that neither nodes nor checks made."""
_REQUESTS = (
    graph(
        "Requests by route",
        Unit.PER_SECOND,
        (
            f"sum by (route) (rate(cosyvoice_http_requests_total{{{_OF_CLIENTS}}}[$range])) > 0",
            "{route}",
        ),
        about="A request that one node passes on to another counts on both.",
        stacked=True,
    ),
    graph(
        "Errors by route",
        Unit.PER_SECOND,
        (
            "sum by (route, status) (rate(cosyvoice_http_requests_total"
            f'{{status=~"[45]..",{_OF_CLIENTS}}}[$range])) > 0',
            "{status} {route}",
        ),
        about="499 is a client that left before it was told anything.",
    ),
    graph(
        "Time by route, p95",
        Unit.SECONDS,
        (
            "histogram_quantile(0.95, sum by (route, le) (rate("
            f"cosyvoice_http_request_duration_seconds_bucket{{{_OF_CLIENTS}}}[$range]))) > 0",
            "{route}",
        ),
        about="To the end of the answer: of speech, until the last of it was sent.",
    ),
)


def overview(*, tls: bool, objectives: Sequence[str] = ()) -> Board:
    """The board; with ``tls`` it has the end of the certificate, with the labels of ``objectives``
    their budgets."""
    more = (number("Certificate ends in", _ENDS, Unit.SECONDS),) if tls else ()
    promised = (Section("Objectives", _budgets(objectives)),) if objectives else ()
    return Board(
        "overview",
        "Overview",
        "Is it well, how long do people wait, and how much room is there?",
        NODES,
        (
            Section("Now", (*_NOW, *more)),
            Section("State", _STATES),
            *promised,
            Section("How long it takes", _TIMES),
            Section("Load", _LOAD),
            Section("Requests", _REQUESTS),
        ),
        (FIRING, DRAINS, FAIL_OVERS),
    )


def _budgets(objectives: Sequence[str]) -> tuple[Panel, ...]:
    used = tuple(
        number(
            f"Budget of {name.replace('_', ' ')} used",
            "max("
            f'sum_over_time(objective:jobs_missed:rate5m{{objective="{name}",$cluster}}[30d])'
            f' / sum_over_time(objective:jobs:rate5m{{objective="{name}",$cluster}}[30d])'
            " / on (cluster, objective) objective:budget:ratio)",
            Unit.RATIO,
            warning_from(0.75),
            bad_from(1),
            about="Of the jobs that may miss the objective in 30 days.",
        )
        for name in objectives
    )
    missed = graph(
        "Jobs that miss an objective",
        Unit.RATIO,
        ("objective:jobs_missed:rate5m{$cluster} / objective:jobs:rate5m", "{objective}"),
        ("objective:budget:ratio{$cluster}", "{objective}: budget"),
    )
    return (*used, missed)
