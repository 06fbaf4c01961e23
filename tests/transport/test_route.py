"""Route of a log-in: the inventory over ssh_config, compared with OpenSSH's own reading of it."""

import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from provisioning.model.ssh import Connection
from provisioning.transport.base import TransportError
from provisioning.transport.route import Endpoint, route

INCLUDED = """\
User from-include
Host rs*
    Port 2203
    IdentityFile /keys/included
Host elsewhere
    Port 9999
"""

CONFIGS = {
    "empty": "",
    "alias": "Host rs1\n HostName 10.0.0.11\n Port 2222\n User deploy\n IdentityFile /keys/rs1\n",
    "first wins": "Host rs1\n Port 1001\nHost rs?\n Port 1002\n User second\nHost *\n User third\n",
    "keys add up": "IdentityFile /keys/a\nHost rs1\n IdentityFile /keys/b\n IdentitiesOnly yes\n",
    "negated": "Host * !rs1\n Port 1001\nHost rs1\n Port 1002\n",
    "equals and case": "hOsT rs1\n\tport=1003\n  uSeR = deploy\n",
    "match": "Host rs1\n HostName real.example\nMatch host real.example\n Port 1004\n",
    "match user": "Match user deploy\n Port 1005\n",
    "match exec": "Match exec true\n Port 1006\nMatch exec false\n Port 1007\n",
    "token": "Host rs1\n HostName %h.example.com\n",
    "jump": "Host rs1\n ProxyJump ops@bastion:2200,[2001:db8::1]\nHost bastion\n Port 1\n",
    "jump comes first": "Host rs1\n ProxyJump bastion\n ProxyCommand nc %h %p\n",
    "command comes first": "Host rs1\n ProxyCommand nc %h %p\n ProxyJump bastion\n",
    "command": "Host rs1\n HostName 10.0.0.11\n Port 2222\n ProxyCommand nc -x p %h %p\n",
    "no command": "Host rs1\n ProxyCommand none\nHost *\n ProxyCommand nc %h %p\n",
    "no jump": "Host rs1\n ProxyJump none\nHost *\n ProxyJump bastion\n",
    "known hosts": "UserKnownHostsFile /k/one /k/two\nGlobalKnownHostsFile /k/three\n",
    "key alias": "HostKeyAlias service\nPort 2222\n",
    "include": "Include {included}\nHost rs1\n User later\n",
    "include in a block": "Host other\n Port 1\nHost rs1\n Include {included}\n User later\n",
    "include by pattern": "Include {folder}/inc*.conf\nPort 4444\n",
}


def by_openssh(config: Path, host: str, user: str | None) -> dict[str, list[str]]:
    """Output of ``ssh -G``, by its lower-case keys."""
    argv = ["ssh", "-G", "-F", str(config), *(["-l", user] if user else []), host]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found: dict[str, list[str]] = defaultdict(list)
    for line in said.splitlines():
        key, _, value = line.partition(" ")
        found[key].append(value)
    return found


def planned(config: Path, host: str, **settings: object) -> tuple[Endpoint, ...]:
    connection = Connection.model_validate({"host": host, "config_file": config, **settings})
    return route("name", connection, Path("/"))


@pytest.mark.parametrize("user", [None, "deploy"])
@pytest.mark.parametrize("case", CONFIGS)
def test_as_openssh_reads_it(case: str, user: str | None, tmp_path: Path) -> None:
    included = tmp_path / "included.conf"
    included.write_text(INCLUDED)
    config = tmp_path / "config"
    config.write_text(CONFIGS[case].format(included=included, folder=tmp_path))
    expected = by_openssh(config, "rs1", user)
    *before, endpoint = planned(config, "rs1", **({"user": user} if user else {}))
    assert [endpoint.host] == expected["hostname"]
    assert [str(endpoint.port)] == expected["port"]
    assert [endpoint.user] == expected["user"]
    assert [str(file) for file in endpoint.key_files] == [
        file for file in expected["identityfile"] if file.startswith("/keys/")
    ]
    assert [endpoint.only_these_keys] == [word == "yes" for word in expected["identitiesonly"]]
    jumps = [jump for jump in expected["proxyjump"] if jump != "none"]
    assert len(before) == sum(jump.count(",") + 1 for jump in jumps)
    if case == "command":
        assert endpoint.proxy_command == "nc -x p 10.0.0.11 2222"
    elif "command" in case:
        assert bool(endpoint.proxy_command) == (case == "command comes first")
    if "known hosts" in case:
        files = [*expected["userknownhostsfile"], *expected["globalknownhostsfile"]]
        assert " ".join(map(str, endpoint.known_hosts)) == " ".join(files)


def test_the_inventory_goes_over_ssh_config(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(CONFIGS["alias"] + "ProxyJump elsewhere\nUserKnownHostsFile /k/one\n")
    (endpoint,) = planned(
        config, "rs1", port=22, user="root", key_file="mine", known_hosts_file="known"
    )[-1:]
    assert (endpoint.host, endpoint.port, endpoint.user) == ("10.0.0.11", 22, "root")
    assert endpoint.key_files == (Path("/mine"),)
    assert endpoint.only_these_keys
    assert endpoint.known_hosts[0] == Path("/known")


def test_tokens_know_the_inventory(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("ProxyCommand nc %r %h %p\n")
    (endpoint,) = planned(config, "rs1", port=2222, user="deploy")
    assert endpoint.proxy_command == "nc deploy rs1 2222"


def test_names_in_known_hosts(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host aliased\n HostKeyAlias Service\n Port 2222\n")
    assert planned(config, "RS1")[0].known_as == ("rs1",)
    assert planned(config, "RS1", port=2222)[0].known_as == ("[rs1]:2222", "rs1")
    assert planned(config, "2001:db8::1", port=2222)[0].known_as[0] == "[2001:db8::1]:2222"
    assert planned(config, "aliased")[0].known_as == ("service",)


class TestJumpHosts:
    def test_the_inventorys_share_its_user_and_key(self, tmp_path: Path) -> None:
        config = tmp_path / "config"
        config.write_text("Host b\n HostName 10.0.0.2\n User other\n IdentityFile /keys/b\n")
        a, b, c, target = planned(
            config, "rs1", user="deploy", key_file="/mine", jump="a:2200, b,ops@[2001:db8::3]:22"
        )
        assert (a.host, a.port, a.user, a.key_files) == ("a", 2200, "deploy", (Path("/mine"),))
        assert (b.host, b.user) == ("10.0.0.2", "other")
        assert b.key_files == (Path("/keys/b"), Path("/mine"))
        assert (c.host, c.port, c.user) == ("2001:db8::3", 22, "ops")
        assert not a.only_these_keys
        assert target.only_these_keys

    def test_those_of_ssh_config_stand_for_themselves(self, tmp_path: Path) -> None:
        config = tmp_path / "config"
        config.write_text("Host rs1\n ProxyJump bastion\n")
        bastion, _ = planned(config, "rs1", user="deploy", key_file="/mine")
        assert (bastion.user, bastion.key_files) == (planned(config, "x")[0].user, ())

    def test_the_first_may_have_a_way_of_its_own(self, tmp_path: Path) -> None:
        config = tmp_path / "config"
        config.write_text(
            "Host inner\n ProxyJump outer\nHost outer\n ProxyCommand nc %h %p\n"
            "Host second\n ProxyJump never\n"
        )
        hops = planned(config, "rs1", jump="inner,second")
        assert [hop.host for hop in hops] == ["outer", "inner", "second", "rs1"]
        assert [hop.proxy_command for hop in hops] == ["nc outer 22", None, None, None]

    def test_a_circle_ends(self, tmp_path: Path) -> None:
        config = tmp_path / "config"
        config.write_text("Host a\n ProxyJump b\nHost b\n ProxyJump a\n")
        with pytest.raises(TransportError, match=r"name: more than 8 jump hosts.*circle"):
            planned(config, "a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Port ssh\n", "Port 'ssh' in ssh_config is not 1 to 65535"),
        ("Port 0\n", "not 1 to 65535"),
        ("Host 'unclosed\n", "config"),
        ("CanonicalizeHostname yes\n", "config is wrong for rs1"),
        ("Match user\n", "Missing parameter"),
        ("JustOneWord\n", "Unparsable line JustOneWord"),
        ("Include {folder}/config\n", "included more than 16 deep"),
        ("Host 名前\n Port 22\nHost *\n ProxyJump 'a b'\n", "jump host"),
    ],
)
def test_a_wrong_file_is_named(text: str, said: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(text.format(folder=tmp_path))
    with pytest.raises(TransportError, match=rf"^name: .*{said}"):
        planned(config, "rs1")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match=r"name: there is no .*missing; .*ssh\.config_file"):
        planned(tmp_path / "missing", "rs1")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"\xff\xfe")
    with pytest.raises(TransportError, match=r"name: .*config cannot be read"):
        planned(tmp_path / "config", "rs1")


def test_relative_includes_start_at_the_ssh_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".ssh"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "config").write_text("Include conf.d/* ~/.ssh/more\n")
    (folder / "conf.d" / "a").write_text("Host rs1\n Port 2201\n")
    (folder / "more").write_text("User deploy\n")
    connection = Connection.model_validate({"host": "rs1"})
    (endpoint,) = route("name", connection, tmp_path)
    assert (endpoint.port, endpoint.user) == (2201, "deploy")
