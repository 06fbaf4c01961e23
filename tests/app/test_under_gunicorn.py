"""Under Gunicorn: one worker, replaced when it ends, refused for as long as it cannot answer, and
never without its master."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.app.node_process import ROOT, NodeProcess, running
from tests.processes import lives, wait_until_gone


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def refuses(node: NodeProcess) -> bool:
    try:
        node.get("/healthz")
    except httpx.ConnectError:
        return True
    except httpx.HTTPError:
        # Taken by the system for the one that was killed.
        return False
    return False


def test_a_web_process_that_was_killed_is_replaced_and_goes_with_its_master(
    tmp_path: Path,
) -> None:
    # What asks Gunicorn for more workers elsewhere would divide sessions here.
    environment = {"WEB_CONCURRENCY": "3", "GUNICORN_CMD_ARGS": "--workers 3"}
    with running(tmp_path, "--server", "gunicorn", "--enable-queue", **environment) as node:
        node.wait_ready()
        master = node.process.pid
        (web,) = children(master)
        assert node.speak(input="hello").status_code == 200
        os.kill(web, signal.SIGKILL)
        # Another is asked, instead of waiting here until the page has been loaded.
        node.wait_until(lambda: refuses(node))
        node.wait_until(lambda: children(master) not in ([], [web]))
        # Again, before it has ever listened.
        os.kill(children(master)[0], signal.SIGKILL)
        node.wait_until(lambda: not refuses(node))
        node.wait_ready()
        (new,) = children(master)
        assert new != web
        assert node.speak(input="hello").status_code == 200
        workers = [worker["pid"] for worker in node.status()["workers"]]
        assert all(map(lives, workers))
        node.process.kill()
        node.process.wait()
        for pid in (new, *workers):
            wait_until_gone(pid)
        # Or nobody could start it again; its threads take a moment.
        node.wait_until(lambda: refuses(node))
    words = [line["message"] for line in node.lines if line["logger"] == "gunicorn.error"]
    assert any("SIGKILL" in said for said in words), "Gunicorn's own words are in the node's log"


def test_without_its_packages_one_line_says_what_to_install(tmp_path: Path) -> None:
    hidden = (
        "import sys; sys.modules['gunicorn'] = sys.modules['uvicorn_worker'] = None;"
        "from app.cli import main; main(['--server', 'gunicorn'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden],
        cwd=ROOT,
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install gunicorn uvicorn-worker" in done.stderr and "Traceback" not in done.stderr


def test_a_stop_while_it_loads_ends_it_with_0(tmp_path: Path) -> None:
    with running(tmp_path, "--server", "gunicorn") as node:
        (web,) = children(node.process.pid)
        os.kill(web, signal.SIGKILL)
        node.wait_until(lambda: children(node.process.pid) not in ([], [web]))
        node.terminate()
        assert node.process.wait(60) == 0
