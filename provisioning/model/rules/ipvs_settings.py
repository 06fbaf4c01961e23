"""Kernel settings of the directors (the kernel's ipvs-sysctl documentation)."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from .finding import Context, Finding, warning

KNOWN = (
    "am_droprate",
    "amemthresh",
    "backup_only",
    "cache_bypass",
    "conn_max",
    "conn_reuse_mode",
    "conntrack",
    "drop_entry",
    "drop_packet",
    "est_cpulist",
    "est_nice",
    "expire_nodest_conn",
    "expire_quiescent_template",
    "ignore_tunneled",
    "nat_icmp_send",
    "pmtu_disc",
    "run_estimation",
    "schedule_icmp",
    "secure_tcp",
    "sloppy_sctp",
    "sloppy_tcp",
    "snat_reroute",
    "sync_persist_mode",
    "sync_ports",
    "sync_qlen_max",
    "sync_refresh_period",
    "sync_retries",
    "sync_sock_size",
    "sync_threshold",
    "sync_version",
)


def sysctls(context: Context) -> Iterator[Finding]:
    """Names by their last part, with a value that sysctl takes."""
    for name, value in context.inventory.ipvs.sysctls.items():
        path = ("ipvs", "sysctls", name)
        last = re.split(r"[./]", name)[-1]
        if name != last:
            yield Finding(
                path,
                "written in full",
                f"write {last}"
                if "vs" in re.split(r"[./]", name)
                else "only net.ipv4.vs settings stand here",
                name,
            )
        elif not re.fullmatch(r"[a-z0-9_]+", name):
            yield Finding(
                path, "not a sysctl's name", "write for example sync_refresh_period", name
            )
        elif name not in KNOWN:
            close = get_close_matches(name, KNOWN, 1)
            yield warning(
                path,
                "not a setting of net.ipv4.vs that is known here",
                f"did you mean {close[0]}?" if close else "check it on a director: sysctl -a",
                name,
            )
        if not re.fullmatch(r"-?[0-9]+([ \t]-?[0-9]+)*|[0-9,-]+", str(value)):
            yield Finding(path, "not a value of such a setting", "write a number (or several)")


def backup_only(context: Context) -> Iterator[Finding]:
    """Without it, hosts that are director and real server pass packets round and round."""
    inventory = context.inventory
    both = [name for name in inventory.directors.hosts if name in inventory.real_servers.hosts]
    if both and str(inventory.ipvs.sysctls.get("backup_only", 1)) == "0":
        yield Finding(
            ("ipvs", "sysctls", "backup_only"),
            f"{both[0]} is director and real server: without backup_only packets can circle",
            "remove it; 1 is the default",
        )
    if both and inventory.ipvs.sync_daemon is None:
        yield Finding(
            ("ipvs", "sync_daemon"),
            f"{both[0]} is director and real server: backup_only needs the sync daemon to know "
            "who is backup",
            "remove the line; the sync daemon is on by default",
            also=(("directors", "hosts"), ("real_servers", "hosts")),
        )


def timeouts(context: Context) -> Iterator[Finding]:
    """A silent connection outlives the longest job."""
    inventory = context.inventory
    directors = inventory.directors.hosts
    if directors and inventory.ipvs.timeouts.tcp < inventory.app.job_timeout:
        yield warning(
            ("ipvs", "timeouts", "tcp"),
            f"shorter than a job may take ({inventory.app.job_timeout} s, app.job_timeout): the "
            "connection is forgotten while it waits",
            "write 7200",
            None,
            ("app", "job_timeout"),
        )
