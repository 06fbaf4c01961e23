"""A value is written for where it lands, or not at all; what is written says what was meant."""

import subprocess
from ipaddress import ip_interface
from pathlib import Path

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.languages.choosing import language_of
from provisioning.languages.environment_file import EnvironmentFile
from provisioning.languages.keepalived import Keepalived
from provisioning.languages.language import Language
from provisioning.languages.lines import Sysctl
from provisioning.languages.shell import Shell
from provisioning.languages.systemd import Systemd
from provisioning.languages.templating import LanguageEnvironment, TemplateValueError
from provisioning.model.inventory import Inventory
from provisioning.roles.rendering import RenderingError, Templates

_TEMPLATES = Path(__file__).parents[2] / "templates"
_SHELL = "printf '%s|' {{ x }} \"in {{ x }}\" 'in {{ x }}' # {{ y }}\n"


def rendered(language: Language, template: str, **values: object) -> str:
    loader = jinja2.DictLoader({"t": template})
    return LanguageEnvironment(language, loader).get_template("t").render(values)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12))
def test_a_shell_gives_each_text_back_wherever_it_stands(text: str) -> None:
    script = rendered(Shell(), _SHELL, x=text, y="a ; b $(c)")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == f"{text}|in {text}|in {text}|"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12))
def test_an_environment_file_gives_each_text_back(text: str) -> None:
    content = rendered(EnvironmentFile(), "{{ name }}={{ x }}\n", name="X", x=text)
    script = f'{content}printf %s "$X"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == text


@pytest.mark.parametrize(
    "sign", ["{", "}", "#", "!", '"', "'", "\\", "$", " ", "\n", "~SEQ(1,2)", ""]
)
def test_keepalived_has_no_escapes(sign: str) -> None:
    with pytest.raises(TemplateValueError, match=r"template t:2: .* cannot be written"):
        rendered(Keepalived(), "group {\n  name {{ x }}\n}\n", x=f"a{sign}b" if sign else "")


@pytest.mark.parametrize(
    ("language", "template", "value"),
    [
        (Shell(), "# {{ x }}\n", "a\npwn"),
        (Sysctl(), "{{ x }} = 1\n", "net/ipv4/conf/e*/arp_ignore"),
        (Sysctl(), "a = {{ x }}\n", "1\nb = 2"),
        (EnvironmentFile(), "{{ x }}=1\n", "A B"),
        (Systemd(), "User={{ x }}\n", "a\nExecStartPre=/bin/pwn"),
        (Shell(), "{{ x }}\n", ["a"]),
        (Shell(), "{{ x }}\n", None),
    ],
)
def test_what_cannot_be_written_is_an_error(
    language: Language, template: str, value: object
) -> None:
    with pytest.raises(TemplateValueError, match="template t:1: "):
        rendered(language, template, x=value)


def test_types_and_literals_stand_as_they_are() -> None:
    template = "{{ ' a b' if on else '' }} {{ n }} {{ vip }} {{ t }} {{ own | verbatim }}"
    values = {"on": True, "n": 7, "vip": ip_interface("fd00::1/128"), "t": 3599.999}
    text = rendered(Shell(), template, own="$(date)", **values)
    assert text == " a b 7 fd00::1/128 3599.999 $(date)"


def test_systemd_takes_specifiers_and_variables_as_text() -> None:
    assert rendered(Systemd(), "ExecStart={{ x }}", x="/a %n $x") == 'ExecStart="/a %%n $$x"'


def test_values_in_a_macro_are_written_where_they_stand() -> None:
    macro = "{% macro said(value) %}\necho {{ value }}\n{%- endmacro %}\n"
    assert rendered(Shell(), macro + "{{ said(x) }}\n", x="; pwn") == "echo '; pwn'\n"
    # Inside quotes its text is a value like any other.
    quoted = rendered(Shell(), macro + 'say "{{ said(x) }}"\n', x='"; pwn')
    assert (
        subprocess.run(
            ["sh", "-c", 'say() { printf %s "$1"; }\n' + quoted], capture_output=True, check=True
        ).stdout
        == b"echo '\"; pwn'"
    )


def test_every_template_has_a_language() -> None:
    found = [str(path.relative_to(_TEMPLATES)) for path in _TEMPLATES.rglob("*.j2")]
    assert found
    for name in found:
        language_of(name)
    with pytest.raises(LookupError):
        language_of("director/unheard-of.j2")


def test_ours_vouch_for_nothing() -> None:
    for path in _TEMPLATES.rglob("*.j2"):
        assert "verbatim" not in path.read_text(encoding="utf-8"), path


def test_an_operators_template_is_written_in_the_language_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "director").mkdir()
    (tmp_path / "director/notify.j2").write_text("echo {{ vars.x }}\n")
    (tmp_path / "director/modules.conf.j2").write_text("{{ vars.x }}\n")
    templates = Templates(Inventory(templates=tmp_path))
    assert templates.render("director/notify.j2", {"x": "; pwn"}) == "echo '; pwn'\n"
    with pytest.raises(RenderingError, match=r"modules.conf.j2:1: "):
        templates.render("director/modules.conf.j2", {"x": "; pwn"})
