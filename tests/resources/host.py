"""Runs fragments on this machine as the engine runs them on a host."""

import os
import signal
import subprocess
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from provisioning.engine.script import prelude
from provisioning.resources.base import Change, Observation, Resource

PRELUDE = prelude()
_RUNS = count()
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# PS4 is evaluated before every simple command of a traced shell.
_CUT = (  # kills the whole run before the command whose turn it is; builtins alone
    'PS4=\'$(read -r n < "$CUT_COUNT"; n=$((n + 1)); echo $n > "$CUT_COUNT"; '
    '[ $n -ne "$CUT_AT" ] || kill -9 -$$)\''
)
_WATCH = (  # writes down what the disk and the mounts look like before each command
    'PS4=\'$( { find "${STATE%/*}" ! -name "cut-*" -printf "%p%y%m%U%G%s%T@%i" ; '
    'cat /proc/self/mounts; } | cksum >> "$CUT_COUNT")\''
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
    """A host on which fragments run. ``state`` is its memory; each run has its own folder."""

    state: Path
    namespaces: Namespaces | None = None
    path: str = PATH

    def script(self, fragment: str, run: str, *, before_each: str = "") -> str:
        """The script around one fragment, with the prelude, as the engine makes it."""
        options = f"{before_each}; set -eux" if before_each else "set -eu"
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

    def run(
        self, fragment: str, run: str = "none", *, cut_at: int = 0, before_each: str = ""
    ) -> Observation:
        """Runs a fragment; ``cut_at`` N kills it before its Nth command."""
        self._counter.write_text("0\n" if cut_at else "")
        with subprocess.Popen(
            [*(self.namespaces.enter() if self.namespaces else []), "sh", "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"CUT_COUNT": str(self._counter), "CUT_AT": str(cut_at)},
        ) as shell:
            script = self.script(fragment, run, before_each=_CUT if cut_at else before_each)
            try:
                stdout, stderr = shell.communicate(script.encode(), timeout=250)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                raise
        return Observation(
            stdout.decode("utf-8", "surrogateescape"),
            stderr.decode("utf-8", "surrogateescape"),
            shell.returncode,
        )

    @property
    def _counter(self) -> Path:
        return self.state.parent / "cut-count"

    def cut_points(self, fragment: str) -> list[int]:
        """Runs a fragment to its end; the numbers of those of its commands before which the disk
        or the mounts look different than before the command ahead of it."""
        self.run(fragment, self.begin(), before_each=_WATCH)
        looks = self._counter.read_text().splitlines()
        return [n for n, look in enumerate(looks, 1) if n == 1 or look != looks[n - 2]]

    def observe(self, resource: Resource) -> Observation:
        """Output of the resource's observe fragment."""
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
