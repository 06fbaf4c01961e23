"""How many of Gradio's own browser tests pass with one process, with three of them, and through
the virtual IP of a lab.

    python -m benchmarks.gradio_end_to_end CHECKOUT WORK [--specs NAME,NAME] [--columns NAME,NAME]
        [--retries N]

CHECKOUT is a folder with Gradio's sources; links to what its tests import are made in it. WORK
holds Playwright and what each run leaves. Gradio itself is the one installed here. It needs Node,
Chromium and, the first time, the npm registry.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gradio_end_to_end import behind_vip
from benchmarks.gradio_end_to_end.results import Outcome, outcomes, table
from benchmarks.numbers import at_least
from provisioning.lab.running import Lab

COLUMNS = ("one", "routed", "alone", "vip")
"""One process; three with session routing; three without; three with it through a virtual IP."""
SPECS = tuple(Path(__file__).with_name("specs.txt").read_text().split())
"""Those that need a session and nothing of the internet: state, queue, streams, files, leaving."""
_HERE = Path(__file__).parent
_ROOT = Path(__file__).parents[2]
_SOCKET = "warm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="folder with Gradio's sources")
    parser.add_argument("work", type=Path, help="folder for Playwright and the results")
    parser.add_argument("--specs", type=_names, default=SPECS)
    parser.add_argument("--columns", type=_names, default=COLUMNS, help="of one,routed,alone,vip")
    # As in Gradio's own configuration.
    parser.add_argument("--retries", type=at_least(0), default=3, help="of a test that fails")
    options = parser.parse_args()
    checkout, work = options.checkout.resolve(), options.work.resolve()
    specs = checkout / "js" / "spa" / "test"
    if unknown := [name for name in options.specs if not (specs / f"{name}.spec.ts").exists()]:
        sys.exit(f"{specs} has no {', '.join(unknown)}: give a checkout of Gradio 6.25 or later")
    if unknown := [name for name in options.columns if name not in COLUMNS]:
        sys.exit(f"--columns: {', '.join(unknown)} is none of {', '.join(COLUMNS)}")
    if (modules := checkout / "node_modules").is_dir() and not modules.is_symlink():
        sys.exit(f"{modules} is a folder of its own: give a checkout in which nothing is installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no chromium here: install Debian's package chromium")
    prepare(checkout, work)
    columns = {}
    for column in options.columns:
        with place(column) as there, warm(work, there):
            columns[column] = run(
                column, checkout, work, chromium, options.specs, options.retries, there
            )
    print(table(columns))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def prepare(checkout: Path, work: Path) -> None:
    """Install Playwright into `work`, and let the checkout's tests find it and their helpers."""
    modules = work / "node_modules"
    if not (modules / "@playwright" / "test").exists():
        work.mkdir(parents=True, exist_ok=True)
        command = [_node("npm"), "install", "--no-audit", "--no-fund", "--prefix", str(work)]
        environment = _environment() | {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
        subprocess.run([*command, "@playwright/test@1"], env=environment, check=True)
    (modules / "@self").mkdir(exist_ok=True)
    _link(modules / "@self" / "tootils", checkout / "js" / "tootils")
    _link(checkout / "node_modules", modules)
    # The tests start `python RUNNER DEMO`; ours comes first on the path and asks for nodes instead.
    python = work / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    words = [sys.executable, "-S", str(_HERE / "ask.py"), str(work / _SOCKET)]
    python.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$2"\n', encoding="utf-8")
    python.chmod(0o755)


@contextlib.contextmanager
def place(column: str) -> Iterator[Lab | None]:
    """The lab at whose client all runs, where it is not this machine."""
    if column != "vip":
        yield None
        return
    with behind_vip.lab() as made:
        yield made


@contextlib.contextmanager
def warm(work: Path, there: Lab | None) -> Iterator[None]:
    """A process that makes the clusters."""
    at = work / _SOCKET
    at.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.gradio_end_to_end.warm", str(at)]
    process = subprocess.Popen(there.client_command(command) if there else command, cwd=_ROOT)
    try:
        while not at.exists():
            if process.poll() is not None:
                sys.exit("Gradio cannot be imported")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def run(
    column: str,
    checkout: Path,
    work: Path,
    chromium: str,
    specs: tuple[str, ...],
    retries: int,
    there: Lab | None,
) -> dict[str, Outcome]:
    """What became of every test."""
    report = work / f"{column}.json"
    tests = checkout / "js" / "spa" / "test"
    config = work / "playwright.config.mjs"
    shutil.copy(_HERE / "playwright.config.mjs", config)
    environment = _environment() | {
        "PATH": f"{work / 'bin'}:{os.environ['PATH']}",
        "GRADIO_TEST_USE_INSTALLED_GRADIO": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SSR_MODE": "False",
        "CI": "1",
        "TMPDIR": str(work),
        "END_TO_END_COLUMN": column,
        "END_TO_END_TESTS": str(tests),
        "END_TO_END_CHROMIUM": chromium,
        "PLAYWRIGHT_JSON_OUTPUT_FILE": str(report),
    }
    if there is not None:
        environment["END_TO_END_VIP"] = str(there.topology.lan.vip)
        environment["END_TO_END_HOST"] = behind_vip.client(there)
    names = [f"/{name}.spec.ts" for name in specs]
    command = [str(work / "node_modules" / ".bin" / "playwright"), "test", "--config", str(config)]
    command += ["--retries", str(retries), *names]
    if there is not None:
        # The tests find our `python` by the path, which is another at the client.
        command = there.client_command(["env", f"PATH={environment['PATH']}", *command])
    # It fails when a test does. The tests name their files from the folder above them.
    subprocess.run(command, cwd=tests.parent, env=environment, check=False)
    return outcomes(report)


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _node(program: str) -> str:
    return str(Path(sys.executable).with_name(program))


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


if __name__ == "__main__":
    main()
