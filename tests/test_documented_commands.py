"""Commands of ``cluster`` that documents name are commands, with options that they have; messages
that docs/troubleshooting.md quotes are messages of the program."""

import ast
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import click
import pytest

from provisioning.cli.local_paths import GIVEN_FILE, GIVEN_PATH
from provisioning.cli.running import cluster

_ROOT = Path(__file__).resolve().parents[1]
# A change log names commands as they were; decisions name what was thought of.
_DOCUMENTS = {
    str(path.relative_to(_ROOT)): path
    for path in (
        *(path for path in sorted(_ROOT.glob("*.md")) if path.name != "CHANGELOG.md"),
        *(path for path in sorted((_ROOT / "docs").rglob("*.md")) if "adr" not in path.parts),
    )
}
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
_FENCED = re.compile(r"^```.*?^```", re.M | re.S)
_SPAN = re.compile(r"`((?:\.venv/bin/)?cluster [^`]+)`")
_ELLIPSIS = re.compile(r"…|\.\.\.")


def typed(text: str) -> Iterator[str]:
    """Command lines in blocks, as they would be typed."""
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            if re.match(r"(?:\.venv/bin/)?cluster ", line):
                yield line


def mentioned(text: str) -> Iterator[str]:
    """Commands in sentences; a synopsis with its brackets is none."""
    for span in _SPAN.findall(_FENCED.sub("", text).replace("\n", " ")):
        if "[" not in span and "|" not in span:
            yield span


def words_of(line: str) -> list[str]:
    """Words of a line without its comment, and without what stands for more."""
    words = shlex.split(line, comments=True)[1:]
    return [word for word in words if not _ELLIPSIS.fullmatch(word)]


def take(words: list[str], *, whole: bool) -> None:
    """Has the command line take them; nothing is run. Raises ``click.UsageError``. One that is
    not ``whole`` may lack what it needs, as in a sentence about it."""
    command: click.Command = cluster
    context: click.Context | None = None
    name = "cluster"
    with ExitStack() as contexts:
        while True:
            try:
                context = command.make_context(name, list(words), parent=context)
            except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
                return
            except click.MissingParameter:
                if whole:
                    raise
                return
            # What -v and --debug have begun ends with it.
            contexts.callback(context.close)
            rest = [*context._protected_args, *context.args]
            if not isinstance(command, click.Group) or not rest:
                return
            found, inner, words = command.resolve_command(context, rest)
            assert inner is not None
            name, command = found or name, inner


def wrong(lines: Iterator[str], *, whole: bool) -> list[str]:
    found = []
    for line in lines:
        try:
            take(words_of(line), whole=whole)
        except click.UsageError as error:
            found.append(f"{line}: {error.format_message()}")
    return found


@pytest.mark.parametrize("name", _DOCUMENTS)
def test_commands_are_taken_by_the_command_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _DOCUMENTS[name].read_text(encoding="utf-8")
    # An operator's own files are where they are named.
    monkeypatch.chdir(tmp_path)
    for kind in (GIVEN_FILE, GIVEN_PATH):
        monkeypatch.setattr(kind, "exists", False)
    assert wrong(typed(text), whole=True) + wrong(mentioned(text), whole=False) == []


def test_there_are_commands_to_look_at() -> None:
    texts = [path.read_text(encoding="utf-8") for path in _DOCUMENTS.values()]
    assert sum(len(list(typed(text))) for text in texts) > 20
    assert sum(len(list(mentioned(text))) for text in texts) > 100


@pytest.mark.parametrize(
    "line",
    [
        "cluster deploys",
        "cluster deploy --forse",
        "cluster drain --wait 3 rs1",
        "cluster lab freeze",
        "cluster -x plan",
        "cluster artifacts get",
    ],
)
def test_a_wrong_one_is_found(line: str) -> None:
    assert wrong(iter([line]), whole=False)


def test_a_line_to_type_has_to_be_whole() -> None:
    assert wrong(iter(["cluster drain"]), whole=True)
    assert not wrong(iter(["cluster drain"]), whole=False)


@cache
def said() -> tuple[str, ...]:
    """Every text of the program, with ``…`` for what is filled in; shell scripts as they are."""
    found: list[str] = []
    for folder in ("provisioning", "app"):
        for path in (_ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    found.append("".join(map(_part, node.values)))
    for folder in ("provisioning", "templates"):
        for pattern in ("*.sh", "*.j2"):
            paths = (_ROOT / folder).rglob(pattern)
            found += [path.read_text(encoding="utf-8") for path in paths]
    return tuple(re.sub(r"…+", "…", text) for text in found)


def _part(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else "…"


def is_said(message: str) -> bool:
    """All its pieces are of one text, in their order."""
    pieces = [re.escape(piece.strip()) for piece in message.split("…") if piece.strip(" :;,")]
    pattern = re.compile(r".*?".join(pieces), re.S)
    return bool(pieces) and any(pattern.search(text) for text in said())


def test_messages_of_troubleshooting_are_the_programs() -> None:
    text = _DOCUMENTS["docs/troubleshooting.md"].read_text(encoding="utf-8")
    blocks = re.findall(r"^```text\n(.*?)^```", text, re.M | re.S)
    messages = [line for block in blocks for line in block.splitlines()]
    assert len(messages) > 40
    assert [message for message in messages if not is_said(message)] == []
    assert not is_said("the moon … is full")
