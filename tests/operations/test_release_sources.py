"""Sources of the app of every kind, and what they say they require."""

import io
import json
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from provisioning.model.app import App
from provisioning.model.app_source import has_login, without_login
from provisioning.operations.release import ReleaseError, build_release
from provisioning.roles.release_archive import ReleaseArchive
from tests.wheels import wheel

ROOT = Path(__file__).resolve().parents[2]
_MAIN, _INIT = "print('你好')\n", '__version__ = "2.1"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with the package ``app``."""
    folder = tmp_path / "项目"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "__main__.py").write_text(_MAIN)
    (folder / "app" / "__init__.py").write_text(_INIT)
    return folder


def build(source: object, base: Path, **more: object) -> ReleaseArchive:
    return build_release(App.model_validate({"source": str(source), **more}), base)


def about(release: ReleaseArchive) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(release.about)
    return found


def members(release: ReleaseArchive) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(release.data)) as archive:
        return {
            name: file.read().decode()
            for name in archive.getnames()
            if (file := archive.extractfile(name))
        }


def git(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "tag.gpgsign=false")
    return subprocess.run(
        ["git", *settings, "-C", str(folder), *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
    ).stdout.strip()


def test_folder_wheel_and_archives_of_the_same_give_the_same_release(
    project: Path, tmp_path: Path
) -> None:
    of_folder = build("项目", tmp_path)
    assert of_folder.id.startswith("2.1-")
    assert members(of_folder)["app/__main__.py"] == _MAIN
    whl = wheel(
        tmp_path, "project", "2.1", files={"app/__main__.py": _MAIN, "app/__init__.py": _INIT}
    )
    # Files of a project usually lie in one folder of the archive.
    for name in ("plain.tar.gz", "wrapped.tgz"):
        with tarfile.open(tmp_path / name, "w:gz") as archive:
            archive.add(project, "." if name.startswith("plain") else "project-2.1")
    with zipfile.ZipFile(tmp_path / "wrapped.zip", "w") as packed:
        for path in project.rglob("*.py"):
            packed.write(path, Path("project-2.1") / path.relative_to(project))
    for source in (whl.name, "plain.tar.gz", "wrapped.tgz", "wrapped.zip", str(project)):
        other = build(source, tmp_path)
        assert (other.id, other.data) == (of_folder.id, of_folder.data), source
        assert about(other)["source"] == source


def test_the_app_of_this_project_is_packed_under_its_installed_name(tmp_path: Path) -> None:
    builtin = build("builtin", tmp_path)
    inside = members(builtin)
    assert {path.split("/")[0] for path in inside} == {"cosyvoice_cluster"}
    assert {"cosyvoice_cluster/__init__.py", "cosyvoice_cluster/app/__main__.py"} <= {*inside}
    files = {path: text for path, text in inside.items() if path.count("/") > 1}
    whl = wheel(tmp_path, "ours", files={**files, "cosyvoice_cluster/__init__.py": "more = 1\n"})
    for source in (ROOT, whl):
        other = build(source, tmp_path)
        assert (other.id, other.data) == (builtin.id, builtin.data)


def test_a_git_ref_becomes_a_commit_that_is_written_down(project: Path, tmp_path: Path) -> None:
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "one")
    git(project, "tag", "v1")
    first = git(project, "rev-parse", "HEAD")
    (project / "app" / "__main__.py").write_text("print(2)\n")
    git(project, "commit", "-q", "-a", "-m", "two")
    second = git(project, "rev-parse", "HEAD")
    url = project.as_uri()
    by_tag, newest = build(url, tmp_path, ref="v1"), build(url, tmp_path)
    assert (about(by_tag)["ref"], about(by_tag)["commit"]) == ("v1", first)
    assert (about(newest)["ref"], about(newest)["commit"]) == (None, second)
    assert by_tag.id != newest.id
    for ref in (first, first[:9], "v1"):
        again = build(url, tmp_path, ref=ref)
        assert (again.id, about(again)["commit"]) == (by_tag.id, first), ref
    with pytest.raises(ReleaseError, match=r"app.source .*no-such-branch"):
        build(url, tmp_path, ref="no-such-branch")
    with pytest.raises(ReleaseError, match="does not know such a commit"):
        build(url, tmp_path, ref="0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:geheim@h/x.git", "https://h/x.git"),
        ("https://ghp_token@h/x.git", "https://h/x.git"),
        ("ssh://git:geheim@h/x.git", "ssh://git@h/x.git"),
        ("ssh://git@h/x.git", "ssh://git@h/x.git"),
        ("git@h:x.git", "git@h:x.git"),
        ("https://h/x.git", "https://h/x.git"),
    ],
)
def test_logins_are_not_shown(text: str, shown: str) -> None:
    assert without_login(text) == shown
    assert has_login(text) is (text != shown)


def test_what_cannot_be_a_release_is_one_clear_error(project: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.tar.gz").write_bytes(b"\x1f\x8b nothing")
    (tmp_path / "notes.txt").touch()
    with tarfile.open(tmp_path / "escapes.tgz", "w:gz") as archive:
        archive.add(project / "app" / "__main__.py", "../../escaped.py")
    for source, message in [
        ("empty", "no Python package `app`"),
        ("torn.tar.gz", "cannot be unpacked"),
        ("escapes.tgz", "cannot be unpacked"),
        ("notes.txt", "not a kind of file"),
        ("nowhere", "there is no file or folder"),
    ]:
        with pytest.raises(ReleaseError, match=message):
            build(source, tmp_path)
    assert not (tmp_path.parent / "escaped.py").exists()


def needs(source: object, base: Path, **venv: object) -> list[str]:
    release = build(source, base, venv=venv)
    text = members(release)["requirements.txt"]
    assert release.needs["requirements.txt"].decode() == text
    return text.splitlines()


def test_requirements_come_from_where_the_source_has_them(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="does not say what it requires"):
        build("项目", tmp_path, venv={})
    assert needs("项目", tmp_path, requirements=["a"])[1:] == ["a"]
    (project / "setup.cfg").write_text(
        "[metadata]\nname = p\n[options]\ninstall_requires =\n    click>=8\n    # why\n    rich\n"
        "[options.extras_require]\ngpu =\n    torch\nall =\n    P[gpu]\n    pytest\n"
    )
    assert needs("项目", tmp_path) == [
        "# From setup.cfg, for /usr/bin/python3.",
        "click>=8",
        "rich",
    ]
    assert needs("项目", tmp_path, extras=["all"])[1:] == ["click>=8", "rich", "pytest", "torch"]
    (project / "pyproject.toml").write_text(
        '[project]\nname = "p"\ndependencies = ["fastapi"]\noptional-dependencies.gpu = ["onnx"]\n'
    )
    assert needs("项目", tmp_path, extras=["gpu"])[1:] == ["fastapi", "onnx"]
    with pytest.raises(ReleaseError, match="has no extra speed; it has: gpu"):
        build("项目", tmp_path, venv={"extras": ["speed"]})
    (project / "requirements.txt").write_text("-c pins/c.txt\nnumpy\n")
    (project / "pins").mkdir()
    (project / "pins" / "c.txt").write_text("numpy<3\n")
    assert needs("项目", tmp_path, requirements=["b"])[1:] == ["-c pins/c.txt", "numpy", "b"]
    assert members(build("项目", tmp_path, venv={}))["pins/c.txt"] == "numpy<3\n"


def test_nodes_get_what_this_projects_app_needs_and_nothing_of_the_cli(tmp_path: Path) -> None:
    lines = needs("builtin", tmp_path)
    assert any(line.startswith("gradio") for line in lines)
    assert not [line for line in lines if line.startswith(("paramiko", "rich", "cryptography"))]
    # A checkout of it is as the one that comes with this program.
    assert needs(str(ROOT), tmp_path) == lines
    more = needs("builtin", tmp_path, extras=["gpu"])
    assert {*lines[1:]} < {*more} and any(line.startswith("torchaudio") for line in more)


def test_a_wheel_says_what_its_extras_need_and_pip_answers_the_rest(tmp_path: Path) -> None:
    lines = (
        "click",
        'win; sys_platform == "win32"',
        "torch; extra == 'gpu'",
        'old; python_version < "3.10" and extra == "gpu"',
        "docs; extra == 'docs'",
    )
    whl = wheel(tmp_path, "p", requires=lines, files={"app/__main__.py": _MAIN})
    assert needs(whl.name, tmp_path)[1:] == ["click", 'win; sys_platform == "win32"']
    assert needs(whl.name, tmp_path, extras=["GPU"])[1:] == [
        "click",
        'win; sys_platform == "win32"',
        'torch; python_version > "0"',
        'old; python_version < "3.10" and python_version > "0"',
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e .", "on this machine only"),
        ("./local.whl", "on this machine only"),
        ("x @ https://me:geheim@h/x.whl", "a URL with a login"),
        ("--index-url https://me:geheim@h/simple", "a URL with a login"),
        ("-r ../outside.txt", "not beside it"),
        ("-r missing.txt", "not there"),
    ],
)
def test_requirements_that_cannot_work_on_a_node(
    project: Path, tmp_path: Path, line: str, message: str
) -> None:
    (tmp_path / "outside.txt").touch()
    (project / "requirements.txt").write_text(f"{line}\n")
    with pytest.raises(ReleaseError, match=message) as refused:
        build("项目", tmp_path, venv={})
    assert "geheim" not in str(refused.value)


def test_another_environment_is_another_release(project: Path, tmp_path: Path) -> None:
    (project / "requirements.txt").write_text("numpy\n")
    environments: list[dict[str, object] | None] = [
        None,
        {},
        {"python": "/opt/python3.12/bin/python3"},
        {"requirements": ["torch"]},
    ]
    ids = {build("项目", tmp_path, venv=venv).id for venv in environments}
    assert len(ids) == 4
    assert build("项目", tmp_path).environment is None
    brought = build("项目", tmp_path, venv={"wheelhouse": True, "index_url": {"env": "NOT_SET"}})
    assert brought.environment is not None and brought.environment.wheels
