"""Keys that are not ours: typos, and the words of keepalived, Ansible and others."""

import re

import pytest

from provisioning.model.json_schema.schema import inventory_schema, places_of_keys, properties
from provisioning.model.loader.vocabulary import KEYS, VALUES
from tests.model.marked import Case, check, error

_DIRECTOR = "directors:\n  hosts:\n    lvs1: 192.168.1.11\n    lvs2: {address: 192.168.1.12, "
_HOST = "directors:\n  hosts:\n    lvs1: 192.168.1.11\n    lvs2: {"


def _vrrp(word: str, fix: str) -> Case:
    return error(f"vrrp.{word}", "unknown key", fix, vrrp=f"vrrp:\n  ▸{word}: 1", found=word)


def _service(word: str, fix: str) -> Case:
    return error(f"services[0].{word}", "unknown key", fix, services=f"services:\n  - ▸{word}: 1")


def _check(word: str, fix: str) -> Case:
    return error(
        f"services[0].check.{word}", "unknown key", fix,
        services=f"services:\n  - check: {{type: tcp, ▸{word}: 1}}",
    )  # fmt: skip


def _ansible(word: str, fix: str) -> Case:
    return error(
        f"directors.hosts.lvs2.{word}", "unknown key", fix,
        directors=f"{_DIRECTOR}▸{word}: x}}",
    )  # fmt: skip


CASES: dict[str, Case] = {
    "typo": error(
        "interfce", "unknown key", "did you mean interface?",
        interface="▸interfce: eth0", found="interfce", allowed="vip, vips, interface",
    ),
    "capitals": error(
        "Interface", "unknown key", "write interface", interface="▸Interface: eth0"
    ),
    "dashes": error(
        "service-manager", "unknown key", "write service_manager", x="▸service-manager: systemd"
    ),
    "of another place": error(
        "scheduler", "unknown key", "services[].scheduler", x="▸scheduler: rr"
    ),
    "of another type": error(
        "services[0].check.path", "unknown key", "only for type: http or ssl",
        services="services:\n  - check: {type: tcp, ▸path: /x}",
    ),
    "of the one other type": error(
        "services[0].check.command", "unknown key", "only for type: misc",
        services="services:\n  - check: {type: http, ▸command: /x}",
    ),
    "with a mark that cannot be seen": error(
        "\\ufeffdirectors", "unknown key", "write directors, without U+FEFF",
        directors="▸\ufeffdirectors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}",
    ),
    "with blanks that are none": error(
        "\\xa0hosts", "unknown key", "remove U+00A0", x="▸\xa0hosts: 1"
    ),
    "name of the cluster": error("cluster", "unknown key", "write name", x="▸cluster: tts"),
    "misspelt, of another place": error(
        "app.schedulr", "unknown key", "did you mean scheduler, at services[].scheduler?",
        app="app: {▸schedulr: rr}",
    ),
    "like nothing": error("zzzqqq", "unknown key", "under vars", x="▸zzzqqq: 1"),
    "Chinese": error("端口", "unknown key", x="▸端口: 7860"),
    "number": error("7860", "unknown key", x="▸7860: web"),
    "host beside hosts": error(
        "directors.lvs3", "unknown key", "directors: {hosts: {lvs3: …}}",
        directors="directors:\n  hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}\n"
        "  ▸lvs3: 192.168.1.13",
    ),
    "host's mapping beside hosts": error(
        "real_servers.rs3", "unknown key", "real_servers: {hosts: {rs3: …}}",
        real_servers="real_servers:\n  hosts: {rs1: 192.168.1.101}\n"
        "  ▸rs3: {address: 192.168.1.103}",
    ),
    # keepalived
    "auth_key": _vrrp("auth_key", "write auth_pass"),
    "advert_int": _vrrp("advert_int", "vrrp: {advert_interval: SECONDS}"),
    "auth_type": _vrrp("auth_type", "remove it"),
    "nopreempt": _vrrp("nopreempt", "vrrp: {preempt: false}"),
    "state": _vrrp("state", "priority decides"),
    "unicast_peer": _vrrp("unicast_peer", "vrrp: {unicast: true}"),
    "vrrp_strict": _vrrp("vrrp_strict", "remove it"),
    "garp_master_delay": _vrrp("garp_master_delay", "master_delay"),
    "virtual_router_id at the top": error(
        "virtual_router_id", "unknown key", "vrrp.virtual_router_id",
        x="▸virtual_router_id: 51",
    ),
    "lb_algo": _service("lb_algo", "write scheduler"),
    "lvs_sched": _service("lvs_sched", "write scheduler"),
    "lb_kind": _service("lb_kind", "direct routing (DR) is the one method"),
    "protocol": _service("protocol", "TCP"),
    "delay_loop": _service("delay_loop", "write interval, under services[].check"),
    "persistence_timeout": _service("persistence_timeout", "persistence: {timeout: SECONDS}"),
    "sh-fallback": _service("sh-fallback", "hash_fallback"),
    "TCP_CHECK": _service("TCP_CHECK", "check: {type: tcp}"),
    "connect_timeout": _check("connect_timeout", "write timeout"),
    "nb_get_retry": _check("nb_get_retry", "write retry"),
    "status_code": _check("status_code", "write status"),
    "virtual_server": error(
        "virtual_server", "unknown key", "services: [{port", x="▸virtual_server: {}"
    ),
    # Ansible
    "ansible_user": _ansible("ansible_user", "ssh: {user: NAME}"),
    "ansible_port": _ansible("ansible_port", "ssh: {port: NUMBER}"),
    "ansible_host in place of address": error(
        "directors.hosts.lvs2.ansible_host", "unknown key", "write address: ADDRESS",
        directors=f"{_HOST}▸ansible_host: 192.168.1.12}}",
    ),
    "ip in place of address": error(
        "directors.hosts.lvs2.ip", "unknown key", "write address",
        directors=f"{_HOST}▸ip: 192.168.1.12}}",
    ),
    "become": _ansible("ansible_become_password", "ssh: {sudo_password: {env: NAME}}"),
    "all": error("all", "unknown key", "stand at the left edge", x="▸all: {children: {}}"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_unknown_key_is_answered_with_the_known_one(case: Case) -> None:
    check(case)


def test_the_vocabulary_has_no_word_of_ours_at_the_top() -> None:
    assert not KEYS.keys() & properties(inventory_schema()).keys()


def test_every_key_the_vocabulary_tells_to_write_exists() -> None:
    known = places_of_keys()
    for word, fix in KEYS.items():
        if fix.startswith("write "):
            match = re.match(r"write (\w+)", fix)
            assert match and (match[1] in known or match[1] == "its"), f"{word}: {fix}"


def test_every_value_the_vocabulary_offers_exists() -> None:
    text = str(inventory_schema())
    assert not [value for value in VALUES.values() if f"'{value}'" not in text]
