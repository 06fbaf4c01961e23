"""Runs fragments on this machine as the engine runs them on a host."""

import os
import signal
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path

from provisioning.resources.base import Change, Observation, Resource

PRELUDE = (files("provisioning.resources") / "prelude.sh").read_text(encoding="utf-8")
_RUNS = count()
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Evaluated before every simple command of a traced shell: kills the whole run before the one
# whose turn it is. Only builtins, so it costs no process but its own.
_CUT = (
    'PS4=\'$(read -r n < "$CUT_COUNT"; n=$((n + 1)); echo $n > "$CUT_COUNT"; '
    '[ $n -ne "$CUT_AT" ] || kill -9 -$$)\''
)


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Mount and network namespaces held open by a process."""

    pid: int

    def enter(self) -> list[str]:
        """Command that runs what follows in them."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--net", "--"]


@dataclass
class Host:
    """Where fragments run. ``state`` is what the host remembers; each run has its own folder."""

    state: Path
    namespaces: Namespaces | None = None
    path: str = PATH

    def script(self, fragment: str, run: str, *, trace: bool = False) -> str:
        """The script around one fragment, with the prelude, as the engine makes it."""
        options = f"{_CUT}; set -eux" if trace else "set -eu"
        return (
            f"LC_ALL=C; PATH={self.path}; STATE='{self.state}'; RUN_DIR=$STATE/runs/{run}\n"
            "export LC_ALL PATH STATE RUN_DIR\n"
            "cluster_main() {\n"
            f"{PRELUDE}\n"
            "trap '' HUP PIPE\numask 022\n"
            f"fragment() {{ :\n{fragment}\n}}\n"
            f"( {options}; fragment ) </dev/null\n"
            "}\n"
            "cluster_main\n"
        )

    def run(self, fragment: str, run: str = "none", *, cut_at: int | None = None) -> Observation:
        """Runs a fragment; ``cut_at`` N kills it before its Nth command."""
        counter = self.state.parent / "cut-count"
        counter.write_text("0\n")
        with subprocess.Popen(
            [*(self.namespaces.enter() if self.namespaces else []), "sh", "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"CUT_COUNT": str(counter), "CUT_AT": str(cut_at or 0)},
        ) as shell:
            script = self.script(fragment, run, trace=cut_at is not None)
            try:
                stdout, stderr = shell.communicate(script.encode(), timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                raise
        return Observation(
            stdout.decode("utf-8", "surrogateescape"),
            stderr.decode("utf-8", "surrogateescape"),
            shell.returncode,
        )

    def observe(self, resource: Resource) -> Observation:
        """What the resource's observe fragment says."""
        return self.run(resource.observe())

    def change(self, resource: Resource) -> Change | None:
        """The change the resource needs here."""
        return resource.compare(self.observe(resource))

    def begin(self) -> str:
        """A new run's name, its folder made as the engine makes it."""
        run = f"run-{next(_RUNS)}"
        (self.state / "runs" / run).mkdir(parents=True, mode=0o700)
        return run

    def must(self, fragment: str, run: str = "none") -> str:
        """Runs a fragment that has to succeed; its output."""
        result = self.run(fragment, run)
        assert result.status == 0, f"{fragment}\n{result.stderr}"
        return result.stdout

    def deploy(self, *resources: Resource) -> list[str]:
        """Makes every change needed, in order, as one run; their summaries."""
        run, done = self.begin(), []
        for resource in resources:
            if change := self.change(resource):
                self.must(change.apply, run)
                done.append(change.summary)
        return done
