"""The container: built by its recipe, and run by podman and crun as a pod of the chart is.

Takes root, minutes, some gigabytes, and Debian's ``podman`` and ``crun``.
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.installed.environment import build as wheel
from tests.installed.environment import checkout
from tests.ports import free_port
from tests.processes import wait_until

from .site import container, files, one

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap and volumes of others take root"),
    *(
        pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")
        for program in ("podman", "crun", "debootstrap")
    ),
]

_USER = 10001
_JOBS = 3


Podman = Callable[..., str]
"""Runs podman with these words, and returns what it says."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is as short as podman wants that of its own state."""
    with tempfile.TemporaryDirectory(prefix="pod-") as found:
        yield Path(found)


@pytest.fixture
def podman(folder: Path) -> Iterator[Podman]:
    """Podman with storage of the test's own. It sees cgroups of version 2 alone: crun refuses a
    machine that has both, though nothing is limited here."""
    script = "mount -t cgroup2 none /sys/fs/cgroup && echo ready && read -r _"
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
    with subprocess.Popen(apart, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as held:
        assert held.stdout is not None and held.stdout.readline() == "ready\n"
        inside = ["nsenter", "-t", str(held.pid), "--mount"]
        places = [f"--root={folder / 'storage'}", f"--runroot={folder / 'run'}"]
        more = ["--runtime", "crun", "--cgroup-manager", "cgroupfs"]
        yield lambda *words: _run(*inside, "podman", *places, *more, *words)


def test_a_pod_speaks_leaves_the_service_and_ends_what_it_has(folder: Path, podman: Podman) -> None:
    image = _built(folder, podman)
    with _pod(folder, podman, image) as pod, concurrent.futures.ThreadPoolExecutor() as threads:
        wait_until(lambda: pod.answers("startupProbe"), 120)
        wait_until(lambda: pod.answers("readinessProbe"), 120)
        said = pod.speak("hello", return_download_link=True)
        assert (said.status_code, said.content[:4]) == (200, b"RIFF")
        assert pod.get(said.headers["X-Download-Path"]).content[:4] == b"RIFF"
        outputs = folder / "volumes/opt/cosyvoice/outputs"
        assert {path.stat().st_uid for path in outputs.glob("*.wav")} == {_USER}

        stopping = threads.submit(podman, "exec", "node", *pod.pre_stop)
        wait_until(lambda: not pod.answers("readinessProbe"), 30)
        assert pod.speak("a client that was told of it too late").status_code == 200
        stopping.result(60)
        # One slot: the others wait in its line.
        long = "A sentence of many that are spoken one after the other. " * 120
        jobs = [threads.submit(pod.speak, long, response_format="mp3") for _ in range(_JOBS)]
        wait_until(lambda: pod.jobs() == (1, _JOBS - 1), 30)
        podman("kill", "--signal", "TERM", "node")
        assert [job.result(120).status_code for job in jobs] == [200] * _JOBS
        assert podman("wait", "node").strip() == "0"


class _Pod:
    """One that runs. Its port is a free one of this machine's loopback."""

    def __init__(self) -> None:
        self.port = free_port()
        self._told = container("plain")
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=120, trust_env=False
        )

    @property
    def pre_stop(self) -> list[str]:
        words = self._told["lifecycle"]["preStop"]["exec"]["command"]
        # Shorter: there is no proxy here that has to hear of it.
        shorter = [word.replace("sleep 10", "sleep 2") for word in words]
        assert shorter != words
        return shorter

    def answers(self, probe: str) -> bool:
        """Tell whether a probe of the pod's succeeds."""
        try:
            return self.get(self._told[probe]["httpGet"]["path"]).status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def speak(self, text: str, **more: object) -> httpx.Response:
        body = {"model": "tts-1", "input": text, "response_format": "wav", **more}
        return self._http.post("/v1/audio/speech", json=body)

    def jobs(self) -> tuple[int, int]:
        """Jobs that run, and that wait."""
        jobs: dict[str, Any] = self.get("/cluster/status").json()["jobs"]
        return jobs["running"], jobs["waiting"]


@contextmanager
def _pod(folder: Path, podman: Podman, image: str) -> Iterator[_Pod]:
    pod = _Pod()
    told = container("plain")
    arguments = [word for word in told["args"] if not word.startswith(("--host=", "--port="))]
    own = ["--host=127.0.0.1", f"--port={pod.port}", "--text-limit=10000"]
    command = [*told["command"], *own, *arguments]
    options = [*_security(told), *_volumes(folder, told), *_environment(told)]
    podman("run", "--detach", "--name", "node", *options, image, *command)
    try:
        yield pod
    finally:
        print(podman("logs", "node")[-20000:])
        podman("rm", "--force", "--time", "0", "node")


def _built(folder: Path, podman: Podman) -> str:
    """The image, on a Debian of debootstrap's. Packages come from where pip has them here."""
    base, build = folder / "debian", folder / "build"
    include = "--include=ca-certificates,python3,python3-venv"
    _run("debootstrap", "--variant=minbase", include, "bookworm", base)
    _run("tar", "-C", base, "-cf", folder / "debian.tar", ".")
    shutil.rmtree(base)
    podman("import", folder / "debian.tar", "debian:test")
    build.mkdir()
    for name in ("Containerfile", "requirements.txt"):
        (build / name).write_text(files("plain")[f"image/{name}"], encoding="utf-8")
    shutil.copy(wheel(checkout(folder)), build)
    wanted = f"--requirement={build / 'requirements.txt'}"
    packages = [f"--wheel-dir={build}", f"--find-links={build}", wanted]
    _run(sys.executable, "-m", "pip", "wheel", "-q", *packages)
    options = ["--isolation", "chroot", "--network", "host", "--env", "PIP_NO_INDEX=1"]
    podman("build", *options, "--build-arg", "BASE=debian:test", "-t", "node:test", build)
    return "node:test"


def _security(told: dict[str, Any]) -> list[str]:
    """The pod's and the container's security contexts, as podman's options."""
    pod = one("plain", "StatefulSet")["spec"]["template"]["spec"]["securityContext"]
    own = told["securityContext"]
    assert (pod["runAsUser"], pod["fsGroup"]) == (_USER, _USER)
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    user = f"{pod['runAsUser']}:{pod['runAsGroup']}"
    return [
        *("--user", user, "--cap-drop", "all", "--security-opt", "no-new-privileges"),
        *("--read-only", "--read-only-tmpfs=false", "--network", "host", "--cgroups", "disabled"),
        # Podman's own are refused where this machine lets nobody raise them.
        *("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"),
    ]


def _volumes(folder: Path, told: dict[str, Any]) -> list[str]:
    """Its volumes below the test's folder, each of the pod's group, as Kubernetes makes them."""
    options = []
    for mount in told["volumeMounts"]:
        path = folder / "volumes" / mount["mountPath"].lstrip("/")
        path.mkdir(parents=True)
        match mount["name"]:
            case "peers":
                said = one("plain", "ConfigMap", "-peers")["data"]["peers"]
                (path / "peers").write_text(said, encoding="utf-8")
            case "secret":
                (path / "secret").write_text("a secret of the test's own\n", encoding="utf-8")
                (path / "secret").chmod(0o440)
                os.chown(path / "secret", 0, _USER)
        path.chmod(0o2775)
        os.chown(path, 0, _USER)
        mode = ":ro" if mount.get("readOnly") else ""
        options += ["--volume", f"{path}:{mount['mountPath']}{mode}"]
    return options


def _environment(told: dict[str, Any]) -> list[str]:
    said = [f"{entry['name']}={entry.get('value', 'tts-0')}" for entry in told["env"]]
    return [word for pair in said for word in ("--env", pair)]


def _run(*words: str | Path) -> str:
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout
