"""Each value by itself: types, ranges, words, forms."""

from pathlib import Path

import pytest

from provisioning.model.loader.load import parse_inventory
from tests.model.marked import SMALLEST, Case, check, error

_HOSTS = "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12, "

CASES: dict[str, Case] = {
    # numbers
    "octal": error(
        "vrrp.virtual_router_id", "a whole number", "write 41 if it was meant, or 51",
        vrrp="vrrp:\n  virtual_router_id: ▸051", found="051", allowed="1 to 255",
    ),
    "octal of YAML 1.2": error(
        "vrrp.virtual_router_id", "a whole number", "write 41",
        vrrp="vrrp:\n  virtual_router_id: ▸0o51",
    ),
    "hexadecimal": error(
        "vrrp.virtual_router_id", "a whole number", "write it in decimal: 51",
        vrrp="vrrp:\n  virtual_router_id: ▸0x33",
    ),
    "sexagesimal": error(
        "services[0].port", "a whole number", "a colon is not read as minutes",
        services="services:\n  - port: ▸22:30",
    ),
    "quoted number": error(
        "services[0].port", "a whole number", "leave out the quotes: 7860",
        services='services:\n  - port: ▸"7860"', found='"7860"',
    ),
    "number with a unit": error(
        "services[0].check.interval", "a number", "write seconds, without a unit: 120",
        services="services:\n  - check: {type: tcp, interval: ▸2min}",
    ),
    "number with a Chinese unit": error(
        "services[0].check.interval", "a number", "without a unit: 5",
        services="services:\n  - check: {type: tcp, interval: ▸5秒}",
    ),
    "full-width digits": error(
        "services[0].port", "a whole number", "type 7860",
        services="services:\n  - port: ▸７８６０",
    ),
    "thousands": error(
        "app.queue_size", "a whole number", "leave out the separators: 1000",
        app="app: {queue_size: ▸1_000}",
    ),
    "fraction": error("forks", "a whole number", "write 3", forks="forks: ▸3.0"),
    "true for a number": error(
        "services[0].port", "a whole number", "the number itself",
        services="services:\n  - port: ▸true",
    ),
    "nothing for a number": error(
        "app.workers", "a whole number", app="app:\n  workers:▸", found="nothing"
    ),
    "beyond all numbers": error(
        "forks", "a whole number", forks="forks: ▸1" + "0" * 5000,
    ),
    "too large": error(
        "services[0].port", "too large", services="services:\n  - port: ▸70000",
        found="70000", allowed="a whole number from 1 to 65535",
    ),
    "too small": error(
        "vrrp.virtual_router_id", "too small", vrrp="vrrp: {virtual_router_id: ▸0}",
        allowed="1 to 255",
    ),
    "VRID past 255": error(
        "vrrp.virtual_router_id", "too large", vrrp="vrrp: {virtual_router_id: ▸300}",
    ),
    "priority past 254": error(
        "directors.hosts.lvs3.priority", "too large",
        directors=_HOSTS + "lvs3: {address: 192.168.1.13, priority: ▸300}}}",
        allowed="1 to 254, or null",
    ),
    "endless": error(
        "vrrp.advert_interval", "a number", vrrp="vrrp: {advert_interval: ▸.inf}"
    ),
    "finer than timers": error(
        "services[0].check.timeout", "finer than a millisecond", "write 0.001",
        services="services:\n  - check: {type: tcp, timeout: ▸0.0011}",
    ),
    "persistence past the kernel's": error(
        "services[0].persistence.timeout", "too large",
        services="services:\n  - persistence: {timeout: ▸2678401}",
    ),
    "decimal comma": error(
        "services[0].check.interval", "a number", "write 2.5, with a point",
        services="services:\n  - check: {type: tcp, interval: ▸'2,5'}",
    ),
    "comma that may be either": error(
        "services[0].check.interval", "a number", "write 1000 or 1.000, whichever",
        services="services:\n  - check: {type: tcp, interval: ▸'1,000'}",
    ),
    # what its writer does not see
    "zero-width space": error(
        "vip", "not an IP address", "remove U+200B (it cannot be seen): write 192.168.1.100",
        vip="vip: ▸192.168.1.100\u200b", found="192.168.1.100\\u200b",
    ),
    "no-break space": error(
        "services[0].scheduler", "not one of the words", "remove U+00A0",
        services="services:\n  - scheduler: ▸rr\xa0",
    ),
    "curly quotes": error(
        "vip", "not an IP address", "not the quotes of YAML: write 192.168.1.100",
        vip="vip: ▸“192.168.1.100”",
    ),
    "curly quotes around a name": error(
        "name", "not a name", "write tts", name="name: ▸“tts”"
    ),
    "mapped IPv4": error(
        "vip", "not an IP address", "write it as IPv4: 192.168.1.100",
        vip="vip: ▸::ffff:192.168.1.100",
    ),
    # words
    "scheduler with a typo": error(
        "services[0].scheduler", "not one of the words", "did you mean wrr?",
        services="services:\n  - scheduler: ▸wwrr", allowed="rr, wrr, lc, wlc",
    ),
    "scheduler by nginx's name": error(
        "services[0].scheduler", "not one of the words", "did you mean wlc?",
        services="services:\n  - scheduler: ▸least_conn",
    ),
    "scheduler in capitals": error(
        "services[0].scheduler", "not one of the words", "did you mean rr?",
        services="services:\n  - scheduler: ▸RR",
    ),
    "no scheduler": error(
        "services[0].scheduler", "not one of the words", "scheduler: rr",
        services="services:\n  - scheduler:▸",
    ),
    "quoted version": error(
        "vrrp.version", "not one of the words", "leave out the quotes: 3",
        vrrp='vrrp: {version: ▸"3"}', allowed="2 or 3",
    ),
    "version 4": error("vrrp.version", "not one of the words", vrrp="vrrp: {version: ▸4}"),
    "service manager": error(
        "service_manager", "not one of the words", "did you mean supervisor?",
        service_manager="service_manager: ▸supervisord", allowed="systemd or supervisor",
    ),
    "unknown check": error(
        "services[0].check.type", "not one of the words", "did you mean http?",
        services="services:\n  - check: {type: ▸htp}", found="htp",
        allowed="http, misc, ssl or tcp",
    ),
    "check by keepalived's name": error(
        "services[0].check.type", "not one of the words", "did you mean tcp?",
        services="services:\n  - check: {type: ▸TCP_CHECK}",
    ),
    "check without type": error(
        "services[0].check.type", "not one of the words", "type: http",
        services="services:\n  - ▸check: {interval: 2}",
    ),
    "check as a word": error(
        "services[0].check", "keys and values", "write check: {type: tcp}",
        services="services:\n  - check: ▸tcp",
    ),
    "boolean": error(
        "vrrp.preempt", "true or false", "write true or false",
        vrrp="vrrp: {preempt: ▸maybe}",
    ),
    # shapes
    "text where keys belong": error(
        "vrrp", "keys and values", "write its keys below it", vrrp="vrrp: ▸3"
    ),
    "nothing where keys belong": error(
        "vrrp", "keys and values", "indent its keys", vrrp="vrrp:▸"
    ),
    "list where keys belong": error(
        "vrrp", "keys and values", "without the dash", vrrp="▸vrrp:\n  - version: 3"
    ),
    "mapping where a list belongs": error(
        "services", "a list is needed", "put a dash", services="▸services:\n  port: 7860"
    ),
    "text where a list belongs": error(
        "storage.mount_options", "a list is needed", "write [rw, hard]",
        storage="storage:\n  hosts: {nas1: 192.168.1.20}\n  mount_options: ▸rw,hard",
    ),
    "number where a list belongs": error(
        "services", "a list is needed", "write [7860]", services="services: ▸7860"
    ),
    "hosts as a list": error(
        "directors.hosts", "keys and values", "`name: address` for each host",
        directors="directors:\n  ▸hosts: [lvs1, lvs2]",
    ),
    "host without address": error(
        "directors.hosts.lvs2", "has no address", "write lvs2: 192.0.2.7",
        directors="directors:\n  hosts:\n    lvs1: 192.168.1.11\n    lvs2:▸",
    ),
    "host with everything but": error(
        "directors.hosts.lvs2.address", "has no address", "write lvs2: 192.0.2.7",
        directors="directors:\n  hosts:\n    lvs1: 192.168.1.11\n    ▸lvs2: {priority: 90}",
    ),
    "VIP without address": error(
        "vip.address", "is needed", "write address under vip", vip="▸vip: {interface: eth1}"
    ),
    "turned off by a word": error(
        "services[0].persistence", "cannot be turned off", "persistence: null",
        services="services:\n  - persistence: ▸off",
    ),
    "number where text belongs": error(
        "app.ref", "text is needed", 'put it in quotes: "1.10"',
        app="app: {source: builtin, ref: ▸1.10}", found="1.10",
    ),
    "mapping where text belongs": error(
        "app.source", "text is needed", "on the same line",
        app="app:\n  ▸source:\n    git: x",
    ),
    "list in the environment": error(
        "app.environment.A", "text is needed", app="app:\n  environment:\n    ▸A: [1, 2]"
    ),
    # names
    "name with a space": error(
        "directors.hosts.lvs 3", "not a name", "for example lvs-3",
        directors=_HOSTS + "▸lvs 3: 192.168.1.13}}", found="lvs 3",
    ),
    "Chinese host name": error(
        "directors.hosts.主", "not a name", "for example rs1",
        directors=_HOSTS + "▸主: 192.168.1.13}}",
    ),
    "long name": error(
        "name", "not a name", "shorter", name="name: ▸" + "a" * 64
    ),
    # interfaces
    "long interface": error(
        "interface", "not a name Linux gives", interface="interface: ▸enp0s31f6-very-long"
    ),
    "interface label": error(
        "interface", "not a name Linux gives", "write eth0", interface="interface: ▸eth0:0"
    ),
    "interface with a slash": error(
        "vip.interface", "not a name Linux gives", "ip -brief link",
        vip="vip: {address: 192.168.1.100, interface: ▸eth/0}",
    ),
    # addresses
    "part too large": error(
        "vip", "not an IP address", "0 to 255", vip="vip: ▸192.168.1.999", found="192.168.1.999"
    ),
    "three parts": error("vip", "not an IP address", "four numbers", vip="vip: ▸192.168.1"),
    "two parts": error(
        "vip.address", "not an IP address", "in quotes", vip="vip: {address: ▸192.168}"
    ),
    "leading zeros": error(
        "vip", "not an IP address", "192.168.1.1", vip="vip: ▸192.168.001.001"
    ),
    "full-width address": error(
        "vip", "not an IP address", "type 192.168.1.100", vip="vip: ▸192。168。1。１００"
    ),
    "address as a number": error(
        "directors.hosts.lvs3.address", "not an IP address",
        directors=_HOSTS + "lvs3: {address: ▸3232235777}}}",
    ),
    "host name for an address": error(
        "directors.hosts.lvs3", "not an IP address", "names are not looked up",
        directors=_HOSTS + "lvs3: ▸lvs3.example.com}}",
    ),
    "MAC address": error(
        "directors.hosts.lvs3", "not an IP address", "a MAC address",
        directors=_HOSTS + "lvs3: ▸52:54:00:12:34:56}}",
    ),
    "address with a port": error(
        "directors.hosts.lvs3", "not an IP address", "leave out the port",
        directors=_HOSTS + "lvs3: ▸192.168.1.13:22}}",
    ),
    "host with a length": error(
        "directors.hosts.lvs3", "not an IP address", "only a VIP may have one",
        directors=_HOSTS + "lvs3: ▸192.168.1.13/24}}",
    ),
    "length too large": error(
        "vip", "not an IP address", "length 0 to 32", vip="vip: ▸192.168.1.100/33"
    ),
    "netmask": error(
        "vip", "not an IP address", "as a number", vip="vip: ▸192.168.1.100/255.255.255.0"
    ),
    "scope": error(
        "directors.hosts.lvs3", "not an IP address", "leave out the part from %",
        directors=_HOSTS + 'lvs3: ▸"fe80::1%eth0"}}',
    ),
    "IPv4 for IPv6": error(
        "directors.hosts.lvs3.address6", "not an IPv6 address", "`address` takes IPv4",
        directors=_HOSTS + "lvs3: {address: 192.168.1.13, address6: ▸192.168.1.14}}}",
    ),
    # paths and commands
    "relative folder": error(
        "app.directory", "not an absolute path", "/opt/x", app="app: {directory: ▸opt/x}"
    ),
    "folder with ..": error(
        "app.directory", "not a folder of its own", app="app: {directory: ▸/opt/../etc}"
    ),
    "folder with a space": error(
        "app.directory", "read in another way", app='app: {directory: ▸"/opt/my app"}'
    ),
    "relative command": error(
        "vrrp.notify", "absolute path", "script security", vrrp="vrrp: {notify: ▸notify.sh}"
    ),
    "several VIPs under vip": error(
        "vip", "keys and values", "write vips", vip="▸vip: [192.168.1.100, 192.168.1.99]"
    ),
    "no blank behind the colon": error(
        "vrrp", "keys and values", "put a space behind the colon: version: 3",
        vrrp="vrrp:\n  ▸version:3",
    ),
    "relative track script": error(
        "vrrp.track_scripts[0].command", "absolute path",
        vrrp="vrrp:\n  track_scripts:\n    - {name: a, command: ▸check.sh}",
    ),
    "relative misc check": error(
        "services[0].check.command", "absolute path",
        services="services:\n  - check: {type: misc, command: ▸check.sh, timeout: 1}",
    ),
    "open quote in a command": error(
        "vrrp.notify", "a quote is not closed", vrrp="vrrp: {notify: ▸\"/bin/x 'a\"}"
    ),
    "double quotes in a command": error(
        "vrrp.notify", "in its own way", "into the script",
        vrrp="vrrp: {notify: ▸'/bin/x \"a b\"'}",
    ),
    "check path without slash": error(
        "services[0].check.path", "not written in the form", allowed="/readyz",
        services="services:\n  - check: {type: http, path: ▸readyz}",
    ),
    "NFS source": error(
        "storage.source", "not written in the form", allowed="nas.example.com:/",
        storage="storage: {source: ▸nas.example.com}",
    ),
    "jump host": error(
        "ssh.jump", "not a jump host", "ops@bastion.example.com:2222",
        ssh="ssh: {jump: ▸a b}", allowed="[user@]host[:port]",
    ),
    "jump host's port": error(
        "ssh.jump", "not a jump host", ssh="ssh: {jump: ▸bastion:99999}"
    ),
    "jump over bare IPv6": error(
        "ssh.jump", "not a jump host", "in brackets", ssh="ssh: {jump: ▸2001:db8::1}"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("word", "own"), [("yes", True), ("true", True), ("no", False)])
def test_yes_and_no_are_true_and_false_wherever_these_may_stand(word: str, own: bool) -> None:
    text = "\n".join([*SMALLEST.values(), f"app: {{venv: {word}}}"])
    app = parse_inventory(text, Path("inventory.yaml")).inventory.app
    assert (app.venv is not None) is own


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_wrong_value_is_explained_where_it_stands(case: Case) -> None:
    check(case)
