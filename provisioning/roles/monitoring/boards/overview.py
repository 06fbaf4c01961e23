"""The board that one looks at first. Pure."""

from .board import Board, Level, Section, Unit, Word, bad_from, graph, listed, number, warning_from
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


def overview(*, tls: bool) -> Board:
    """The board; with ``tls`` it has the end of the certificate."""
    more = (number("Certificate ends in", _ENDS, Unit.SECONDS),) if tls else ()
    return Board(
        "overview",
        "Overview",
        "Is it well, how long do people wait, and how much room is there?",
        NODES,
        (
            Section("Now", (*_NOW, *more)),
            Section("State", _STATES),
            Section("How long it takes", _TIMES),
            Section("Load", _LOAD),
        ),
        (FIRING, DRAINS, FAIL_OVERS),
    )
