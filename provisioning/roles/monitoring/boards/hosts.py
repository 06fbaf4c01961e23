"""The board of the machines, and of what they keep. Pure."""

from .board import Board, Level, Section, Unit, Word, bad_from, graph, listed, number, warning_from
from .shared import FIRING, HOSTS, cpu, network

_DISKS = 'job="cosyvoice-host",fstype!~"tmpfs|ramfs|overlay|squashfs",$node'
_JOB = 'job="cosyvoice-host",$node'
_TIME = f"node_time_seconds{{{_JOB}}}"
_USED = (
    f"1 - max by (node, mountpoint) (node_filesystem_avail_bytes{{{_DISKS}}}"
    f" / node_filesystem_size_bytes{{{_DISKS}}})"
)

HOSTS_AND_STORAGE = Board(
    "hosts",
    "Hosts and storage",
    "The machines, their disks, and the shared folder.",
    HOSTS,
    (
        Section(
            "Now",
            (
                number(
                    "Hosts that are silent",
                    f"count(up{{{_JOB}}} == 0) or vector(0)",
                    Unit.COUNT,
                    bad_from(1),
                ),
                number(
                    "Fullest disk", f"max({_USED})", Unit.RATIO, warning_from(0.75), bad_from(0.95)
                ),
                number(
                    "Least memory left",
                    f"min(node_memory_MemAvailable_bytes{{{_JOB}}}"
                    f" / node_memory_MemTotal_bytes{{{_JOB}}})",
                    Unit.RATIO,
                ),
                number(
                    "Worst clock",
                    f"max(abs({_TIME} - timestamp({_TIME})))",
                    Unit.SECONDS,
                    warning_from(3),
                    about="By the clock of the monitoring host.",
                ),
                number(
                    "Outputs not yet shared",
                    "sum(cosyvoice_outputs_spooled{$node})",
                    Unit.COUNT,
                    warning_from(1),
                    about="They wait on the nodes' disks for the shared folder.",
                ),
            ),
        ),
        Section(
            "State",
            (
                listed(
                    "Hosts",
                    f"min by (role, node) (up{{{_JOB}}})",
                    "{node} ({role})",
                    Word(0, "silent", Level.BAD),
                    Word(1, "answers", Level.GOOD),
                    empty="no host is looked at",
                ),
                listed("Disks in use", _USED, "{node} {mountpoint}", unit=Unit.RATIO),
            ),
        ),
        Section(
            "Machines",
            (
                cpu(),
                graph(
                    "Memory in use",
                    Unit.RATIO,
                    (
                        f"1 - max by (node) (node_memory_MemAvailable_bytes{{{_JOB}}}"
                        f" / node_memory_MemTotal_bytes{{{_JOB}}})",
                        "{node}",
                    ),
                ),
                graph("Load", Unit.FACTOR, (f"max by (node) (node_load1{{{_JOB}}})", "{node}")),
                network(),
            ),
        ),
        Section(
            "Storage",
            (
                graph("Disks in use", Unit.RATIO, (_USED, "{node} {mountpoint}")),
                graph(
                    "Disks at work",
                    Unit.RATIO,
                    (
                        f"max by (node) (rate(node_disk_io_time_seconds_total{{{_JOB}}}[$range]))",
                        "{node}",
                    ),
                    about="Share of time in which the busiest disk of a host has something to do.",
                ),
                graph(
                    "NFS requests",
                    Unit.PER_SECOND,
                    (
                        f"sum by (node) (rate(node_nfs_requests_total{{{_JOB}}}[$range]))",
                        "{node} asks",
                    ),
                    (
                        f"sum by (node) (rate(node_nfsd_requests_total{{{_JOB}}}[$range]))",
                        "{node} is asked",
                    ),
                ),
                graph(
                    "Outputs not yet shared",
                    Unit.COUNT,
                    ("sum by (node) (cosyvoice_outputs_spooled{$node})", "{node}"),
                ),
            ),
        ),
    ),
    (FIRING,),
)
