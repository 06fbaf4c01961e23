"""Bundles as files: whole or said to be what they are, and nothing of them is written elsewhere."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.operations.artifacts.errors import ArtifactError
from provisioning.operations.artifacts.fetching import store_of
from provisioning.operations.artifacts.lock_file import lock_path, read_lock
from provisioning.operations.artifacts.store import Store
from provisioning.operations.bundle.errors import BundleError
from provisioning.operations.bundle.fitting import release_of
from provisioning.operations.bundle.reading import open_bundle
from provisioning.operations.bundle.unpacking import unpack
from provisioning.operations.release.wheel_sets import is_complete
from tests.operations.bundle.made import KIND, Made, made


@pytest.fixture
def here(tmp_path: Path) -> Made:
    """The machine that makes the bundle."""
    found = made(tmp_path / "here")
    found.write()
    return found


def silent(_: str) -> None: ...


def elsewhere(here: Made, folder: Path) -> Made:
    """The machine that uses it: the same inventory, and nothing fetched."""
    there = made(folder)
    here.bundle.rename(there.bundle)
    return there


def rewritten(path: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[str, bytes]]) -> None:
    """The bundle with each of its files changed."""
    found = []
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            found.append(change(member, content.read()))
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in found:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def test_what_was_packed_is_where_a_fetch_would_have_put_it(here: Made, tmp_path: Path) -> None:
    there = elsewhere(here, tmp_path / "there")
    bundle = open_bundle(there.bundle)
    release = release_of(bundle, there.cluster)
    unpack(bundle, there.cluster, silent)
    (file,) = release.artifacts["voices"]
    assert store_of(there.cluster).blob(file.sha256).read_text("utf-8") == "你好"
    assert release.environment is not None
    folder = there.cluster.state_dir / "wheels" / f"{release.environment.wheels}-{KIND}"
    assert is_complete(folder)
    assert read_lock(lock_path(there.path))["voices"].contents == (file,)


def test_what_is_there_is_not_unpacked_again(here: Made, tmp_path: Path) -> None:
    there = elsewhere(here, tmp_path / "there")
    bundle = open_bundle(there.bundle)
    unpack(bundle, there.cluster, silent)
    places = [path for path in there.cluster.state_dir.rglob("*") if path.is_file()]
    before = {path: path.stat().st_ino for path in places if path.name != "lock"}
    unpack(bundle, there.cluster, silent)
    assert {path: path.stat().st_ino for path in before} == before


def test_a_cut_unpacking_goes_on(here: Made, tmp_path: Path) -> None:
    there = elsewhere(here, tmp_path / "there")
    bundle = open_bundle(there.bundle)
    wheels = bundle.manifest.release.wheels
    folder = there.cluster.state_dir / "wheels" / f"{wheels}-{KIND}"
    folder.mkdir(parents=True)
    (folder / "one-1.0-py3-none-any.whl").write_bytes(b"half")
    (folder / "other-1.0-py3-none-any.whl").write_bytes(b"")
    unpack(bundle, there.cluster, silent)
    assert is_complete(folder)
    assert sorted(path.name for path in folder.glob("*.whl")) == ["one-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_truncated_file(here: Made, kept: float) -> None:
    data = here.bundle.read_bytes()
    with tarfile.open(here.bundle) as archive:
        last = archive.getmembers()[-1]
    end = last.offset_data + last.size
    here.bundle.write_bytes(data[: int(end * kept)])
    with pytest.raises(BundleError, match=r"cut short|no bundle"):
        open_bundle(here.bundle)


@pytest.mark.parametrize("place", ["curl_7.88_amd64.deb", "one-1.0-py3-none-any.whl", "artifacts/"])
def test_a_wrong_checksum_is_named_before_anything_has_its_place(
    here: Made, tmp_path: Path, place: str
) -> None:
    rewritten(
        here.bundle,
        lambda member, data: (member.name, data[:-1] + b"?" if place in member.name else data),
    )
    there = elsewhere(here, tmp_path / "there")
    bundle = open_bundle(there.bundle)
    with pytest.raises(BundleError, match="damaged: its checksum") as said:
        unpack(bundle, there.cluster, silent)
    assert place in str(said.value)
    whole = [
        *there.cluster.state_dir.rglob("*.whl"),
        *store_of(there.cluster).folder.glob("blobs/*"),
    ]
    assert not [path for path in whole if path.read_bytes().endswith(b"?")]


def test_a_manifest_that_was_changed(here: Made) -> None:
    def change(member: tarfile.TarInfo, data: bytes) -> tuple[str, bytes]:
        if member.name == "bundle.json":
            return member.name, data.replace(b"bookworm", b"trixie")
        return member.name, data

    rewritten(here.bundle, change)
    with pytest.raises(BundleError, match="its manifest is damaged"):
        open_bundle(here.bundle)


def test_more_than_the_manifest_says(here: Made) -> None:
    with tarfile.open(here.bundle, "a") as archive:
        archive.addfile(tarfile.TarInfo("../../etc/passwd"), io.BytesIO())
    with pytest.raises(BundleError, match=r"its manifest does not know \.\./\.\./etc/passwd"):
        open_bundle(here.bundle)


def test_a_link_in_it(here: Made) -> None:
    with tarfile.open(here.bundle, "a") as archive:
        link = tarfile.TarInfo("wheels")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    with pytest.raises(BundleError, match="no plain file"):
        open_bundle(here.bundle)


@pytest.mark.parametrize(
    ("key", "value"),
    [("file", "../evil.deb"), ("file", "/evil.deb"), ("sha256", "../x"), ("size", -1)],
)
def test_a_manifest_that_leads_elsewhere(here: Made, key: str, value: object) -> None:
    manifest, _ = here.manifest()
    record = json.loads(manifest.model_dump_json())
    record["distributions"][0]["packages"][0][key] = value

    def change(member: tarfile.TarInfo, data: bytes) -> tuple[str, bytes]:
        text = json.dumps(record).encode()
        if member.name == "bundle.json":
            return member.name, text
        if member.name == "bundle.json.sha256":
            return member.name, hashlib.sha256(text).hexdigest().encode()
        return member.name, data

    rewritten(here.bundle, change)
    with pytest.raises(BundleError, match="its manifest cannot be read"):
        open_bundle(here.bundle)


def test_one_of_a_newer_program(here: Made) -> None:
    here.write(version=99)
    with pytest.raises(BundleError, match="made by a newer version"):
        open_bundle(here.bundle)


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_no_bundle_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.bundle"
    path.write_bytes(content)
    with pytest.raises(BundleError, match="is no bundle"):
        open_bundle(path)
    with pytest.raises(BundleError, match="No such file"):
        open_bundle(tmp_path / "absent")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("venv: true", "venv: {requirements: [six]}", "another app.venv"),
        ("{path: voices}", "{url: 'https://example.com/v'}", "another artifact voices"),
    ],
)
def test_a_bundle_for_another_inventory(here: Made, before: str, after: str, said: str) -> None:
    here.change(before, after)
    with pytest.raises(BundleError, match=said):
        release_of(open_bundle(here.bundle), here.cluster)


def test_a_bundle_of_another_version_of_this_program(here: Made) -> None:
    manifest, _ = here.manifest()
    here.write(release=manifest.release.model_copy(update={"id": "0.0-0123456789ab"}))
    with pytest.raises(BundleError, match=r"as release 0\.0-0123456789ab, and the one"):
        release_of(open_bundle(here.bundle), here.cluster)


def test_other_bytes_than_the_lock_file_says(here: Made, tmp_path: Path) -> None:
    there = elsewhere(here, tmp_path / "there")
    unpack(open_bundle(there.bundle), there.cluster, silent)
    lock = lock_path(there.path)
    lock.write_text(lock.read_text().replace('"sha256": "', '"sha256": "0', 1).replace(
        read_lock(lock)["voices"].contents[0].sha256, "0" * 64
    ).replace('"0' + "0" * 64, '"' + "0" * 64))  # fmt: skip
    with pytest.raises(BundleError, match="other files of artifact voices than"):
        release_of(open_bundle(there.bundle), there.cluster)


def test_a_disk_too_small_is_said_before_a_byte(
    here: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store, size: int) -> None:
        assert size > 0
        raise ArtifactError("no room")

    monkeypatch.setattr(Store, "require_room", full)
    there = elsewhere(here, tmp_path / "there")
    with pytest.raises(ArtifactError, match="no room"):
        unpack(open_bundle(there.bundle), there.cluster, silent)
    assert not list(there.cluster.state_dir.rglob("*.whl"))
