"""Releases with an environment of their own: real venv and pip, and no network."""

import hashlib
import io
import subprocess
import tarfile
from itertools import count
from pathlib import Path

import pytest

from provisioning.resources.environment import Environment
from provisioning.resources.release import Release
from tests.pip_failures import AFTER, BEFORE, FAILURES, Failure
from tests.resources.host import Host
from tests.resources.invariants import remembered
from tests.resources.test_release import PYTHON, current, names
from tests.wheels import index, wheel

SET = "0123456789abcdef"
LOGIN = "reader:s3cret-und-geheim"

# Environments are built in seconds, or in minutes where everybody is at it.
pytestmark = pytest.mark.timeout(900)


def archive(requirements: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in {"app/a.py": "import tiny\n", "requirements.txt": requirements}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def release(
    directory: Path,
    *,
    environment: Environment | None = None,
    requirements: str = "tiny\n",
    name: str = "1",
) -> Release:
    return Release(
        directory=str(directory),
        name=name,
        archive=archive(requirements),
        keep=2,
        python=PYTHON,
        environment=environment or Environment(),
    )


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with a wheel."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "tiny")
    return folder


@pytest.fixture
def opt(tmp_path: Path) -> Path:
    """Folder of releases; its name is not ASCII."""
    folder = tmp_path / "语音"
    folder.mkdir()
    return folder


def offline(wheels: Path) -> str:
    return f"--no-index\n--find-links {wheels}\ntiny\n"


def bring(opt: Path, *files: Path) -> None:
    """Puts wheels where they are brought to, and their list."""
    folder = opt / "releases" / ".wheels"
    folder.mkdir(parents=True)
    lines = []
    for file in files:
        data = file.read_bytes()
        (folder / file.name).write_bytes(data)
        name, version = file.name.split("-")[:2]
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(data).hexdigest()}\n")
    (folder / f"{SET}.txt").write_text("".join(lines))


def said_by(opt: Path, code: str) -> str:
    """Output of the release's own interpreter."""
    done = subprocess.run(
        [opt / "releases/1/venv/bin/python", "-I", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_there_and_back_with_packages_from_the_requirements(
    host: Host, opt: Path, wheels: Path
) -> None:
    one = release(opt, requirements=offline(wheels))
    change = host.change(one)
    assert change is not None
    run = host.begin()
    host.must(change.apply, run)
    host.must(change.apply, run)  # changes nothing more
    assert host.change(one) is None
    said = said_by(opt, "import tiny, sys; print(tiny.VERSION, sys.prefix)")
    assert said == f"1.0 {opt}/releases/1/venv"
    pip = (opt / "releases/1/venv/bin/pip").read_text().splitlines()[0]
    assert "cluster-new" not in pip and f"{opt}/releases/1/venv" in pip
    assert (opt / "releases/.cache").stat().st_mode & 0o077 == 0
    host.must(change.undo, run)
    assert names(opt) == [".cache"]
    assert remembered(host) == []
    host.deploy(one)
    host.must(one.remove())
    assert not (opt / "releases").exists()
    assert remembered(host) == []


def test_brought_wheels_alone_are_installed_and_each_is_checked(
    host: Host, opt: Path, wheels: Path
) -> None:
    one = release(opt, environment=Environment(wheels=SET))
    change = host.change(one)
    assert change is not None
    nothing = host.run(change.apply, host.begin())
    assert f"the packages of 1 were not brought to {opt}/releases/.wheels" in nothing.stderr
    assert names(opt) == []
    bring(opt, wheels / "tiny-1.0-py3-none-any.whl")
    brought = opt / "releases/.wheels/tiny-1.0-py3-none-any.whl"
    good = brought.read_bytes()
    brought.write_bytes(good + b"x")
    tampered = host.run(change.apply, host.begin())
    assert tampered.status != 0
    assert "DO NOT MATCH THE HASHES" in tampered.stderr
    assert "the packages of 1 could not be installed" in tampered.stderr
    assert names(opt) == [".wheels"]
    brought.write_bytes(good)
    host.deploy(one)
    assert said_by(opt, "import tiny; print(tiny.VERSION)") == "1.0"


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_of_all_that_pip_says_one_line_is_shown(
    host: Host, tmp_path: Path, failure: Failure
) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join([*BEFORE, *failure.said, *AFTER]) + "\n", encoding="utf-8")
    done = host.run(f'say_why_pip_failed {log}\nfail "$SAID"', host.begin())
    *above, told = done.stderr.splitlines()
    assert told == failure.reason
    assert not any(word in done.stderr for word in ("[notice]", "Looking in", "root"))
    assert (failure.build in above) is bool(failure.build)


def test_a_package_that_is_nowhere_is_one_line(host: Host, opt: Path, wheels: Path) -> None:
    one = release(opt, requirements=offline(wheels) + "nowhere\n")
    change = host.change(one)
    assert change is not None
    done = host.run(change.apply, host.begin())
    assert done.status != 0
    assert done.stderr.splitlines() == [
        "the packages of 1 could not be installed: Could not find a version that satisfies the "
        "requirement nowhere (from versions: none)"
    ]


def test_a_login_for_the_index_is_nowhere_to_be_read(host: Host, opt: Path, wheels: Path) -> None:
    lists: list[bytes] = []

    def look() -> None:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lists.append(process.read_bytes())
            except OSError:
                continue  # it has just ended

    with index(wheels, LOGIN, look) as port:
        url = f"http://{LOGIN}@127.0.0.1:{port}/simple"
        for requirements, works in (("tiny\n", True), ("tiny==9\n", False)):
            one = release(
                opt,
                environment=Environment(index_url=url),
                requirements=requirements,
                name="1" if works else "2",
            )
            assert "s3cret" not in repr(one)
            change = host.change(one)
            assert change is not None
            assert "s3cret" not in change.summary + change.before + change.after
            done = host.run(change.apply, host.begin())
            assert (done.status == 0) is works, done.stderr
            assert "s3cret" not in done.stdout + done.stderr
    assert any(b"requirements.txt" in words for words in lists)
    # The whole of it: other tests of this machine have secrets that begin so.
    assert not any(b"s3cret-und-geheim" in words for words in lists)
    assert said_by(opt, "import tiny; print(tiny.VERSION)") == "1.0"
    kept = [path for path in (opt / "releases/1").rglob("*") if path.is_file()]
    assert not any(b"s3cret" in path.read_bytes() for path in kept)


@pytest.mark.long
def test_a_half_built_one_is_never_used_and_built_anew(tmp_path: Path, wheels: Path) -> None:
    numbers = count()
    opt = tmp_path / "opt"
    opt.mkdir()
    one = release(opt, requirements=offline(wheels))
    place = opt / "releases" / "1"

    def new_host() -> Host:
        return Host(tmp_path / f"state-{next(numbers)}")

    host = new_host()
    change = host.change(one)
    assert change is not None
    points = host.cut_points(change.apply)
    host.must(one.remove())
    # Building takes seconds: with the environment made, and with its packages in it, not all.
    for point in points[-3:-1]:
        host = new_host()
        assert host.run(change.apply, host.begin(), cut_at=point).status != 0
        assert (place / "venv/bin/python").exists()
        refused = host.run(current_change(host, opt), host.begin())
        assert "there is no release 1" in refused.stderr
        host.deploy(one)
        assert (place / ".cluster-release").exists()
        assert not (place / ".cluster-building").exists()
        assert host.change(one) is None
        host.must(one.remove())
        assert not (opt / "releases").exists()
        assert remembered(host) == []


def current_change(host: Host, opt: Path) -> str:
    change = host.change(current(opt, "1"))
    assert change is not None
    return change.apply


@pytest.mark.parametrize("wrong", [{"wheels": "../x"}, {"index_url": "https://a\nb"}])
def test_wrong_parts_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Environment(**wrong)
