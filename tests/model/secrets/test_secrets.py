"""Secrets: where they may come from, how they are refused, and that they are never shown."""

import json
from pathlib import Path

import pytest

from provisioning.model.loader.load import parse_inventory
from provisioning.model.secrets.secret import (
    PASSWORD,
    PASSWORD_FILE,
    MissingSecretError,
    SecretError,
    SecretSource,
    reveal,
)
from provisioning.model.secrets.vault import VaultError, decrypt
from tests.model.marked import SMALLEST, Case, check, diagnostics, error, warns

# Made by ansible-core 2.19: ansible-vault encrypt_string, password "pass 词".
_PASSWORD = "pass 词"
_VAULT = """\
$ANSIBLE_VAULT;1.1;AES256
37656537623664353361663862636131333830306564653262356661383665383964636666633137
3635326630626335396661356562653831306663356561660a363336333933333531373837386135
39616161323336366661356338623162313837316231616362323566313766303932313766663332
3461336661613762380a666538366339313138666534373537633633313866633366643837626536
3163
"""
_VAULT_WITH_ID = """\
$ANSIBLE_VAULT;1.2;AES256;prod
61323463353039333131356465663965376662396136323066363561333834613836613138333738
6635326139643262663036666431623434383733653734330a326534613462383631383566353139
63383632663961326634663934663163666130646331613936653433616164396566313762336665
6135616630353737640a643230326539313264363231613239633633653935646331373231333937
6466
"""


def _v2(auth_pass: str) -> dict[str, str]:
    return {"vrrp": f"vrrp:\n  version: 2\n  auth_pass: {auth_pass}"}


def _block(vault: str) -> str:
    return "▸!vault |\n" + "".join(f"    {line}\n" for line in vault.splitlines())


def test_vault_blocks_of_ansible_are_read() -> None:
    assert decrypt(_VAULT, _PASSWORD.encode()) == b"LVS123"
    assert decrypt(_VAULT_WITH_ID, _PASSWORD.encode()).decode() == "口令 ok"


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("", "not a vault block"),
        ("$ANSIBLE_VAULT;1.0;AES\n00", "formats 1.1 and 1.2"),
        ("$ANSIBLE_VAULT;1.1;AES256\nzz", "damaged"),
        ("$ANSIBLE_VAULT;1.1;AES256\n", "damaged"),
        (_VAULT[:-3], "damaged"),
        (_VAULT.replace("\n3163", "\n3164"), "not the one"),
        (_VAULT.replace("3763", "3764", 1), "not the one"),
    ],
)
def test_a_vault_block_that_is_none_says_so(block: str, reason: str) -> None:
    with pytest.raises(VaultError, match=reason):
        decrypt(block, _PASSWORD.encode())


def test_a_vault_block_in_an_inventory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(_PASSWORD + "\n", encoding="utf-8")
    password.chmod(0o600)
    monkeypatch.setenv(PASSWORD_FILE, str(password))
    text = "\n".join({**SMALLEST, **_v2(_block(_VAULT).lstrip("▸"))}.values())
    inventory = parse_inventory(text, tmp_path / "inventory.yaml").inventory
    assert inventory.vrrp.auth_pass is not None
    assert reveal(inventory.vrrp.auth_pass, tmp_path) == "LVS123"
    assert "VAULT" not in repr(inventory) + inventory.model_dump_json()


def test_environment_and_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLUSTER_TEST_SECRET", "词")
    assert reveal(SecretSource(env="CLUSTER_TEST_SECRET"), tmp_path) == "词"
    (tmp_path / "s").write_text("a b\n", encoding="utf-8")
    (tmp_path / "s").chmod(0o600)
    assert reveal(SecretSource(file=Path("s")), tmp_path) == "a b"


def test_what_is_not_there_now_is_told_apart_from_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(MissingSecretError, match="CLUSTER_TEST_NOWHERE is not set; export it"):
        reveal(SecretSource(env="CLUSTER_TEST_NOWHERE"), tmp_path)
    with pytest.raises(SecretError, match=r"cannot read .*: No such file"):
        reveal(SecretSource(file=Path("nowhere")), tmp_path)


CASES: dict[str, Case] = {
    "clear text": error(
        "vrrp.auth_pass", "in clear text", "write {env: NAME}", **_v2("▸LVS123"),
        found="clear text (not shown)",
    ),
    "clear number": error("vrrp.auth_pass", "in clear text", **_v2("▸123456")),
    "clear text under value": error(
        "ssh.password.value", "in clear text", ssh="ssh: {password: {value: ▸hunter2}}"
    ),
    "two sources": error(
        "ssh.password", "exactly one place", ssh="ssh:\n  ▸password: {env: A, file: b}"
    ),
    "no source": error("ssh.password", "exactly one place", ssh="ssh:\n  ▸password: {}"),
    "variable's name": error(
        "ssh.password.env", "not written in the form", ssh="ssh: {password: {env: ▸$A}}"
    ),
    "variable that is not set": warns(
        "ssh.password", "CLUSTER_TEST_NOWHERE is not set", "export it",
        ssh="ssh:\n  ▸password: {env: CLUSTER_TEST_NOWHERE}",
    ),
    "file that is not there": error(
        "ssh.sudo_password", "No such file", ssh="ssh:\n  ▸sudo_password: {file: nowhere}"
    ),
    "vault without password": warns(
        "vrrp.auth_pass", "needs the vault's password", PASSWORD_FILE, **_v2(_block(_VAULT))
    ),
    "vault that is none": error(
        "vrrp.auth_pass", "does not start with $ANSIBLE_VAULT", "encrypt_string",
        **_v2("▸!vault hunter2"),
    ),
    "short": error(
        "app.secret", "can be guessed", "openssl rand",
        app="app:\n  ▸secret: {env: CLUSTER_TEST_GOOD}",
    ),
    "password under version 3": error(
        "vrrp.auth_pass", "version 3 has no authentication", "version: 2",
        vrrp="vrrp:\n  ▸auth_pass: {env: CLUSTER_TEST_GOOD}",
    ),
    "nine characters": error(
        "vrrp.auth_pass", "longer than 8", "fewer", found="(not shown)",
        vrrp="vrrp:\n  version: 2\n  ▸auth_pass: {env: CLUSTER_TEST_LONG}",
    ),
    "three Chinese characters": error(
        "vrrp.auth_pass", "longer than 8",
        vrrp="vrrp:\n  version: 2\n  ▸auth_pass: {env: CLUSTER_TEST_CHINESE}",
    ),
    "comment sign": error(
        "vrrp.auth_pass", "reads otherwise", "letters, digits",
        vrrp="vrrp:\n  version: 2\n  ▸auth_pass: {env: CLUSTER_TEST_COMMENT}",
    ),
    "empty": error(
        "vrrp.auth_pass", "empty",
        vrrp="vrrp:\n  version: 2\n  ▸auth_pass: {env: CLUSTER_TEST_EMPTY}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_secret_that_will_not_do(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "GOOD": "LVS123",
        "LONG": "123456789",
        "CHINESE": "一二三",
        "COMMENT": "a#b",
        "EMPTY": "",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"CLUSTER_TEST_{name}", value)
    for name in (PASSWORD, PASSWORD_FILE):
        monkeypatch.delenv(name, raising=False)
    check(case)


def test_the_wrong_vault_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_FILE, raising=False)
    monkeypatch.setenv(PASSWORD, "wrong")
    check(error("vrrp.auth_pass", "not the one", PASSWORD_FILE, **_v2(_block(_VAULT))))


def test_a_secret_file_that_everyone_can_read(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x", encoding="utf-8")
    (tmp_path / "s").chmod(0o644)
    case = error("ssh.password", "every user", "chmod 600", ssh="ssh:\n  ▸password: {file: s}")
    check(case, tmp_path)


def test_a_secret_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o755)
    case = error("ssh.password", "is a folder", "name the file", ssh="ssh:\n  ▸password: {file: s}")
    check(case, tmp_path)


@pytest.mark.parametrize(
    "block",
    [
        "vrrp: {auth_pass: hunter2, version: 2}",
        "vrrp: {auth_pass: “hunter2”, version: 2}",
        "vrrp: {auth_pass: hunter2\u200b, version: 2}",
        "ssh: {password: '\u200bhunter2'}",
        "ssh: {pasword: “hunter2”}",
        "vrrp:\n  auth_pass: |\n    $ANSIBLE_VAULT;1.1;AES256\n    hunter2",
        "vrrp: {auth_pass: [hunter2]}",
        "vrrp: {auth_key: hunter2}",
        "vrrp: {auth_pass: {value: hunter2}}",
        "vrrp: {auth_pass: {key: hunter2}}",
        "ssh: {pasword: hunter2}",
        "ssh: {password: hunter2, password: hunter2}",
        "ssh: {password: {file: [hunter2]}}",
        "directors: {hosts: {lvs1: {ansible_ssh_pass: hunter2}}}",
        "vrrp:\n  auth_pass: !vault hunter2",
        "ssh: {password: 'hunter2",
        "ssh:\n  password: hunter2: x",
    ],
)
def test_a_secret_is_in_no_message(block: str) -> None:
    said = diagnostics("\n".join([SMALLEST["vip"], block]))
    assert said
    assert "hunter2" not in json.dumps([diagnostic.as_dict() for diagnostic in said])
