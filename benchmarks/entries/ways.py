"""The ways in that are compared, each on the same director in front of the same nodes."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.entries.machines import FOLDER, Machines
from benchmarks.entries.nodes import QUICK, SLOTS, SLOW

_NGINX = """\
worker_processes auto;
worker_rlimit_nofile 200000;
pid {folder}/way.pid;
error_log {folder}/way.log crit;
events {{ worker_connections 200000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_header_timeout 1h;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_set_header Connection "";
    proxy_next_upstream error;
    upstream quick {{ zone quick 64k; least_conn; keepalive 64; keepalive_requests 1000000000;
{quick}    }}
    upstream slow {{ zone slow 64k; least_conn; keepalive 64;
{slow}    }}
    server {{ listen {quick_port} backlog=4096; location / {{ proxy_pass http://quick; }} }}
    server {{
        listen {slow_port} backlog=4096;
        location / {{ proxy_pass http://slow; error_page 502 =503 @full; }}
        location @full {{ return 503; }}
    }}
}}
"""
_HAPROXY = """\
global
    maxconn 150000
    no strict-limits
defaults
    mode http
    balance leastconn
    timeout connect 2s
    timeout client 1h
    timeout http-request 1h
    timeout http-keep-alive 1h
    timeout server 300s
    timeout queue 10s
    http-reuse safe
listen quick
    bind :{quick_port} backlog 4096
{quick}
listen slow
    bind :{slow_port} backlog 4096
{slow}
"""


_NGINX_PORT, _HAPROXY_PORT = 8001, 8003
"""Of the quick ones; the next one is of the slow."""


@dataclass(frozen=True)
class Way:
    """A way in that serves: where clients ask, and what ends it."""

    name: str
    address: str
    quick: int
    slow: int
    behind: int
    """Nodes that it leads to."""
    stop: Callable[[], None]


def direct(machines: Machines) -> Way:
    """A node without anything before it, to compare with."""
    return Way("a node itself", machines.address(machines.nodes[0]), QUICK, SLOW, 1, lambda: None)


def lvs(machines: Machines) -> Way:
    """LVS by direct routing, ``wlc``. Raises ``Failed``."""
    director, vip = machines.director, machines.vip
    for name in machines.nodes:
        machines.run(
            name,
            f"set -e\nfor place in all {machines.interface(name)}; do\n"
            "    echo 1 > /proc/sys/net/ipv4/conf/$place/arp_ignore\n"
            "    echo 2 > /proc/sys/net/ipv4/conf/$place/arp_announce\n"
            f"done\nPATH=$PATH:/sbin\nip address replace {vip}/32 dev lo",
        )
    interface = machines.interface(director)
    lines = ["set -e", f"ip address replace {vip}/32 dev {interface}"]
    for port in (QUICK, SLOW):
        lines.append(f"ipvsadm -A -t {vip}:{port} -s wlc")
        lines += [
            f"ipvsadm -a -t {vip}:{port} -r {machines.address(name)}:{port} -g"
            for name in machines.nodes
        ]
    machines.run(director, "PATH=$PATH:/sbin:/usr/sbin\n" + "\n".join(lines))

    def stop() -> None:
        services = "; ".join(f"ipvsadm -D -t {vip}:{port}" for port in (QUICK, SLOW))
        gone = f"ip address del {vip}/32 dev {interface}"
        machines.run(director, f"PATH=$PATH:/sbin; {services}; {gone}")
        for name in machines.nodes:
            machines.run(name, f"ip address del {vip}/32 dev lo")

    return Way("LVS-DR", vip, QUICK, SLOW, len(machines.nodes), stop)


def has_ipvs(machines: Machines) -> bool:
    """The director's kernel has IPVS."""
    script = "PATH=$PATH:/sbin:/usr/sbin; modprobe -a ip_vs ip_vs_wlc 2> /dev/null; ipvsadm -ln"
    return machines.has(machines.director, script)


def nginx(machines: Machines) -> Way:
    """Nginx, with ``max_conns`` as caps. Raises ``Failed``."""
    servers = {
        port: "".join(
            f"        server {machines.address(name)}:{port} max_fails=0{cap};\n"
            for name in machines.nodes
        )
        for port, cap in ((QUICK, ""), (SLOW, f" max_conns={SLOTS}"))
    }
    text = _NGINX.format(
        folder=f"{FOLDER}/{machines.director}",
        quick=servers[QUICK],
        slow=servers[SLOW],
        quick_port=_NGINX_PORT,
        slow_port=_NGINX_PORT + 1,
    )
    return _proxy(machines, "Nginx", text, "nginx -c {conf}", _NGINX_PORT)


def haproxy(machines: Machines) -> Way:
    """HAProxy, with ``maxconn`` and its line. Raises ``Failed``."""
    servers = {
        port: "\n".join(
            f"    server {name} {machines.address(name)}:{port}{cap}" for name in machines.nodes
        )
        for port, cap in ((QUICK, ""), (SLOW, f" maxconn {SLOTS}"))
    }
    text = _HAPROXY.format(
        quick=servers[QUICK],
        slow=servers[SLOW],
        quick_port=_HAPROXY_PORT,
        slow_port=_HAPROXY_PORT + 1,
    )
    folder = f"{FOLDER}/{machines.director}"
    command = f"ulimit -n 200000; haproxy -D -q -p {folder}/way.pid -f {{conf}}"
    return _proxy(machines, "HAProxy", text, command, _HAPROXY_PORT)


def _proxy(machines: Machines, name: str, text: str, command: str, port: int) -> Way:
    director = machines.director
    conf = machines.put(director, "way.conf", text)
    machines.run(director, f"PATH=$PATH:/usr/sbin; {command.format(conf=conf)}")
    pid = f"$(cat {FOLDER}/{director}/way.pid)"

    def stop() -> None:
        gone = f"while kill -0 {pid} 2> /dev/null; do sleep 0.1; done"
        machines.run(director, f"kill -TERM {pid} && timeout 30 sh -c '{gone}'")

    address, behind = machines.address(director), len(machines.nodes)
    return Way(name, address, port, port + 1, behind, stop)
