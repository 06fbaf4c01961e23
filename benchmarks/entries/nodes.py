"""The same nodes behind every entry: Nginx for what is quick, a few slots for overload."""

from pathlib import Path

from benchmarks.entries.machines import FOLDER, Machines

QUICK, SLOW = 8080, 8081
"""Their ports."""
SLOTS, JOB_SECONDS = 4, 0.1
"""Of each node behind its slow port."""
SOUND_BYTES = 1 << 20
_SLOW_NODE = Path(__file__).with_name("slow_node.py").read_text(encoding="utf-8")
_NGINX = """\
worker_processes auto;
worker_rlimit_nofile 200000;
pid {folder}/node.pid;
error_log {folder}/node.log;
events {{ worker_connections 200000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_header_timeout 1h;
    server {{
        listen {port} backlog=4096;
        location = /small {{ default_type text/plain; return 200 "ok"; }}
        location = /sound {{ alias {folder}/sound; }}
    }}
}}
"""


# Ends of connections that are over take no port from the ways that come later.
_PORTS = """\
echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range
echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse
"""


def start(machines: Machines) -> None:
    """All of them serve. Raises ``Failed``."""
    for name in (machines.client, machines.director):
        machines.run(name, _PORTS)
    for name in machines.nodes:
        folder = f"{FOLDER}/{name}"
        conf = machines.put(name, "node.conf", _NGINX.format(folder=folder, port=QUICK))
        program = machines.put(name, "slow_node.py", _SLOW_NODE)
        slow = f"{program} 0.0.0.0 {SLOW} {SLOTS} {JOB_SECONDS}"
        machines.run(
            name,
            f"chmod 755 {FOLDER} {folder}\n"
            f"head -c {SOUND_BYTES} /dev/zero > {folder}/sound && chmod 644 {folder}/sound\n"
            f"PATH=$PATH:/usr/sbin nginx -c {conf}\n"
            f"setsid python3 -I {slow} < /dev/null > {folder}/slow.log 2>&1 & "
            f"echo $! > {folder}/slow.pid",
        )
    for name in machines.nodes:
        for port in (QUICK, SLOW):
            answers(machines, machines.address(name), port)


def answers(machines: Machines, address: str, port: int) -> None:
    """Wait until the client has an answer there. Raises ``Failed``."""
    url = f"http://{address}:{port}/small"
    machines.run(
        machines.client,
        f"for turn in $(seq 100); do curl -fsS --noproxy '*' -m 2 -o /dev/null {url} && exit; "
        "sleep 0.1; done 2> /dev/null; exit 1",
    )


def stop(machines: Machines) -> None:
    """Nothing of them runs any more."""
    for name in machines.nodes:
        folder = f"{FOLDER}/{name}"
        script = f"for file in {folder}/*.pid; do kill $(cat $file); done 2> /dev/null; :"
        machines.run(name, script)
