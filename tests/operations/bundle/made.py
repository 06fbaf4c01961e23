"""A small bundle for tests, made by the code that makes real ones."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.model.loader.load import load_inventory
from provisioning.operations.artifacts.fetching import companions, fetch, store_of
from provisioning.operations.bundle.fitting import settings
from provisioning.operations.bundle.manifest import (
    FORMAT,
    BundledArtifact,
    Content,
    LockedContent,
    Manifest,
    Package,
    Packages,
    Release,
    Wheel,
    Wheels,
)
from provisioning.operations.bundle.writing import write_bundle
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.release import build_release

KIND = "py3.11.2-x86_64-glibc2.36"
_INVENTORY = """\
name: offline
vip: 192.0.2.100
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.21}}
app: {venv: true}
artifacts: {voices: {path: voices}}
"""


@dataclass
class Made:
    """A folder with an inventory, and a bundle for it."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def cluster(self) -> Cluster:
        """The inventory as it is now."""
        return Cluster(load_inventory(self.folder / "inventory.yaml"), self.path)

    @property
    def path(self) -> Path:
        """The inventory's."""
        return self.folder / "inventory.yaml"

    @property
    def bundle(self) -> Path:
        """The bundle's."""
        return self.folder / "offline.bundle"

    def change(self, before: str, after: str) -> None:
        """Change the inventory's text."""
        text = self.path.read_text("utf-8")
        assert before in text
        self.path.write_text(text.replace(before, after), "utf-8")

    def manifest(self) -> tuple[Manifest, bytes]:
        """The manifest of what the inventory says, and the release."""
        cluster = self.cluster
        locked = fetch(cluster)["voices"]
        venv = cluster.inventory.app.venv
        assert venv is not None
        app = cluster.inventory.app.model_copy(
            update={"venv": venv.model_copy(update={"wheelhouse": True})}
        )
        release = build_release(app, cluster.base_dir, companions(cluster))
        assert release.environment is not None
        for one in locked.contents:
            self.files[f"artifacts/{one.sha256}"] = store_of(cluster).blob(one.sha256)
        manifest = Manifest(
            version=FORMAT,
            made="2026-11-29T07:00:00+00:00",
            by="me@here",
            cluster="offline",
            wanted=settings(cluster.inventory),
            release=Release(
                size=len(release.data),
                sha256=hashlib.sha256(release.data).hexdigest(),
                id=release.id,
                about=release.about,
                wheels=release.environment.wheels,
                highlight="",
            ),
            distributions=(self._packages(),),
            pythons=(self._wheels(),),
            artifacts={
                "voices": BundledArtifact(
                    source=dict(locked.source),
                    revision=None,
                    files=tuple(
                        LockedContent(
                            size=one.size,
                            sha256=one.sha256,
                            path=one.path,
                            executable=one.executable,
                            url=None,
                        )
                        for one in locked.contents
                    ),
                )
            },
        )
        return manifest, release.data

    def write(self, **changes: object) -> str:
        """Write the bundle, with changes to its manifest."""
        manifest, release = self.manifest()
        manifest = manifest.model_copy(update=changes)
        return write_bundle(self.bundle, manifest, release, self.files)

    def _file(self, place: str, data: bytes) -> Mapping[str, object]:
        path = self.folder / "sources" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.files[place] = path
        return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def _packages(self) -> Packages:
        place = "packages/debian-bookworm-amd64"
        content = self._file(f"{place}/curl_7.88_amd64.deb", b"curl" * 300)
        package = Package.model_validate(
            {
                **content,
                "name": "curl",
                "version": "7.88",
                "file": "curl_7.88_amd64.deb",
                "installed": 4096,
            }
        )
        index = self._file(f"{place}/Packages", b"Package: curl\n")
        return Packages(
            id="debian",
            codename="bookworm",
            architecture="amd64",
            wanted=("curl",),
            index=Content.model_validate(index),
            packages=(package,),
        )

    def _wheels(self) -> Wheels:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("one.py", "x = 1\n")
        name = "one-1.0-py3-none-any.whl"
        content = self._file(f"wheels/{KIND}/{name}", data.getvalue())
        wheel = Wheel.model_validate({**content, "file": name, "unpacked": 6})
        return Wheels(python=KIND, wheels=(wheel,))


def made(folder: Path) -> Made:
    """An inventory with an artifact, in a folder of its own."""
    folder.mkdir()
    (folder / "voices").mkdir()
    (folder / "voices" / "声.txt").write_text("你好", "utf-8")
    found = Made(folder)
    found.path.write_text(_INVENTORY, "utf-8")
    return found
