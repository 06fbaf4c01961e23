"""Artifacts come to the control machine once, whole, and checked; hubs are real HTTP servers."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from provisioning.model.loader.load import load_inventory
from provisioning.operations.artifacts import checkout, download, store
from provisioning.operations.artifacts.errors import ArtifactError
from provisioning.operations.artifacts.fetching import companions, fetch, known, store_of, unknown
from provisioning.operations.artifacts.lock_file import lock_path
from provisioning.operations.artifacts.store import Store
from provisioning.operations.cluster.cluster import Cluster
from tests.operations.artifacts.hub import COMMIT, Hub, serving, sha256

_INVENTORY = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
"""
_FILES = {"llm.pt": b"weights" * 5000, "config.json": b"{}", "sub/voice 名.bin": b"v"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as hub:
        hub.files = dict(_FILES)
        yield hub


def cluster(folder: Path, artifacts: str) -> Cluster:
    path = folder / "inventory.yaml"
    path.write_text(f"{_INVENTORY}artifacts:\n  {artifacts}\n", encoding="utf-8")
    return Cluster(load_inventory(path), path)


def contents(site: Cluster, name: str) -> dict[str, bytes]:
    """The files of an artifact as the store has them."""
    store = store_of(site)
    return {file.path: store.blob(file.sha256).read_bytes() for file in known(site)[name]}


def model(hub: Hub, kind: str, more: str = "") -> str:
    return f"model: {{{kind}: some/model, revision: v1, hub: '{hub.address}'{more}}}"


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
def test_a_model_is_fetched_once(hub: Hub, tmp_path: Path, kind: str) -> None:
    site = cluster(tmp_path, model(hub, kind))
    with pytest.raises(ArtifactError, match="run `cluster artifacts fetch`"):
        known(site)
    found = fetch(site)["model"]
    assert contents(site, "model") == _FILES
    assert found.revision == (COMMIT if kind == "huggingface" else "v1")
    hub.asked.clear()
    fetch(site)
    assert hub.asked == []


def test_the_lock_file_decides_and_another_machine_gets_the_same_bytes(
    hub: Hub, tmp_path: Path
) -> None:
    site = cluster(tmp_path, model(hub, "modelscope"))
    fetch(site)
    shutil.rmtree(store_of(site).folder)
    assert "model" in known(site)
    fetch(site)
    assert contents(site, "model") == _FILES
    shutil.rmtree(store_of(site).folder)
    hub.files["llm.pt"] = b"others!" * 5000
    with pytest.raises(ArtifactError, match=r"artifact model: .*its checksum is"):
        fetch(site)
    assert not any(store_of(site).folder.glob("parts/*"))


def test_another_source_is_fetched_anew(hub: Hub, tmp_path: Path) -> None:
    fetch(cluster(tmp_path, model(hub, "modelscope")))
    hub.files["llm.pt"] = b"new"
    site = cluster(tmp_path, model(hub, "modelscope").replace("v1", "v2"))
    assert unknown(site) == ["model"]
    fetch(site)
    assert contents(site, "model")["llm.pt"] == b"new"


def test_a_cut_connection_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.files = {"llm.pt": b"0123456789" * 300_000}
    url = f"{hub.address}/llm.pt"
    site = cluster(tmp_path, f"model: {{url: '{url}', sha256: {sha256(hub.files['llm.pt'])}}}")
    hub.cut_after = 2_000_000
    fetch(site)
    assert contents(site, "model") == hub.files
    ranges = [asked for _, asked in hub.asked if asked]
    assert len(ranges) == 1
    assert 0 < int(ranges[0].removeprefix("bytes=").rstrip("-")) <= 2_000_000


def test_a_fetch_that_was_cut_goes_on_the_next_time(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_ATTEMPTS", 1)
    hub.files = {"llm.pt": b"0123456789" * 300_000}
    site = cluster(tmp_path, model(hub, "huggingface"))
    hub.cut_after = 2_000_000
    with pytest.raises(ArtifactError, match="run it again, it goes on"):
        fetch(site)
    assert not lock_path(site.path).exists()
    fetch(site)
    assert hub.asked[-1][1] is not None
    assert contents(site, "model") == hub.files


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "it wants a token"),
        (403, "accept its licence"),
        (404, "there is no such thing"),
        (500, "the server answers 500"),
    ],
)
def test_a_hub_that_refuses(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    monkeypatch.setattr(download, "_ATTEMPTS", 2)
    hub.status = status
    site = cluster(tmp_path, model(hub, "huggingface"))
    with pytest.raises(ArtifactError, match=said):
        fetch(site)
    assert not lock_path(site.path).exists()


@pytest.mark.parametrize("stall", [0, 20_000])
def test_a_hub_that_stalls_is_named_and_what_arrived_is_kept(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stall: int
) -> None:
    monkeypatch.setattr(download, "_ATTEMPTS", 1)
    monkeypatch.setattr(download, "_PATIENCE", 0.5)
    hub.says_sizes = False
    hub.stalls_after = stall
    digest = sha256(_FILES["llm.pt"])
    site = cluster(tmp_path, f"model: {{url: '{hub.address}/llm.pt', sha256: {digest}}}")
    with pytest.raises(ArtifactError, match=r"/llm\.pt: the server says nothing for 0\.5 s; run"):
        fetch(site)
    hub.stalls_after = None
    fetch(site)
    assert contents(site, "model")["llm.pt"] == _FILES["llm.pt"]
    assert hub.asked[-1][1] == (f"bytes={stall}-" if stall else None)


@pytest.mark.parametrize("etag", ['"one"', None])
@pytest.mark.parametrize("changes", [True, False])
def test_a_file_without_a_checksum_is_of_one_version(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, etag: str | None, changes: bool
) -> None:
    monkeypatch.setattr(download, "_ATTEMPTS", 1)
    hub.files, hub.etag = {"llm.pt": b"1" * 3_000_000}, etag
    site = cluster(tmp_path, f"model: {{url: '{hub.address}/llm.pt'}}")
    hub.cut_after = 2_000_000
    with pytest.raises(ArtifactError, match="it goes on where it was cut"):
        fetch(site)
    if changes:
        hub.files, hub.etag = {"llm.pt": b"2" * 3_000_000}, etag and '"two"'
    hub.asked.clear()
    fetch(site)
    assert contents(site, "model") == hub.files
    # Where the server has no name for a version, only a new beginning is safe.
    assert bool(hub.asked[-1][1]) == bool(etag)


def test_a_token_is_for_the_hub_alone(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_TOKEN", "s3cret")
    hub.token = "s3cret"
    site = cluster(tmp_path, model(hub, "huggingface", ", token: {env: HUB_TOKEN}"))
    with serving() as other:
        other.files = hub.files
        hub.elsewhere = other.address
        fetch(site)
        assert contents(site, "model") == _FILES
        assert other.asked and set(other.tokens) == {None}
    assert set(hub.tokens) == {"Bearer s3cret"}


def test_a_token_is_sent(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_TOKEN", "s3cret")
    hub.token = "s3cret"
    site = cluster(tmp_path, model(hub, "huggingface", ", token: {env: HUB_TOKEN}"))
    fetch(site)
    assert contents(site, "model") == _FILES
    assert "s3cret" not in lock_path(site.path).read_text()


def test_a_wrong_checksum_keeps_nothing(hub: Hub, tmp_path: Path) -> None:
    site = cluster(tmp_path, f"model: {{url: '{hub.address}/llm.pt', sha256: '{'0' * 64}'}}")
    with pytest.raises(ArtifactError, match=r"artifact model: .*should be 0000"):
        fetch(site)
    assert not any(store_of(site).folder.glob("[bp]*/*"))


def test_a_file_that_is_shorter_than_the_hub_says(hub: Hub, tmp_path: Path) -> None:
    site = cluster(tmp_path, model(hub, "modelscope"))
    listed = hub.modelscope()
    hub.files["llm.pt"] = b"short"
    hub.modelscope = lambda: listed  # type: ignore[method-assign]
    with pytest.raises(ArtifactError, match="has 5 bytes and should have 35000"):
        fetch(site)


def test_a_disk_too_small_for_what_no_list_has_is_said_before_a_byte(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = sha256(_FILES["llm.pt"])
    site = cluster(tmp_path, f"model: {{url: '{hub.address}/llm.pt', sha256: {digest}}}")
    usage = shutil.disk_usage(tmp_path)._replace(free=70_000_000 - 2_900_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ArtifactError, match=r"35\.0 kB are to be fetched and .* are free"):
        fetch(site)
    assert len(hub.asked) == 1  # HEAD


def test_two_fetches_at_once(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "a").write_bytes(b"1")
    site = cluster(tmp_path, "voices: {path: voices}")
    with (
        store_of(site).held(),
        pytest.raises(ArtifactError, match="another `cluster` is fetching into it; wait"),
    ):
        fetch(site)


def test_two_versions_share_what_they_have_in_common(hub: Hub, tmp_path: Path) -> None:
    one = model(hub, "modelscope")
    two = one.replace("model:", "newer:", 1).replace("v1", "v2")
    site = cluster(tmp_path, f"{one}\n  {two}")
    fetch(site)
    asked = [path for path, _ in hub.asked if "FilePath=llm.pt" in path]
    assert len(asked) == 1
    assert contents(site, "model") == contents(site, "newer") == _FILES


def test_a_name_that_breaks_lines_is_told_on_one(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices/one\ntwo.wav").write_bytes(b"sound")
    site = cluster(tmp_path, "voices: {path: voices}")
    with pytest.raises(ArtifactError) as refused:
        fetch(site)
    assert r"artifact voices: cannot be taken: file 'one\ntwo.wav':" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_that_leads_elsewhere_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.files["../../etc/x"] = b"x"
    site = cluster(tmp_path, model(hub, "modelscope"))
    with pytest.raises(ArtifactError, match="cannot be taken"):
        fetch(site)


def test_a_disk_too_small_is_said_before_a_byte(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = cluster(tmp_path, model(hub, "modelscope"))
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ArtifactError, match="are free; make room"):
        fetch(site)
    assert [path for path, _ in hub.asked if "files" not in path] == []


def test_a_folder_is_read_again_only_where_it_changed(tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "a.wav").write_bytes(b"one")
    site = cluster(tmp_path, "voices: {path: voices}")
    fetch(site)
    first = known(site)["voices"]
    assert unknown(site) == []
    (folder / "b.wav").write_bytes(b"two")
    assert unknown(site) == ["voices"]
    fetch(site)
    assert contents(site, "voices") == {"a.wav": b"one", "b.wav": b"two"}
    assert known(site)["voices"] != first


def test_an_archive(tmp_path: Path) -> None:
    (tmp_path / "tool.sh").write_text("#!/bin/sh\n")
    (tmp_path / "tool.sh").chmod(0o755)
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "tool.sh", "wrap/tool.sh")
    site = cluster(tmp_path, "all: {path: all.tar.gz}")
    fetch(site)
    assert unknown(site) == []
    (file,) = known(site)["all"]
    assert (file.path, file.executable) == ("tool.sh", True)


def test_an_archive_that_writes_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "x", "../x")
    with pytest.raises(ArtifactError, match="outside of its folder"):
        fetch(cluster(tmp_path, "all: {path: all.tar.gz}"))


def _git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    """A repository with a submodule, and its commit."""
    for name in ("inner", "outer"):
        (tmp_path / name).mkdir()
        _git(tmp_path / name, "init", "-q")
        (tmp_path / name / f"{name}.py").write_text(f"{name}\n")
        _git(tmp_path / name, "add", ".")
        _git(tmp_path / name, "commit", "-qm", "first")
    # Relative, as projects of one owner have it.
    _git(tmp_path / "outer", "submodule", "add", "-q", "../inner", "third/inner")
    _git(tmp_path / "outer", "commit", "-qm", "second")
    return tmp_path / "outer", _git(tmp_path / "outer", "rev-parse", "HEAD")


@pytest.fixture
def file_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git take submodules from this machine's files."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")


@pytest.mark.usefixtures("file_protocol")
def test_a_repository_comes_with_its_submodules(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    folder, commit = repository
    site = cluster(tmp_path, f"code: {{git: 'file://{folder}', commit: {commit}}}")
    assert fetch(site)["code"].revision == commit
    found = contents(site, "code")
    assert found["third/inner/inner.py"] == b"inner\n"
    assert not any(path.startswith(".git/") for path in found)


def _link(folder: Path, links: Mapping[str, str]) -> None:
    for name, target in links.items():
        (folder / name).symlink_to(target)


def test_links_of_a_repository_are_followed_and_those_to_nothing_left_out(tmp_path: Path) -> None:
    """As in CosyVoice's: links to folders, and one to a home of its author."""
    folder = tmp_path / "code"
    (folder / "examples/one/local").mkdir(parents=True)
    (folder / "examples/one/local/run.sh").write_text("run\n")
    (folder / "examples/one/local/run.sh").chmod(0o755)
    (folder / "plain.py").write_text("plain\n")
    (tmp_path / "secret").write_text("secret\n")
    (folder / "examples/two").mkdir()
    _link(folder / "examples/two", {"local": "../one/local", "run.sh": "local/run.sh"})
    dangling = {"data": "/home/author/data", "itself": "itself", "gone": "plain"}
    outside = {"secret": str(tmp_path / "secret"), "up": "..", "git": ".git", "own": ".git/config"}
    _link(folder, {"same.py": "plain.py", "around": ".", **dangling, **outside})
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "first")
    commit = _git(folder, "rev-parse", "HEAD")
    site = cluster(tmp_path, f"code: {{git: 'file://{folder}', commit: {commit}}}")
    found = contents(site, "code") if fetch(site) else {}
    assert found == {
        "examples/one/local/run.sh": b"run\n",
        "examples/two/local/run.sh": b"run\n",
        "examples/two/run.sh": b"run\n",
        "plain.py": b"plain\n",
        "same.py": b"plain\n",
    }
    runs = {one.path for one in known(site)["code"] if one.executable}
    assert runs == {path for path in found if path.endswith(".sh")}
    # A checkout of one's own is taken as it is, with what its links lead to elsewhere.
    other = cluster(tmp_path, "code: {path: code}")
    fetch(other)
    assert contents(other, "code") == {**found, "secret": b"secret\n"}
    assert unknown(other) == []
    # Whose links they are is said by where they lie.
    (tmp_path / "weights").mkdir()
    _link(tmp_path / "weights", {"lost": "nowhere"})
    _link(folder, {"weights": "../weights"})
    with pytest.raises(ArtifactError, match=r"weights/lost: a link that leads to nothing"):
        fetch(other)


def test_large_files_of_git_annex_are_links(tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    (folder / ".git/annex/objects/7x").mkdir(parents=True)
    (folder / ".git/annex/objects/7x/SHA256E-s5.wav").write_text("sound")
    _link(folder, {"one.wav": ".git/annex/objects/7x/SHA256E-s5.wav"})
    site = cluster(tmp_path, "voices: {path: voices}")
    fetch(site)
    assert contents(site, "voices") == {"one.wav": b"sound"}


def test_a_file_with_further_names_needs_room_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices/one.wav").write_bytes(bytes(1_000_000))
    _link(tmp_path / "voices", {"two.wav": "one.wav", "three.wav": "one.wav"})
    usage = shutil.disk_usage(tmp_path)._replace(free=store._SPARE + 1_500_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    site = cluster(tmp_path, "voices: {path: voices}")
    fetch(site)
    assert len(contents(site, "voices")) == 3


def test_links_of_a_folder_that_is_no_checkout(tmp_path: Path) -> None:
    """Beside an inventory that is kept in git."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "voices").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.wav").write_text("a")
    _link(tmp_path / "voices", {"more": "../elsewhere"})
    site = cluster(tmp_path, "voices: {path: voices}")
    fetch(site)
    assert contents(site, "voices") == {"more/a.wav": b"a"}
    for target in ("nowhere", "lost"):
        _link(tmp_path / "voices", {"lost": target})
        with pytest.raises(ArtifactError, match=r"artifact voices: .*voices/lost: a link that le"):
            fetch(site)
        (tmp_path / "voices/lost").unlink()


@pytest.mark.usefixtures("file_protocol")
def test_a_repository_whose_submodule_cannot_be_had(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    folder, commit = repository
    shutil.rmtree(tmp_path / "inner")
    site = cluster(tmp_path, f"code: {{git: 'file://{folder}', commit: {commit}}}")
    with pytest.raises(ArtifactError, match="artifact code: "):
        fetch(site)
    shutil.rmtree(folder / "third" / "inner")
    (folder / "third" / "inner").mkdir()
    with pytest.raises(ArtifactError, match="its submodule third/inner is missing"):
        fetch(cluster(tmp_path, "code: {path: outer}"))


@pytest.mark.usefixtures("file_protocol")
def test_a_repository_that_was_cut_goes_on_with_what_it_had(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    folder, commit = repository
    (tmp_path / "inner").rename(tmp_path / "gone")
    site = cluster(tmp_path, f"code: {{git: 'file://{folder}', commit: {commit}}}")
    with pytest.raises(ArtifactError, match="artifact code: "):
        fetch(site)
    (tmp_path / "gone").rename(tmp_path / "inner")
    # The repository itself is not asked again; git was killed in the middle of a checkout.
    (place,) = store_of(site).folder.glob("checkouts/*")
    (place / ".git/index.lock").touch()
    folder.rename(tmp_path / "outer2")
    fetch(site)
    assert contents(site, "code")["third/inner/inner.py"] == b"inner\n"
    assert not any(store_of(site).folder.glob("checkouts/*"))


@pytest.mark.usefixtures("file_protocol")
def test_a_disk_that_is_full_before_a_repository_is_there(
    repository: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, commit = repository
    site = cluster(tmp_path, f"code: {{git: 'file://{folder}', commit: {commit}}}")
    full = iter([False])
    monkeypatch.setattr(Store, "is_full", lambda self: next(full, True))
    monkeypatch.setattr(checkout, "_LOOK", 0.0)
    with pytest.raises(ArtifactError, match="is full before the repository is fetched; make room"):
        fetch(site)


def test_a_pointer_is_not_taken_for_the_file(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n"
    (tmp_path / "model" / "llm.pt").write_bytes(pointer)
    with pytest.raises(ArtifactError, match=r"artifact model: llm\.pt is not there: .*git-lfs"):
        fetch(cluster(tmp_path, "model: {path: model}"))


def test_an_archive_without_its_submodule(tmp_path: Path) -> None:
    (tmp_path / ".gitmodules").write_text('[submodule "x"]\n\tpath = third/x\n\turl = ../x\n')
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / ".gitmodules", "voice/.gitmodules")
    with pytest.raises(ArtifactError, match="its submodule third/x is missing"):
        fetch(cluster(tmp_path, "all: {path: all.tar.gz}"))


def test_a_lock_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    site = cluster(tmp_path, "voices: {path: voices}")
    lock_path(site.path).write_text("{")
    with pytest.raises(ArtifactError, match="take it from version control"):
        known(site)


def test_what_lies_on_nodes_is_not_fetched(tmp_path: Path) -> None:
    site = cluster(tmp_path, "model: {on_nodes: /mnt/models/three}")
    assert fetch(site) == {}
    links = companions(site).links()
    assert links == {"artifacts/model": "/mnt/models/three"}
