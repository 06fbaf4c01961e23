"""Files that are no YAML, no text, or no inventory."""

from pathlib import Path

import pytest

from provisioning.model.loader.diagnostic import Diagnostic, InventoryError
from provisioning.model.loader.load import load_inventory
from provisioning.model.loader.source import MAX_BYTES
from tests.model.marked import MARK, diagnostics, place_of

_BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

CASES = {
    "open bracket": ("vip: [1▸", "a bracket is not closed: ] is missing", "close it with ]"),
    "wrong bracket": ("vip: [1, 2▸}", "a comma or ] is missing", "commas"),
    "two colons": ("vip: a▸: b", "a colon where none can stand", "quotes"),
    "indented too far": ("vip: 10.0.0.1\n  interface▸: eth0", "indented too far", "line the key"),
    "tab": ("vrrp:\n▸\tversion: 3", "a tab", "replace the tab by spaces"),
    "open quote": ("name: 'abc▸", "a quote is not closed", "close the quote"),
    "quote in quotes": ("name: 'it'▸s'", "behind the end of a value", "double a quote"),
    "at sign": ("name: ▸@home", "cannot start with @", "quotes"),
    "backquote": ("name: ▸`home`", "cannot start with `", "quotes"),
    "undefined alias": ("name: ▸*home", "*home refers to nothing", "&home"),
    "anchor twice": ("a: &x 1\nb: ▸&x 2", "used twice", "another name"),
    "list, then keys": ("- a\n▸b: c", "does not belong to the block above", "same indent"),
    "key without colon": ("vip: 10.0.0.1\n▸interface\n", "a key without its colon", "key: value"),
    "second document": ("vip: 192.168.1.100\n▸---\nname: b\n", "a second document", "one document"),
    "unknown escape": ('name: "a\\▸q"', "is not an escape", "single quotes"),
    "path of Windows": ('name: "C:\\U▸sers"', "this is none", "single quotes"),
    "line break that no editor shows": ("# a▸\u2028 b\nname: x", "U+2028", "remove it"),
    "control character": ("name: a▸\x07b", "U+0007", "remove it"),
    "code point past Unicode": ('name: "\\U▸00110000"', "out of range", "remove it"),
    "absurd YAML version": (f"%YAML 1.▸{'9' * 5000}\n---\nname: a", "out of range", ""),
    "alias to itself": ("name: &a [▸*a]", "*a contains itself", "write the values out"),
    "alias around itself": ("name: &a {b: {c: ▸*a}}", "*a contains itself", ""),
    "too deep": ("name: " + "[" * 23 + "▸" + "[" * 5000, "more than 24 levels", "eight deep"),
    "empty": ("▸", "the inventory is empty", "cluster init"),
    "comments only": ("▸# nothing\n", "the inventory is empty", "cluster init"),
    "list": ("▸- vip: 192.168.1.100\n", "one mapping", "leave out the dashes"),
    "text": ("▸hello", "one mapping", "cluster init"),
    "colon without space": ("▸vip:192.168.1.100", "one mapping", "a space behind each colon"),
    "keepalived.conf": ("▸vrrp_instance VI_1 {\n    state MASTER\n}\n", "one mapping", "made from"),
    "full-width colon": ("▸vip：192.168.1.100", "one mapping", "full-width"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message", "fix"), CASES.values(), ids=CASES)
def test_what_cannot_be_parsed_is_one_clear_error(text: str, message: str, fix: str) -> None:
    said = diagnostics(text.replace(MARK, ""))
    assert len(said) == 1
    assert message in said[0].message
    assert fix in said[0].fix
    assert (said[0].line, said[0].column) == place_of(text)


def test_an_alias_bomb_is_refused_at_the_alias_that_goes_too_far() -> None:
    said = diagnostics(_BOMB)
    assert ["more than 50000 values" in diagnostic.message for diagnostic in said] == [True]
    assert said[0].line == 5


def test_aliases_that_nest_without_nesting_brackets_are_refused() -> None:
    chain = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))
    assert any(
        "nested more than" in diagnostic.message for diagnostic in diagnostics(f"vars:\n{chain}")
    )


# What YAML allows and an inventory does not, and what else is said of the same file.
ALLOWED_BY_YAML = {
    "duplicate key": ("name: a\n\n▸name: b", "name", "twice; the first is on line 1"),
    "duplicate in a mapping": ("vars:\n  a: 1\n  ▸a: 2", "vars.a", "written twice"),
    "unknown tag": ("name: ▸!secret abc", "name", "the tag !secret means nothing here"),
    "Python object": ("name: ▸!!python/object/apply:os.system [ls]", "name", "means nothing here"),
    "tag before something else": ("forks: ▸!!int abc", "forks", "!!int stands before"),
    "set": ("vars: ▸!!set {a, b}", "vars", "means nothing here"),
    "Jinja": ("vip: {▸{ vip }}", "vip", "this is Jinja"),
    "quoted Jinja": ('name: ▸"{{ name }}"', "name", "this is Jinja"),
    "key that is a list": ("vars:\n  ? ▸[a, b]\n  : c", "vars", "a key must be text"),
    "several lines": ("app:\n  source: ▸|\n    a\n    b", "app.source", "several lines"),
    "vault block without its tag": (
        "vrrp:\n  auth_pass: ▸|\n    $ANSIBLE_VAULT;1.1;AES256\n    6134",
        "vrrp.auth_pass", "without its tag",
    ),
    "escape sequence": ('name: ▸"a\\e[31m"', "name", "U+001B"),
    "half of a surrogate pair": ('name: ▸"\\ud800"', "name", "U+D800"),
    "control character in a key": ('vars: {▸"a\\0": 1}', "vars", "a control character"),
    "merge of text": ("vars: {▸<<: abc}", "vars", "takes in a mapping"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "key", "message"), ALLOWED_BY_YAML.values(), ids=ALLOWED_BY_YAML)
def test_what_yaml_allows_and_an_inventory_does_not(text: str, key: str, message: str) -> None:
    said = [
        diagnostic for diagnostic in diagnostics(text.replace(MARK, "")) if diagnostic.key == key
    ]
    assert len(said) == 1
    assert message in said[0].message
    assert (said[0].line, said[0].column) == place_of(text)


def _load(path: Path) -> list[Diagnostic]:
    with pytest.raises(InventoryError) as raised:
        load_inventory(path)
    assert len(raised.value.diagnostics) == 1
    return raised.value.diagnostics


def test_bytes_that_are_not_utf8_are_shown_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_bytes(b"name: a\n# \xff\xfe\n")
    (diagnostic,) = _load(path)
    assert "not UTF-8: byte 10" in diagnostic.message
    assert (diagnostic.line, diagnostic.column, diagnostic.found) == (2, 3, "0xff")


def test_a_chinese_windows_file_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_bytes("# 语音合成集群\nname: a\n".encode("gb18030"))
    (diagnostic,) = _load(path)
    assert "iconv -f GB18030 -t UTF-8" in diagnostic.fix


def test_utf16_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text("name: a\n", encoding="utf-16")
    (diagnostic,) = _load(path)
    assert "UTF-16" in diagnostic.message


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "vip: 10.0.0.1\ndirectors: {hosts: {a: 10.0.0.2, b: 10.0.0.3}}\n"
        "real_servers: {hosts: {c: 10.0.0.4}}\n",
        encoding="utf-8-sig",
    )
    assert str(load_inventory(path).virtual_ips[0].address.ip) == "10.0.0.1"


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    (diagnostic,) = _load(path)
    assert "larger than 1 MiB" in diagnostic.message
    assert _load(Path("/dev/zero"))[0].message == diagnostic.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (diagnostic,) = _load(tmp_path / "inventory.yaml")
    assert "no such file" in diagnostic.message
    assert "cluster init" in diagnostic.fix
    assert diagnostic.place == str(tmp_path / "inventory.yaml")


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    assert "a folder" in _load(tmp_path)[0].message


def test_a_line_with_a_password_is_not_repeated() -> None:
    (diagnostic,) = diagnostics("vrrp:\n  auth_pass: 'hunter2\n")
    assert "hunter2" not in str(diagnostic)
