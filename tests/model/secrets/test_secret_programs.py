"""Secrets that a program prints: run once, when they are needed, and told of clearly where not."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import parse_inventory
from provisioning.model.secrets import secret_program
from provisioning.model.secrets.secret import (
    NotAskedError,
    SecretError,
    SecretSource,
    reveal,
    reveal_unasked,
)
from tests.model.marked import SMALLEST


@pytest.fixture(autouse=True)
def another_run() -> Iterator[None]:
    secret_program.forget_all()
    yield
    secret_program.forget_all()


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A vault's program: it notes that it was run, and where, and does as `behaviour` says."""
    path = tmp_path / "vault"
    path.write_text('#!/bin/sh\necho "$PWD $*" >> "$0.runs"\n. "$0.behaviour"\n')
    path.chmod(0o700)
    (tmp_path / "vault.behaviour").write_text("echo '口令 of a vault'\n")
    return path


def runs(vault: Path) -> list[str]:
    path = vault.with_name("vault.runs")
    return path.read_text().splitlines() if path.exists() else []


def source(command: object) -> SecretSource:
    return SecretSource.model_validate({"command": command})


def test_a_line_and_a_list_of_words(vault: Path, tmp_path: Path) -> None:
    (tmp_path / "vault.behaviour").write_text('printf "%s|" "$@"; echo\n')
    assert reveal(source(f"{vault} show 'a b' $HOME *"), tmp_path) == "show|a b|$HOME|*|"
    assert reveal(source([str(vault), "a b", ""]), tmp_path) == "a b||"
    assert reveal(source("./vault here"), tmp_path) == "here|"


def test_it_is_run_once_however_many_ask_at_a_time(vault: Path, tmp_path: Path) -> None:
    found: list[str] = []
    heard: list[int] = []
    secret_program.on_printed(lambda: heard.append(1))
    asking = [
        threading.Thread(target=lambda: found.append(reveal(source(str(vault)), tmp_path)))
        for _ in range(8)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert found == ["口令 of a vault"] * 8
    assert runs(vault) == [f"{tmp_path} "] and heard == [1]


def test_who_only_checks_asks_nobody(vault: Path, tmp_path: Path) -> None:
    text = "\n".join(
        {**SMALLEST, "app": f"app:\n  secret: {{command: '{vault} show tts'}}"}.values()
    )
    reading = parse_inventory(text, tmp_path / "inventory.yaml")
    assert not reading.warnings or all("secret" not in one.key for one in reading.warnings)
    secret = reading.inventory.app.secret
    assert secret is not None and runs(vault) == []
    with pytest.raises(NotAskedError):
        reveal_unasked(secret, tmp_path)
    with secret_program.not_asked("stand-in"):
        assert reveal(secret, Path()) == "stand-in"
    assert runs(vault) == []
    assert reveal(secret, Path()) == "口令 of a vault", "in the inventory's folder"
    assert runs(vault) == [f"{tmp_path} show tts"]
    assert reveal_unasked(secret, tmp_path) == "口令 of a vault"
    assert "口令" not in repr(reading.inventory) + reading.inventory.model_dump_json()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("echo half; echo 'the vault is\n locked 锁' >&2; exit 3", "status 3: the vault is locked"),
        ("exit 1", "ended with status 1, and said nothing"),
        ("kill -9 $$", "was ended by signal 9"),
        (":", "printed nothing"),
        ("echo; echo", "printed nothing"),
        (r"printf '\377\376'", "not UTF-8"),
        ("head -c 70000 /dev/zero | tr '\\0' x", "more than a secret"),
        ("sleep 5 & sleep 5", "not ended within"),
    ],
)
def test_what_went_wrong_is_said_with_its_place_and_without_the_secret(
    vault: Path, tmp_path: Path, behaviour: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_program, "PATIENCE", 60.0 if "sleep" not in behaviour else 0.5)
    vault.with_name("vault.behaviour").write_text(f"{behaviour}\n")
    text = "\n".join({**SMALLEST, "app": f"app:\n  secret: {{command: [{vault}]}}"}.values())
    secret = parse_inventory(text, tmp_path / "inventory.yaml").inventory.app.secret
    assert secret is not None
    for _ in range(2):
        with pytest.raises(SecretError) as error:
            reveal(secret, tmp_path)
        assert said in str(error.value) and "half" not in str(error.value)
        line = text.splitlines().index(f"  secret: {{command: [{vault}]}}") + 1
        assert str(error.value).startswith(f"{tmp_path}/inventory.yaml:{line}: app.secret: ")
        assert str(vault) in str(error.value) and error.value.fix
    assert len(runs(vault)) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-vault show x", "no program no-such-vault in PATH"),
        ("./no-such-vault", "no program ./no-such-vault in "),
        ("/", "cannot be run: "),
    ],
)
def test_a_program_that_is_not_there(command: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=said):
        reveal(source(command), tmp_path)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("''", "names no program"),
        ("[]", "names no program"),
        ('"show \'x"', "a quote is not closed"),
        ("7", ""),
        ("[pass, 7]", ""),
        ("pass, env: X", "exactly one place"),
    ],
)
def test_a_wrong_command_is_refused_at_its_line(command: str, message: str, tmp_path: Path) -> None:
    text = "\n".join({**SMALLEST, "app": f"app:\n  secret: {{command: {command}}}"}.values())
    with pytest.raises(InventoryError) as refused:
        parse_inventory(text, tmp_path / "inventory.yaml")
    found = refused.value.diagnostics
    assert all(one.key.startswith("app.secret") and one.line for one in found), found
    assert any(message in one.message for one in found), found


def test_nothing_of_it_is_in_the_arguments_of_a_process(vault: Path, tmp_path: Path) -> None:
    secret = reveal(source(str(vault)), tmp_path)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert secret.encode() not in process.read_bytes()
        except OSError:
            continue
    assert secret not in os.environ.values()
