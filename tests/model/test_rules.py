"""Rules across keys: each mistake is one diagnostic at the key that is guilty."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.model import rules
from provisioning.model.rules import (
    RULES,
    Rule,
    edges,
    firewall,
    log_outputs,
    logs,
    monitoring,
    per_gpu,
)
from provisioning.model.rules.finding import Context, Finding
from provisioning.model.rules.tls import edges as edges_tls
from provisioning.model.rules.tls import tls
from provisioning.model.rules.vrrp import behaviour as vrrp_behaviour
from provisioning.model.rules.vrrp import password as vrrp_password
from tests.model.engine_cases import ENGINES
from tests.model.marked import MARK, SMALLEST, Case, check, diagnostics, error, warns

_DIRECTORS = "directors:\n  hosts:\n    lvs1: 192.168.1.11\n    lvs2: "
_STICKY = "services: [{persistence: {timeout: 3600}}]"
_SERVERS = "real_servers:\n  hosts:\n    rs1: 192.168.1.101\n    rs2: "
_OWN6 = {
    "directors": "directors: {hosts: {a: {address: 192.168.1.11, address6: 'fd00::11'},"
    " b: {address: 192.168.1.12, address6: 'fd00::12'}}}",
    "real_servers": "real_servers: {hosts: {rs1: {address: 192.168.1.101, address6: 'fd00::1'}}}",
}
_TWO_VIPS = {"vip": "vips: [192.168.1.100, 192.168.1.200]"}


def _weights(first: int, second: int) -> str:
    return (
        "real_servers:\n  hosts:\n"
        f"    rs1: {{address: 192.168.1.101, weight: {first}}}\n"
        f"    rs2: {{address: 192.168.1.102, weight: {second}}}"
    )


ADDRESSES: dict[str, Case] = {
    "no VIP": error("vip", "no virtual IP", "vip: 192.168.1.100", vip="vip: ▸null"),
    "VIP is a director": error("vip", "the address of the host lvs1", vip="vip: ▸192.168.1.11"),
    "VIP is a real server": error("vip", "the address of the host rs2", vip="vip: ▸192.168.1.102"),
    "VIP is the network": error("vip", "the network's own", vip="vip: ▸192.168.1.0/24"),
    "VIP is the broadcast": error("vip", "broadcast", vip="vip: ▸192.168.1.255/24"),
    "VIP outside its own subnet": error(
        "vip", "lvs2 (192.168.2.12) is not in the VIP's subnet 192.168.1.0/24", "length",
        vip="vip: ▸192.168.1.100/24", directors=_DIRECTORS + "192.168.2.12",
    ),
    "VIP far from everybody": warns(
        "vip", "none of them is in 192.168.11.0/24", "write its length",
        vip="vip: ▸192.168.11.100",
    ),
    "the same VIP twice": error(
        "vips[0]", "the same VIP as vip", vip="vip: 192.168.1.100\nvips: [▸192.168.1.100]"
    ),
    "two hosts, one address": error(
        "directors.hosts.lvs2", "the address of lvs1 too", "one name in both groups",
        directors=_DIRECTORS + "▸192.168.1.11",
    ),
    "one name, two machines": error(
        "clients.hosts.rs1", "rs1 has 192.168.1.50 here and 192.168.1.101 in real_servers",
        clients="clients: {hosts: {rs1: ▸192.168.1.50}}",
    ),
    "loopback host": error(
        "directors.hosts.lvs2", "loopback", "ssh: {host: …, port: …}",
        directors=_DIRECTORS + "▸127.0.0.1",
    ),
    "loopback interface": error(
        "interface", "lo connects to no other machine", interface="interface: ▸lo"
    ),
}  # fmt: skip

ROLES: dict[str, Case] = {
    "no directors": error(
        "directors.hosts", "no director", "lvs1: ADDRESS", directors="directors:\n  ▸hosts: {}"
    ),
    "one director": warns(
        "directors.hosts", "only director", "add a second",
        directors="directors:\n  ▸hosts: {lvs1: 192.168.1.11}",
    ),
    "no real servers": error(
        "real_servers.hosts", "no real server", real_servers="real_servers:\n  ▸hosts: {}"
    ),
    "two roles by accident": error(
        "real_servers.hosts.lvs2", "a director as well", "allow_colocated: true",
        real_servers="real_servers: {hosts: {rs1: 192.168.1.101, lvs2: ▸192.168.1.12}}",
    ),
    "host called like a group": error(
        "directors.hosts.all", "cannot be called all",
        directors="directors: {hosts: {lvs1: 192.168.1.11, all: ▸192.168.1.12}}",
    ),
    "names that differ in case": warns(
        "directors.hosts.LVS1", "differ in case only",
        directors="directors: {hosts: {lvs1: 192.168.1.11, LVS1: ▸192.168.1.12}}",
    ),
}  # fmt: skip

FAMILIES: dict[str, Case] = {
    "director without IPv6": error(
        "directors.hosts.b", "b has no IPv6 address for the VIP fd00::100", "add address6:",
        vip="vips: [192.168.1.100, 'fd00::100']", real_servers=_OWN6["real_servers"],
        directors="directors: {hosts: {a: {address: 192.168.1.11, address6: 'fd00::11'}, "
        "b: ▸192.168.1.12}}",
    ),
    "IPv6 and version 2": error(
        "vrrp.version", "cannot carry the IPv6 VIP", "version: 3",
        vip="vip: 'fd00::100'", vrrp="vrrp: {version: ▸2}", **_OWN6,
    ),
    "IPv4 VIP, IPv6 hosts": error(
        "real_servers.hosts.rs1", "no IPv4 address for the VIP", "move the IPv6 one to address6",
        real_servers="real_servers: {hosts: {rs1: ▸'fd00::1'}}",
    ),
}  # fmt: skip

VRRP: dict[str, Case] = {
    "VRID twice": error(
        "vips[1].virtual_router_id", "VRID 51 is the one of the VIP 192.168.1.100",
        vip="vips:\n  - 192.168.1.100\n  - {address: 192.168.1.200, virtual_router_id: ▸51}",
    ),
    "VRIDs run out": error(
        "vips[1]", "its VRID would be 256", "lower vrrp.virtual_router_id",
        vip="vips: [192.168.1.100, ▸192.168.1.200]", vrrp="vrrp: {virtual_router_id: 255}",
    ),
    "equal priorities": error(
        "directors.hosts.lvs2.priority", "priority 150 is the one of lvs1 too",
        directors=_DIRECTORS + "{address: 192.168.1.12, priority: ▸150}",
    ),
    "fraction under version 2": error(
        "vrrp.advert_interval", "whole seconds", "version: 3",
        vrrp="vrrp: {version: 2, advert_interval: ▸0.2}", allowed="1 to 255",
    ),
    "too long under version 2": error(
        "vrrp.advert_interval", "too long for VRRP version 2",
        vrrp="vrrp: {version: 2, advert_interval: ▸256}",
    ),
    "finer than centiseconds": error(
        "vrrp.advert_interval", "hundredths", "write 0.12",
        vrrp="vrrp: {advert_interval: ▸0.125}", allowed="0.01 to 40.95",
    ),
    "too long under version 3": error(
        "vrrp.advert_interval", "too long for VRRP version 3",
        vrrp="vrrp: {advert_interval: ▸41}",
    ),
    "hasty adverts": warns(
        "vrrp.advert_interval", "misses adverts", vrrp="vrrp: {advert_interval: ▸0.05}"
    ),
    "delay without preempt": warns(
        "vrrp.preempt_delay", "no effect", vrrp="vrrp: {preempt_delay: ▸60}"
    ),
    "preempt without delay": warns(
        "vrrp.preempt", "before it has learnt", "preempt_delay: 60", vrrp="vrrp: {preempt: ▸true}"
    ),
    "no refresh": warns(
        "vrrp.garp.master_refresh", "after a split", vrrp="vrrp: {garp: {master_refresh: ▸0}}"
    ),
    "real-time priority": warns("vrrp.rt_priority", "kernel", vrrp="vrrp: {rt_priority: ▸99}"),
    "two track scripts of one name": error(
        "vrrp.track_scripts[1].name", "track_scripts[0] is called a too",
        vrrp="vrrp:\n  track_scripts:\n    - {name: a, command: /bin/true}\n"
        "    - {name: ▸a, command: /bin/false}",
    ),
    "slow track script": warns(
        "vrrp.track_scripts[0].timeout", "longer than the interval of 2 s",
        vrrp="vrrp: {track_scripts: [{name: a, command: /bin/true, timeout: ▸5}]}",
    ),
    "weight without preempt": warns(
        "vrrp.track_scripts[0].weight", "without preempt",
        vrrp="vrrp: {track_scripts: [{name: a, command: /bin/true, weight: ▸-20}]}",
    ),
    "weight in a sync group": warns(
        "vrrp.track_scripts[0].weight", "ignores weights in a sync group", "sync_group: false",
        vrrp="vrrp: {track_scripts: [{name: a, command: /bin/true, weight: ▸-20}]}", **_TWO_VIPS,
    ),
    "weight that moves nothing": warns(
        "vrrp.track_scripts[0].weight", "10 apart", "write -11",
        vrrp="vrrp: {preempt: true, preempt_delay: 60, "
        "track_scripts: [{name: a, command: /bin/true, weight: ▸-5}]}",
    ),
}  # fmt: skip

SERVICES: dict[str, Case] = {
    "no services": error("services", "nothing is balanced", services="▸services: []"),
    "one port twice": error(
        "services[1].port", "services[0] has port 7860",
        services="services:\n  - {name: a}\n  - {name: b, port: ▸7860}",
    ),
    "one name twice": error(
        "services[1].name", "services[0] is called a too",
        app="app: {source: 'https://e.com/a', ref: v1}",
        services="services:\n  - {name: a, persistence: {timeout: 600}}\n"
        "  - {name: ▸a, port: 8000, persistence: {timeout: 600}}",
    ),
    "the port of SSH": error(
        "services[0].port", "where SSH listens", services="services:\n  - {port: ▸22}"
    ),
    "unknown real server": error(
        "services[0].real_servers[1]", "no real server rs3", "did you mean rs",
        services="services:\n  - real_servers: [rs1, ▸rs3]", allowed="rs1, rs2",
    ),
    "no real server of its own": error(
        "services[0].real_servers", "no real server serves it",
        services="services:\n  - ▸real_servers: []",
    ),
    "quorum past the weights": error(
        "services[0].quorum", "more than the weight of all real servers, 2",
        services="services:\n  - quorum: ▸3", allowed="1 to 2",
    ),
    "hysteresis at the quorum": error(
        "services[0].hysteresis", "not below the quorum of 1",
        services="services:\n  - hysteresis: ▸1",
    ),
    "everybody at weight 0": error(
        "services[0]", "nobody is served",
        services="services:\n  - ▸name: web", real_servers=_weights(0, 0),
    ),
    "lower threshold above the upper": error(
        "real_servers.hosts.rs2.lower_threshold", "above the upper_threshold of 5",
        real_servers=_SERVERS
        + "{address: 192.168.1.102, upper_threshold: 5, lower_threshold: ▸9}",
    ),
    "lower threshold alone": warns(
        "real_servers.hosts.rs2.lower_threshold", "no effect without upper_threshold",
        real_servers=_SERVERS + "{address: 192.168.1.102, lower_threshold: ▸9}",
    ),
    "rr with weights": warns(
        "services[0].scheduler", "does not look at weights", "write wrr",
        services="services:\n  - scheduler: ▸rr", real_servers=_weights(1, 3),
    ),
    "fo without ranks": error(
        "services[0].scheduler", "some weights are equal",
        services="services:\n  - scheduler: ▸fo",
    ),
    "ovf without room": error(
        "services[0].scheduler", "which is 1", services="services:\n  - scheduler: ▸ovf"
    ),
    "rr without persistence": warns(
        "services[0].persistence", "a Gradio session lives in one", "mh (or sh)",
        services="services:\n  - persistence: ▸null", found="null",
        app="app: {session_routing: false}",
    ),
    "rr and an app from elsewhere": warns(
        "services[0].persistence", "a Gradio session lives in one", "session_routing: true",
        services="services:\n  - ▸scheduler: rr",
        app="app: {source: https://example.org/app.git, ref: v1, python: /opt/venv/bin/python}",
    ),
    "hash of the port": warns(
        "services[0].hash_port", "another port",
        services="services:\n  - {scheduler: mh, persistence: null, hash_port: ▸true}",
        app="app: {session_routing: false}",
    ),
    "drain without others": warns(
        "real_servers.gpu_health", "the only node never goes", "add a real server",
        real_servers="real_servers: {gpu_health: ▸drain, hosts: {rs1: 192.168.1.101}}",
    ),
    "drain of nodes that know no others": warns(
        "real_servers.gpu_health", "know of no others", "session_routing: true",
        app="app: {session_routing: false}", services=_STICKY,
        real_servers="real_servers:\n  gpu_health: ▸drain\n"
        "  hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}",
    ),
    "drain of nodes that are all needed": warns(
        "real_servers.gpu_health", "a quorum needs every node", "lower the quorum",
        services="services: [{scheduler: rr, quorum: 2}]",
        real_servers="real_servers:\n  gpu_health: ▸drain\n"
        "  hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}",
    ),
    "a secret for nothing": warns(
        "app.secret", "do not route sessions", "session_routing: true",
        app="app:\n  session_routing: false\n  ▸secret: {env: PATH}", services=_STICKY, found="",
    ),
    "hash by destination": warns(
        "services[0].scheduler", "made for caches", services="services:\n  - scheduler: ▸dh"
    ),
    "sh without fallback": warns(
        "services[0].hash_fallback", "refused",
        services="services:\n  - {scheduler: sh, persistence: null, hash_fallback: ▸false}",
    ),
    "fallback without hash": warns(
        "services[0].hash_fallback", "for sh and mh",
        services="services:\n  - {scheduler: wlc, hash_fallback: ▸true}",
    ),
    "granularity past IPv4": error(
        "services[0].persistence.granularity", "longer than an IPv4 address",
        services="services:\n  - persistence: {granularity: ▸64}",
    ),
    "granularity of the world": warns(
        "services[0].persistence.granularity", "one client",
        services="services:\n  - persistence: {granularity: ▸1}",
    ),
    "persistence shorter than a job": warns(
        "services[0].persistence.timeout", "60 s, app.job_timeout", "write 3600",
        services="services:\n  - persistence: {timeout: ▸30}",
    ),
    "inhibit and persistence": warns(
        "services[0].inhibit_on_failure", "glued to a dead node",
        services="services:\n  - persistence: {timeout: 3600}\n    inhibit_on_failure: ▸true",
        ipvs="ipvs: {sysctls: {expire_quiescent_template: 0}}",
    ),
    "slow check": warns(
        "services[0].check", "up to 65 s: interval 60 + 2 x timeout 2 + 1 x delay_before_retry 1",
        services="services:\n  - ▸check: {type: http, interval: 60, retry: 1}",
    ),
    "misc check that overlaps": error(
        "services[0].check.timeout", "not below the interval of 2 s",
        services="services:\n  - check: {type: misc, command: /bin/true, timeout: ▸2}",
    ),
    "misc check without timeout of its own": error(
        "services[0].check.timeout", "not below the interval of 1 s",
        services="services:\n  - ▸check: {type: misc, command: /bin/true, interval: 1}",
    ),
    "misc check with fractions": warns(
        "services[0].check.timeout", "whole seconds",
        services="services:\n  - check: {type: misc, command: /bin/true, timeout: ▸1.5}",
    ),
    "misc check with another brace": error(
        "services[0].check.command", "neither {address} nor {port}",
        services="services:\n  - check: {type: misc, command: ▸'/bin/x {host}', timeout: 1}",
    ),
    "clear text to 443": warns(
        "services[0].check.type", "the app answers in clear text", "app: false",
        services="services:\n  - {port: 443, check: {type: ▸http}}",
    ),
    "sorry server is the VIP": error(
        "services[0].sorry_server", "this is the VIP",
        services="services:\n  - sorry_server: ▸192.168.1.100",
    ),
    "sorry server is a director": error(
        "services[0].sorry_server", "the director lvs2",
        services="services:\n  - sorry_server: ▸192.168.1.12",
    ),
    "sorry server is a real server": warns(
        "services[0].sorry_server", "down when it is needed",
        services="services:\n  - sorry_server: ▸192.168.1.101",
    ),
    "a sorry page beside a sorry server": error(
        "services[0].sorry_page", "a sorry server as well",
        services="services:\n  - {sorry_server: 192.168.1.9, sorry_page: ▸true}",
    ),
    "a sorry page by TLS": error(
        "services[0].sorry_page", "no certificate", tls="tls: {authority: cluster}",
        services="services:\n  - {name: web, sorry_page: ▸true}",
    ),
    "a sorry page that is not there": error(
        "services[0].sorry_page.html", "there is no file",
        services="services:\n  - sorry_page: {html: ▸away.html}",
    ),
    "sorry server of another family": error(
        "services[0].sorry_server", "another family",
        services="services:\n  - sorry_server: ▸fd00::9",
    ),
}  # fmt: skip

KERNEL: dict[str, Case] = {
    "sysctl in full": error(
        "ipvs.sysctls.net.ipv4.vs.sloppy_tcp", "in full", "write sloppy_tcp",
        ipvs="ipvs: {sysctls: {net.ipv4.vs.sloppy_tcp: ▸1}}",
    ),
    "sysctl with a typo": warns(
        "ipvs.sysctls.slopy_tcp", "not a setting", "did you mean sloppy_tcp?",
        ipvs="ipvs: {sysctls: {slopy_tcp: ▸1}}",
    ),
    "sysctl's value": error(
        "ipvs.sysctls.sloppy_tcp", "not a value", ipvs="ipvs: {sysctls: {sloppy_tcp: ▸yes}}"
    ),
    "colocated without backup_only": error(
        "ipvs.sysctls.backup_only", "packets can circle",
        ipvs="ipvs: {sysctls: {backup_only: ▸0}}\nallow_colocated: true",
        real_servers="real_servers: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}",
    ),
    "colocated without sync daemon": error(
        "ipvs.sync_daemon", "backup_only needs the sync daemon",
        ipvs="ipvs: {sync_daemon: ▸null}\nallow_colocated: true",
        real_servers="real_servers: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}",
    ),
    "forgetful table": warns(
        "ipvs.timeouts.tcp", "forgotten while it waits", ipvs="ipvs: {timeouts: {tcp: ▸30}}"
    ),
}  # fmt: skip

_NAS = "storage: {hosts: {nas1: 192.168.1.20}, "
FOLDERS: dict[str, Case] = {
    "an IPv6 file server for IPv4 nodes": error(
        "storage.hosts.nas1.address", "IPv6, and the real servers have other addresses",
        storage="storage: {hosts: {nas1: {address: ▸'fd00::20'}}}",
    ),
    "a real server in no service": warns(
        "real_servers.hosts.rs2", "no service names it",
        real_servers=_SERVERS + "▸192.168.1.102", services="services:\n  - real_servers: [rs1]",
    ),
    **{
        f"app in {folder}": error("app.directory", said, app=f"app: {{directory: ▸{folder}}}")
        for folder, said in {
            "/usr/bin": "of the system",
            "/var/lib": "of the system",
            "/var/lib/dpkg/x": "of the system",
            "/home/me/.ssh": "of the system",
            "/root": "of the system",
            "/tmp/app": "PrivateTmp",
            "/var/tmp/app": "PrivateTmp",
            "/var/lib/cosyvoice-cluster": "this program's own",
            "/var/lib/cosyvoice/spool/x": "this program's own",
        }.items()
    },
    **{
        f"mount at {folder}": error(
            "storage.mount_point", said, storage=f"{_NAS}mount_point: ▸{folder}}}"
        )
        for folder, said in {
            "/var/lib": "of the system",
            "/usr": "of the system",
            "/etc/cosyvoice": "of the system",
            "/var/lib/cosyvoice": "this program's own",
            "/opt/cosyvoice": "would hide",
            "/opt/cosyvoice/releases/x": "would hide",
            "/tmp": "PrivateTmp",
        }.items()
    },
    "export of root's keys": error(
        "storage.export", "of the system", storage=_NAS + "export: ▸/root/.ssh}"
    ),
    "export within its mount": error(
        "storage.mount_point", "its own export",
        storage="storage: {hosts: {rs1: 192.168.1.101}, mount_point: ▸/srv/x, export: /srv/x/y}",
    ),
    **{
        f"Python in {folder}": error(
            "app.python", f"does not see what is in {top}", "/opt/cosyvoice/venv",
            app=f"app: {{python: ▸{folder}/bin/python}}",
        )
        for folder, top in {
            "/root/miniconda3": "/root",
            "/home/me/miniconda3/envs/tts": "/home",
            "/tmp/venv": "/tmp",
        }.items()
    },
    "weights in a home": error(
        "app.environment.COSYVOICE_MODEL_DIR", "does not see what is in /home", "/srv/",
        app="app: {environment: {COSYVOICE_MODEL_DIR: ▸/home/me/models}}",
    ),
    "weights in a home of one node": error(
        "real_servers.hosts.rs2.environment.COSYVOICE_MODEL_DIR", "what is in /root",
        real_servers=_SERVERS
        + "{address: 192.168.1.102, environment: {COSYVOICE_MODEL_DIR: ▸/root/models}}",
    ),
    "app in a home": error(
        "app.directory", "hidden from the app", app="app: {directory: ▸/home/tts/app}"
    ),
    "mount in a home": error(
        "storage.mount_point", "hidden from the app", storage=f"{_NAS}mount_point: ▸/home/tts}}"
    ),
    "outputs by variable": error(
        "app.environment.COSYVOICE_OUTPUT_DIR", "set from elsewhere", "storage: {mount_point",
        app="app: {environment: {COSYVOICE_OUTPUT_DIR: ▸/srv/x}}",
    ),
    "owners by variable": error(
        "app.environment.COSYVOICE_HISTORY", "set from elsewhere", "app: {owners: {history: …}}",
        app="app: {owners: {deletion: all}, environment: {COSYVOICE_HISTORY: ▸all}}",
    ),
    "administrators without keys": error(
        "app.owners.admin_keys", "no API keys", "COSYVOICE_API_KEYS_FILE",
        app="app: {owners: {▸admin_keys: [ops]}}",
    ),
    "a shared voice that is no id": error(
        "app.owners.shared_voices[0]", "not the id of a registered voice", "voice_0123456789abcdef",
        app="app: {owners: {shared_voices: [▸小红]}}",
    ),
    "a jump host to itself": error(
        "directors.ssh.jump", "lvs2 would be reached through itself", "jump: null",
        directors="directors:\n  ssh: {jump: ▸'me@192.168.1.12'}\n"
        "  hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}",
    ),
    "SSH host like an option": error(
        "ssh.host", "not a name that SSH takes", ssh="ssh: {host: ▸-oProxyCommand=pwn}"
    ),
    "SSH user with a blank": error(
        "ssh.user", "not a name that SSH takes", ssh="ssh: {user: ▸'a b'}"
    ),
    "webhook that is nowhere": error(
        "notify.webhook", "cannot read", notify="notify: {▸webhook: {file: nowhere}}"
    ),
    "webhook that is not set": warns(
        "notify.webhook", "NOT_SET_ANYWHERE", notify="notify: {▸webhook: {env: NOT_SET_ANYWHERE}}"
    ),
    "open quote": error(
        "notify.command", "quote is not closed", notify="notify: {command: ▸\"a 'b\"}"
    ),
    "hook with an open quote": error(
        "hooks.before.deploy", "quote is not closed",
        hooks="hooks: {before: {deploy: ▸\"a 'b\"}}",
    ),
    "hook that is nowhere": warns(
        "hooks.before.drain", "there is no program", "make it",
        hooks="hooks: {before: {drain: ▸./nowhere/ask --all}}",
    ),
    "hook that cannot be run": warns(
        "hooks.after.upgrade", "cannot be run", "chmod +x",
        hooks="hooks: {after: {upgrade: ▸/etc/passwd}}",
    ),
    "hook that PATH does not have": warns(
        "hooks.after.switchover", "there is no program no-such-program here", "install it",
        hooks="hooks: {after: {switchover: ▸no-such-program}}",
    ),
    "shell in a program of Keepalived's": error(
        "vrrp.notify", "for a shell", "single quotes", vrrp="vrrp: {notify: ▸/bin/true; pwn}"
    ),
    "interface as ip(8) prints it": error(
        "interface", "not a name Linux gives", "write eth0:", interface="interface: ▸eth0@if5"
    ),
    "interface longer than the kernel's": error(
        "interface", "not a name Linux gives", interface="interface: ▸接口接口接口"
    ),
    "interface with a brace": error(
        "interface", "files can hold", "'{'", interface="interface: ▸'e{'"
    ),
}  # fmt: skip

ACCEPTED_ONCE: dict[str, Case] = {
    "one VRID by inheritance": error(
        "vips[1].virtual_router_id", "VRID 60 is the one of the VIP 192.168.1.100",
        vip="vips:\n  - {address: 192.168.1.100, interface: eth0, virtual_router_id: 60}\n"
        "  - {address: 192.168.1.200, virtual_router_id: ▸60}",
    ),
    "conversion in a check": error(
        "services[0].check.command", "a brace that is neither",
        services="services: [{check: {type: misc, timeout: 1, command: ▸'/bin/x {address!r}'}}]",
    ),
    "form in a check": error(
        "services[0].check.command", "a brace that is neither",
        services="services: [{check: {type: misc, timeout: 1, command: ▸'/bin/x {port:9}'}}]",
    ),
    "export without rw": error(
        "storage.export_options", "read only", "add rw", storage=_NAS + "▸export_options: [sync]}"
    ),
    "second fsid": error(
        "storage.export_options", "set from elsewhere", "remove fsid=3",
        storage=_NAS + "▸export_options: [rw, fsid=3]}",
    ),
    "NFS 3 from a server of NFS 4": error(
        "storage.mount_options", "NFS 4 only", "vers=4.2",
        storage=_NAS + "▸mount_options: [vers=3]}",
    ),
    "storage behind the VIP": error(
        "storage.source", "this is the VIP", storage="storage: {source: ▸'192.168.1.100:/x'}"
    ),
    "storage of another family": error(
        "storage.hosts.nas1", "other addresses", "IPv4",
        storage="storage: {hosts: {nas1: ▸'fd00::20'}}",
    ),
    "storage by URL": error(
        "storage.source", "no URL", "nas:/share", storage="storage: {source: ▸'nfs://nas/share'}"
    ),
    **{
        f"host {address}": error(
            "directors.hosts.lvs2", said, directors=f"{_DIRECTORS}▸{address}"
        )
        for address, said in {
            "255.255.255.255": "a reserved address",
            "240.0.0.7": "a reserved address",
            "0.0.0.7": "a reserved address",
            "169.254.1.7": "a link-local address",
            "'::ffff:192.168.1.12'": "not an IP address",
        }.items()
    },
    **{
        f"host at {end}": error(
            "directors.hosts.lvs2", said, vip="vip: 192.168.1.100/24",
            directors=f"{_DIRECTORS}▸192.168.1.{end}",
        )
        for end, said in {"0": "network's own", "255": "broadcast"}.items()
    },
    "sorry server on the director itself": error(
        "services[0].sorry_server", "no other machine's",
        services="services: [{sorry_server: ▸127.0.0.1}]",
    ),
    "SSH's port": error("services[0].port", "SSH listens", services="services: [{port: ▸22}]"),
    "no port for the app": error(
        "services[0].app", "listens nowhere", services="services: [{app: ▸false}]",
    ),
    "TLS of an app that has none": error(
        "services[0].check.type", "speaks plain HTTP", "ends TLS",
        services="services:\n  - {port: 443, check: {type: ▸ssl}}",
    ),
    "a real server in no service": warns(
        "real_servers.hosts.rs2", "no service names it",
        real_servers=_SERVERS + "▸192.168.1.102", services="services: [{real_servers: [rs1]}]",
    ),
    "requirement without its name": error(
        "app.venv.requirements[0]", "pip takes", "write NAME @ git+https://a/b",
        app="app: {venv: {requirements: [▸'git+https://a/b']}}",
    ),
    "requirement without a host": error(
        "app.venv.requirements[0]", "not a URL", app="app: {venv: {requirements: [▸'a @ git+https://']}}",
    ),
    "requirement whose host is an option": error(
        "app.venv.requirements[0]", "not a URL",
        app="app: {venv: {requirements: [▸'a @ git+ssh://-oProxyCommand=x/y']}}",
    ),
    "argument the app does not know": error(
        "app.arguments[1]", "no option --voice-limits", "did you mean --voice-limit",
        app="app: {arguments: [--text-limit=9, ▸--voice-limits=3]}",
    ),
    "argument without its value": error(
        "app.arguments[0]", "requires an argument", app="app: {arguments: [▸--voice-limit]}",
    ),
    "archive by URL": error(
        "app.source", "an archive on another machine", "fetch it",
        app="app: {source: ▸'https://example.org/a.tar.gz'}", services=_STICKY,
    ),
    "git host that is an option": error(
        "app.source", "starts with -", app="app: {source: ▸'git@-oProxyCommand=x:y', ref: v1}",
        services=_STICKY,
    ),
    "requirement with one =": error(
        "app.venv.requirements[0]", "pip takes", "torch==2.9.1",
        app="app: {venv: {requirements: [▸'torch=2.9.1']}}",
    ),
    "source as pip has it": error(
        "app.source", "pip's way", "write https://e.com/a",
        app="app: {source: ▸'git+https://e.com/a', ref: v1}", services=_STICKY,
    ),
    "source whose host is an option": error(
        "app.source", "starts with -", app="app: {source: ▸'ssh://-oProxyCommand=x/a', ref: v1}",
        services=_STICKY,
    ),
}  # fmt: skip

STORAGE: dict[str, Case] = {
    "neither host nor source": error(
        "storage", "neither a host nor a source", "source: SERVER:/PATH",
        storage="▸storage: {mount_point: /srv/x}",
    ),
    "host and source": error(
        "storage.source", "an existing server and the host nas1",
        storage="storage: {hosts: {nas1: 192.168.1.20}, source: ▸'nas:/x'}",
    ),
    "two hosts": error(
        "storage.hosts", "2 hosts", "keep nas1",
        storage="storage: {▸hosts: {nas1: 192.168.1.20, nas2: 192.168.1.21}}",
    ),
    "system's folder": error(
        "storage.export", "a folder of the system",
        storage="storage: {hosts: {nas1: 192.168.1.20}, export: ▸/etc/x}",
    ),
    "mount over the export": error(
        "storage.mount_point", "over its own export",
        storage="storage: {hosts: {rs1: 192.168.1.101}, mount_point: ▸/srv/x, export: /srv/x}",
    ),
    "soft": warns(
        "storage.mount_options", "cut off", "write hard",
        storage="storage: {source: 'nas:/x', ▸mount_options: [soft]}",
    ),
    "no_root_squash": warns(
        "storage.export_options", "root on the export",
        storage="storage: {hosts: {nas1: 192.168.1.20}, ▸export_options: [rw, no_root_squash]}",
    ),
}  # fmt: skip

APP: dict[str, Case] = {
    "ref without git": error(
        "app.ref", "the source is builtin", app="app: {ref: ▸v1}"
    ),
    "git without ref": warns(
        "app.source", "whatever is newest", "a tag or a commit",
        app="app: {source: ▸'https://example.com/app.git'}", services=_STICKY,
    ),
    "no such folder": error(
        "app.source", "there is no file or folder", "inventory's folder",
        app="app: {source: ▸./nowhere}", services=_STICKY,
    ),
    "ref like an option": error(
        "app.ref", "not a name git gives",
        app="app: {source: 'https://e.com/a', ref: ▸'-x'}", services=_STICKY,
    ),
    "source like an option": error(
        "app.source", "not a source", app="app: {source: ▸'-x'}", services=_STICKY
    ),
    "login in the source": error(
        "app.source", "a login in the URL", "credential helper", found="https://e.com/a",
        app="app: {source: ▸'https://me:geheim@e.com/a', ref: v1}", services=_STICKY,
    ),
    "login in a package index": error(
        "app.venv.index_url", "a secret in clear text", "{env: NAME}",
        found="clear text (not shown)",
        app="app: {venv: {index_url: ▸'https://me:geheim@e.com/simple'}}", services=_STICKY,
    ),
    "login in a requirement": error(
        "app.venv.requirements[0]", "a secret in clear text",
        app="app: {venv: {requirements: [▸'a @ https://me:geheim@e.com/a.whl']}}",
        services=_STICKY,
    ),
    "package index that is not here": warns(
        "app.venv.index_url", "NOT_SET_ANYWHERE is not set",
        app="app: {venv: {▸index_url: {env: NOT_SET_ANYWHERE}}}", services=_STICKY,
    ),
    "package index that is none": error(
        "app.venv.index_url", "not the address of a package index", "ends in /simple",
        app="app: {venv: {index_url: ▸mirror}}", services=_STICKY,
    ),
    "requirement that is an option": error(
        "app.venv.requirements[0]", "", app="app: {venv: {requirements: [▸'-r x']}}",
        services=_STICKY,
    ),
    "clear-text source": warns(
        "app.source", "can change the code", "https://",
        app="app: {source: ▸'http://e.com/a', ref: v1}", services=_STICKY,
    ),
    "environment's name": error(
        "app.environment.my-var", "not a name for an environment variable", "write MY_VAR",
        app="app: {environment: {my-var: ▸a}}",
    ),
    "environment's value": warns(
        "app.environment.VERSION", "the text 1.1", "in quotes",
        app="app: {environment: {VERSION: ▸1.10}}",
    ),
    "argument of ours": error(
        "app.arguments[0]", "--port is set from elsewhere", "services: [{port",
        app="app: {arguments: [▸--port=80]}",
    ),
    "root": warns("app.user", "root on the node", app="app: {user: ▸root}"),
    "account": error("app.user", "useradd", app="app: {user: ▸Cosy.Voice}"),
    "folder": error("app.directory", "folder of the system", app="app: {directory: ▸/opt}"),
    "short farewell": warns(
        "app.stop_timeout", "cuts it off", "write 330",
        app="app: {job_timeout: 300, stop_timeout: ▸90}",
    ),
    "no queue": warns("app.enable_queue", "all at once", app="app: {enable_queue: ▸no}"),
}  # fmt: skip

FILES: dict[str, Case] = {
    "templates": error("templates", "there is no folder", templates="templates: ▸nowhere"),
    "key": error("ssh.key_file", "there is no key", "ssh-keygen", ssh="ssh: {key_file: ▸nowhere}"),
    "group's key": error(
        "real_servers.ssh.key_file", "there is no key",
        real_servers="real_servers: {hosts: {a: 192.168.1.101}, ssh: {key_file: ▸nowhere}}",
    ),
    "configuration": error(
        "ssh.config_file", "there is no file", ssh="ssh: {config_file: ▸nowhere}"
    ),
    "known hosts": error(
        "ssh.known_hosts_file", "there is no folder", ssh="ssh: {known_hosts_file: ▸no/where}"
    ),
    "user without sudo": warns(
        "ssh.sudo", "would have to be root", ssh="ssh: {user: bob, sudo: ▸false}"
    ),
}  # fmt: skip

ARTIFACTS: dict[str, Case] = {
    "the port for spreading is the app's": error(
        "spreading.port", "services[0] has port 7860", "such as 7859",
        spreading="spreading: {port: ▸7860}",
    ),
    "no artifact of that name": error(
        "app.environment.COSYVOICE_MODEL_DIR", "there is no artifact 'modle'", "${artifacts.model}",
        app='app: {environment: {COSYVOICE_MODEL_DIR: ▸"${artifacts.modle}"}}',
        artifacts="artifacts: {model: {on_nodes: /srv/model}}",
    ),
    "artifact's path": error(
        "artifacts.voices.path", "no file or folder", "relative paths start at",
        artifacts="artifacts: {voices: {path: ▸no-such-folder}}",
    ),
    "model without revision": warns(
        "artifacts.model.huggingface", "without revision", "add revision:",
        artifacts="artifacts: {model: {huggingface: ▸somebody/model}}",
    ),
    "artifact without a checksum": warns(
        "artifacts.clip.url", "without sha256", "add sha256:",
        artifacts="artifacts: {clip: {url: ▸https://example.com/a.bin}}",
    ),
}  # fmt: skip

TLS: dict[str, Case] = {
    "on directors": error(
        "tls.on", "the bottleneck", "it is ended on the real servers",
        tls=f"tls: {{authority: cluster, on: {MARK}directors}}",
    ),
    "without a certificate": error(
        "tls", "has no certificate", "authority: cluster",
        tls=f"{MARK}tls: {{names: [tts.example.org]}}",
    ),
    "both": error(
        "tls.key", "authority issues", tls=f"tls: {{authority: cluster, {MARK}key: {{env: HOME}}}}"
    ),
    "a port that is taken": error(
        "services[1].port", "Nginx listens there", "remove this service",
        tls="tls: {authority: cluster}",
        services="services: [{name: web}, "
        f"{{name: s, app: false, port: {MARK}443, check: {{type: ssl}}}}]",
    ),
    "one port for both": error(
        "tls.redirect_port", "is the port of TLS",
        tls=f"tls: {{authority: cluster, redirect_port: {MARK}443}}",
    ),
    "a name that is taken": error(
        "services[0].name", "tls makes a service", tls="tls: {authority: cluster}",
        services=f"services: [{{name: {MARK}https}}]",
    ),
    "a sorry server without TLS": warns(
        "services[0].sorry_server", "has to answer on 443", tls="tls: {authority: cluster}",
        services=f"services: [{{name: web, sorry_server: {MARK}192.168.1.9}}]",
    ),
    "HSTS without a name": warns(
        "tls.hsts", "browsers do not heed it", tls=f"tls: {{authority: cluster, hsts: {MARK}300}}"
    ),
    "acme beside an authority": error(
        "tls.authority", "come by ACME",
        tls=f"tls: {{names: [a.org], acme: {{email: a@b}}, authority: {MARK}cluster}}",
    ),
    "acme without a name": error(
        "tls.acme", "no name to get a certificate for", found="",
        tls=f"tls: {{{MARK}acme: {{email: a@b}}}}",
    ),
    "acme for a star without DNS": error(
        "tls.names[1]", "has to be proved in DNS", "tls.acme.dns_hook",
        tls=f"tls: {{names: [a.org, {MARK}'*.a.org'], acme: {{email: a@b}}}}",
    ),
    "acme where nobody asks": error(
        "tls.redirect_port", "the authority asks there", "write 80",
        tls=f"tls: {{names: [a.org], acme: {{email: a@b}}, redirect_port: {MARK}8080}}",
    ),
    "a DNS hook that is not there": error(
        "tls.acme.dns_hook", "cannot be read: No such file", "correct the path",
        tls=f"tls: {{names: [a.org], acme: {{email: a@b, dns_hook: {MARK}nowhere}}}}",
    ),
    "an ACME authority that is not there": error(
        "tls.acme.authority", "cannot be read: No such file", "correct the path",
        tls=f"tls: {{names: [a.org], acme: {{email: a@b, authority: {MARK}nowhere}}}}",
    ),
    "acme without the nodes' secret": error(
        "tls.acme", "under their secret", "app.session_routing",
        tls=f"tls: {{names: [a.org], {MARK}acme: {{email: a@b}}}}",
        app="app: {session_routing: false}", services="services: [{scheduler: mh}]",
    ),
    "acme in clear text": error(
        "tls.acme.directory", "not written in the form", found='"http://x"',
        tls=f"tls: {{names: [a.org], acme: {{email: a@b, directory: {MARK}'http://x'}}}}",
    ),
    "a name that is none": error(
        "tls.names[0]", "", tls=f"tls: {{authority: cluster, names: [{MARK}'a b;']}}"
    ),
}  # fmt: skip

ALL = {
    **ADDRESSES,
    **ROLES,
    **FAMILIES,
    **VRRP,
    **SERVICES,
    **KERNEL,
    **FOLDERS,
    **ACCEPTED_ONCE,
    **STORAGE,
    **APP,
    **ARTIFACTS,
    **ENGINES,
    **FILES,
    **TLS,
}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_a_wrong_combination_is_explained_at_the_guilty_key(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("224.0.0.18", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("169.254.1.1", "link-local"),
        ("240.0.0.1", "reserved"),
        ("::1", "loopback"),
        ("ff02::12", "multicast"),
        ("fe80::1", "link-local"),
        ("10.0.0.1/0", "default route"),
    ],
)
def test_a_vip_is_an_ordinary_address(address: str, kind: str) -> None:
    text = "\n".join({**SMALLEST, "vip": f"vip: '{address}'"}.values())
    assert any(
        kind in diagnostic.message for diagnostic in diagnostics(text) if diagnostic.key == "vip"
    )


def test_unicast_needs_a_peer() -> None:
    alone = {"directors": "directors: {hosts: {lvs1: 192.168.1.11}}", "v": "vrrp: {unicast: true}"}
    said = diagnostics("\n".join({**SMALLEST, **alone}.values()))
    assert [(p.key, p.severity) for p in said] == [
        ("directors.hosts", "warning"),
        ("vrrp.unicast", "error"),
    ]


def test_supervisor_hides_no_folder_from_the_app() -> None:
    app = "app: {python: /root/clone/.venv/bin/python, directory: /home/tts/app}"
    text = "\n".join({**SMALLEST, "app": app, "manager": "service_manager: supervisor"}.values())
    assert [one for one in diagnostics(text + "\n") if one.severity == "error"] == []


def test_fifteen_directors_are_too_many_for_default_priorities() -> None:
    hosts = ", ".join(f"d{n}: 192.168.1.{n}" for n in range(1, 17))
    said = diagnostics(
        "\n".join({**SMALLEST, "directors": f"directors: {{hosts: {{{hosts}}}}}"}.values())
    )
    assert [diagnostic.key for diagnostic in said] == ["directors.hosts.d16"]


def test_a_private_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o644)
    case = warns("ssh.key_file", "OpenSSH refuses", f"chmod 600 {key}", ssh="ssh: {key_file: ▸key}")
    check(case, tmp_path)


def test_the_public_half_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "key.pub").touch(mode=0o600)
    check(
        error("ssh.key_file", "public half", "write key", ssh="ssh: {key_file: ▸key.pub}"), tmp_path
    )


def test_a_source_file_is_one_that_can_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "app.rar").touch()
    check(
        error(
            "app.source", "not a kind of file", "as .tar.gz",
            app="app: {source: ▸app.rar}", services=_STICKY,
        ),
        tmp_path,
    )  # fmt: skip
    (tmp_path / "app-1.0-py3-none-any.whl").touch()
    case = error("", "", app="app: {source: app-1.0-py3-none-any.whl}", services=_STICKY)
    assert not diagnostics(case.text, tmp_path)


def test_a_source_folder_holds_the_package(tmp_path: Path) -> None:
    case = error("app.source", "no Python package app", app="app: {source: ▸'.'}", services=_STICKY)
    check(case, tmp_path)
    for package in ("cosyvoice_cluster/app", "app"):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__main__.py").touch()
        assert not diagnostics(case.text.replace(MARK, ""), tmp_path)
        shutil.rmtree(tmp_path / package.split("/")[0])


@pytest.mark.parametrize(
    ("key", "content", "message", "fix"),
    [
        ("dns_hook", b"echo", "is no script", "#!/bin/sh"),
        ("dns_hook", b"\x7fELF\xff", "is no script", "#!/bin/sh"),
        ("authority", b"\x30\x82\xff", "no certificate in PEM", "the authority's own"),
        ("authority", b"-----BEGIN PRIVATE KEY-----", "no certificate in PEM", "authority's own"),
    ],
)
def test_what_acme_brings_to_nodes_is_what_it_says(
    tmp_path: Path, key: str, content: bytes, message: str, fix: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    acme = f"{{email: a@b, {key}: {MARK}file}}"
    check(
        error(f"tls.acme.{key}", message, fix, tls=f"tls: {{names: [a.org], acme: {acme}}}"),
        tmp_path,
    )


def test_every_rule_has_something_to_say_about_some_case(monkeypatch: pytest.MonkeyPatch) -> None:
    spoke: set[Rule] = set()

    def listened(rule: Rule) -> Rule:
        def wrapped(context: Context) -> Iterator[Finding]:
            for finding in rule(context):
                spoke.add(rule)
                yield finding

        return wrapped

    monkeypatch.setattr(rules, "RULES", [listened(rule) for rule in RULES])
    for case in ALL.values():
        diagnostics(case.text.replace(MARK, ""))
    elsewhere = {
        vrrp_behaviour.unicast_peers,
        vrrp_password.auth_pass,
        tls.certificate,
        # Each of these has a file of its own here.
        *(
            rule
            for rule in RULES
            if rule.__module__
            in {
                one.__name__
                for one in (edges, edges_tls, firewall, log_outputs, logs, monitoring, per_gpu)
            }
        ),
    }
    assert set(RULES) - spoke == elsewhere


def test_a_single_real_server_needs_no_storage_for_recordings() -> None:
    single = {
        "real_servers": "real_servers: {hosts: {rs1: 192.168.1.101}}",
        "app": "app: {engine: {name: cosyvoice3, model: {on_nodes: /srv/m}}}",
    }
    said = diagnostics("\n".join({**SMALLEST, **single}.values()))
    assert "app.engine.name" not in {one.key for one in said}
