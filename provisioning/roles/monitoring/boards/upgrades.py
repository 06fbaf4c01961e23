"""The board to have open while a release is rolled out. Pure."""

from .board import Board, Level, Section, Unit, Word, bad_from, graph, listed, number, warning_from
from .shared import DRAINS, FIRING, NODES, STATE_OF_NODES, outcomes, quantiles, restarts

UPGRADES = Board(
    "upgrades",
    "Upgrades",
    "What runs where, who is drained, and whether clients notice.",
    NODES,
    (
        Section(
            "Now",
            (
                number(
                    "Releases that run",
                    "count(count by (release) (cosyvoice_build_info{$cluster}))",
                    Unit.COUNT,
                    warning_from(2),
                    about="One, but for the time of an upgrade.",
                ),
                number(
                    "Real servers drained",
                    "sum(max by (real_server) (cluster_drained{$cluster}))",
                    Unit.COUNT,
                    warning_from(1),
                ),
                number(
                    "Nodes that drain",
                    "sum(cosyvoice_draining{$node})",
                    Unit.COUNT,
                    warning_from(1),
                ),
                number(
                    "Jobs on those",
                    "sum(cosyvoice_jobs_running{$node} and cosyvoice_draining{$node} == 1)"
                    " or vector(0)",
                ),
                number(
                    "Jobs that fail",
                    'sum(rate(cosyvoice_jobs_total{outcome=~"failed|timed_out",$node}[$range]))'
                    ' / sum(rate(cosyvoice_jobs_total{outcome!="busy",$node}[$range]))',
                    Unit.RATIO,
                    warning_from(0.01),
                    bad_from(0.05),
                ),
            ),
        ),
        Section(
            "State",
            (
                listed(
                    "Releases",
                    "max by (node, release, engine) (cosyvoice_build_info{$node})",
                    "{node}: {release}, {engine}",
                    Word(1, "runs"),
                    empty="no node tells",
                ),
                STATE_OF_NODES,
                listed(
                    "Real servers",
                    "max by (real_server) (cluster_drained{$cluster})",
                    "{real_server}",
                    Word(0, "in service", Level.GOOD),
                    Word(1, "drained", Level.WARNING),
                    empty="directors tell nothing",
                ),
            ),
        ),
        Section(
            "Course",
            (
                graph(
                    "Nodes by release",
                    Unit.COUNT,
                    ("count by (release) (cosyvoice_build_info{$node})", "{release}"),
                    stacked=True,
                ),
                graph(
                    "Nodes",
                    Unit.COUNT,
                    ("sum(cosyvoice_ready{$node})", "ready"),
                    ("sum(cosyvoice_draining{$node})", "draining"),
                    ("count(cosyvoice_ready{$node})", "answer"),
                ),
                graph(
                    "Jobs by node",
                    Unit.COUNT,
                    ("sum by (node) (cosyvoice_jobs_running{$node})", "{node}"),
                    stacked=True,
                ),
                outcomes(),
                quantiles("First audio", "cosyvoice_first_audio_seconds"),
                restarts(),
                graph(
                    "First words after a failed job",
                    Unit.PER_SECOND,
                    (
                        "sum by (outcome) (rate(cosyvoice_self_tests_total{$node}[$range]))",
                        "{outcome}",
                    ),
                ),
            ),
        ),
    ),
    (FIRING, DRAINS),
)
