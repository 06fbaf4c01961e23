"""What a pod runs, run here: the container's command and environment, its preStop, SIGTERM."""

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.held import Held
from tests.app.node_process import started, unpack

from .site import container, one

_VOLUMES = ("/etc/cosyvoice-secret", "/etc/cosyvoice", "/run/cosyvoice", "/var/lib/cosyvoice")


@pytest.mark.long
def test_a_pod_that_has_to_go_leaves_the_service_and_ends_its_job(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    drain = Path(environment["COSYVOICE_DRAIN_FILE"])
    # As a container that did not live left it, before this one in the same pod.
    drain.touch()
    told = container("plain")
    # The port and the folder of outputs are the test's own.
    arguments = [one for one in told["args"] if not one.startswith("--port=")]
    more = ("--engine", "faulty", "--workers", "2")
    command = [*told["command"], *arguments]
    with (
        started(command, unpack(tmp_path), tmp_path, *more, **environment) as node,
        concurrent.futures.ThreadPoolExecutor() as threads,
        Held(tmp_path) as held,
    ):
        assert node.get(told["livenessProbe"]["httpGet"]["path"]).status_code == 200
        # Though the only peer there may be has no name in DNS yet.
        node.wait_ready()
        assert not drain.exists()
        job = threads.submit(node.speak, input=held.text)
        node.wait_until(lambda: node.status()["jobs"]["running"] == 1)
        # Kubernetes ends the program when preStop has ended.
        stopping = threads.submit(_pre_stop, environment)
        ready = told["readinessProbe"]["httpGet"]["path"]
        node.wait_until(lambda: node.get(ready).status_code == 503)
        assert node.get(ready).json()["reason"] == "draining"
        assert node.speak(input="a client that was told of it too late").status_code == 200
        assert stopping.result(30) == 0
        node.terminate()
        node.wait_until(lambda: node.speak(input="hello").status_code == 503)
        held.let_go()
        assert job.result(30).status_code == 200
        assert node.process.wait(60) == 0


def _environment(folder: Path) -> dict[str, str]:
    """The container's environment, with its volumes below the test's folder."""
    peers, secret = folder / "etc/cosyvoice/peers", folder / "etc/cosyvoice-secret/secret"
    for volume in _VOLUMES:
        (folder / volume[1:]).mkdir(parents=True)
    peers.write_text(one("plain", "ConfigMap", "-peers")["data"]["peers"], encoding="utf-8")
    secret.touch(mode=0o640)
    secret.write_text("a secret of the test's own\n", encoding="utf-8")
    found = {}
    for entry in container("plain")["env"]:
        value = entry.get("value", "tts-0")
        inside = value.startswith(_VOLUMES)
        found[entry["name"]] = f"{folder}{value}" if inside else value
    # As in the image, where the environment with the app comes first.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**found, "HOME": str(folder), "TMPDIR": str(folder), "PATH": path}


def _pre_stop(environment: dict[str, str]) -> int:
    words = container("plain")["lifecycle"]["preStop"]["exec"]["command"]
    # Shorter: there is no proxy here that has to hear of it.
    command = [word.replace("sleep 10", "sleep 1") for word in words]
    assert command != words
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
