"""The board of the GPUs. Pure."""

from .board import Board, Level, Section, Unit, Word, bad_from, graph, listed, number, warning_from
from .shared import DRAINS, FIRING, NODES, restarts

_CARD = "{node} {gpu} {mig}"
_BY = "by (node, gpu, mig)"

GPUS = Board(
    "gpus",
    "GPUs",
    "The cards of the real servers, as the driver tells of them.",
    NODES,
    (
        Section(
            "Now",
            (
                number(
                    "Cards",
                    'count(cosyvoice_gpu_up{mig="",$node} == 1) or vector(0)',
                ),
                number(
                    "Cards missing",
                    "sum(max by (real_server) (cluster_expected_gpus{$cluster}))"
                    ' - (count(cosyvoice_gpu_up{mig="",$cluster} == 1) or vector(0))',
                    Unit.COUNT,
                    bad_from(1),
                    about="Where the inventory says how many there should be.",
                ),
                number(
                    "In need of repair",
                    "count(cosyvoice_gpu_healthy{$node} == 0) or vector(0)",
                    Unit.COUNT,
                    bad_from(1),
                ),
                number(
                    "Taken out of service",
                    "count(cosyvoice_gpu_in_service{$node} == 0) or vector(0)",
                    Unit.COUNT,
                    warning_from(1),
                ),
                number("Utilization", "avg(cosyvoice_gpu_utilization_ratio{$node})", Unit.RATIO),
                number(
                    "Hottest",
                    "max(cosyvoice_gpu_temperature_celsius{$node})",
                    Unit.CELSIUS,
                    warning_from(80),
                    bad_from(90),
                ),
                number("Power", "sum(cosyvoice_gpu_power_watts{$node})", Unit.WATTS),
            ),
        ),
        Section(
            "State",
            (
                listed(
                    "Cards",
                    f"max {_BY} ((cosyvoice_gpu_up{{$node}} == 0)"
                    " or ((cosyvoice_gpu_healthy{$node} == 0) + 1)"
                    " or ((cosyvoice_gpu_in_service{$node} == 0) + 2)"
                    " or (cosyvoice_gpu_up{$node} + 2))",
                    _CARD,
                    Word(0, "lost", Level.BAD),
                    Word(1, "needs repair", Level.BAD),
                    Word(2, "out of service", Level.WARNING),
                    Word(3, "well", Level.GOOD),
                    empty="no node has a card",
                ),
                listed(
                    "Slowed down",
                    "max by (node, gpu, reason) (cosyvoice_gpu_throttled{$node})",
                    "{node} {gpu}: {reason}",
                    Word(1, "now", Level.WARNING),
                    empty="none",
                ),
            ),
        ),
        Section(
            "Work",
            (
                graph(
                    "Utilization",
                    Unit.RATIO,
                    (f"max {_BY} (cosyvoice_gpu_utilization_ratio{{$node}})", _CARD),
                ),
                graph(
                    "Memory in use",
                    Unit.RATIO,
                    (
                        f"max {_BY} (cosyvoice_gpu_memory_used_bytes{{$node}}"
                        " / cosyvoice_gpu_memory_total_bytes{$node})",
                        _CARD,
                    ),
                ),
                graph(
                    "Workers that can speak",
                    Unit.COUNT,
                    ("sum by (node) (cosyvoice_workers_usable{$node})", "{node}"),
                ),
                restarts(),
            ),
        ),
        Section(
            "Hardware",
            (
                graph(
                    "Temperature",
                    Unit.CELSIUS,
                    (f"max {_BY} (cosyvoice_gpu_temperature_celsius{{$node}})", _CARD),
                ),
                graph(
                    "Power",
                    Unit.WATTS,
                    (f"max {_BY} (cosyvoice_gpu_power_watts{{$node}})", _CARD),
                ),
                graph(
                    "Errors",
                    Unit.COUNT,
                    (
                        f"max {_BY} (cosyvoice_gpu_ecc_uncorrected_errors_total{{$node}})",
                        f"{_CARD} memory",
                    ),
                    (
                        "sum by (node, gpu, xid) (cosyvoice_gpu_xid_errors_total{$node})",
                        "{node} {gpu} Xid {xid}",
                    ),
                    about="Since the driver was loaded.",
                ),
                graph(
                    "Programs on a card",
                    Unit.COUNT,
                    (f"max {_BY} (cosyvoice_gpu_processes{{$node}})", _CARD),
                ),
            ),
        ),
    ),
    (FIRING, DRAINS),
)
