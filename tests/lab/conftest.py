"""Labs for tests: made once, always taken down, named after the test run that owns them."""

import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from provisioning.lab import lifecycle, state
from provisioning.lab.running import Lab
from provisioning.lab.topology import Size, plan
from tests.lab.cluster import Cluster

SMALL = Size(directors=2, real_servers=1, real_server_memory=512)
TWO_RELEASES = Size(
    directors=1, real_servers=2, storage=0, director_memory=512, real_server_memory=512
)
ONE_DIRECTOR = Size.bare(directors=1, real_servers=1, storage=0)
SERVERS = Size.bare(real_servers=2, real_server_memory=1000)
THREE_SERVERS = Size.bare(directors=1, storage=0)
LOGS = Size.bare(directors=1, real_servers=1, storage=0, logs=1, real_server_memory=1000)
MakeLab = Callable[[str, Size], Lab]


def _require_lab_host() -> None:
    if platform.system() != "Linux":
        pytest.skip(f"the lab runs Linux kernels, and this is {platform.system()}")
    if os.geteuid() != 0:
        pytest.skip("the lab makes network namespaces, which takes root")


def _remove_orphans() -> None:
    """Take down what test runs left that were killed before they could."""
    for name in state.names():
        owner = re.fullmatch(r"pytest(\d+)\w*", name)
        if owner and not Path("/proc", owner[1]).exists():
            lifecycle.down(name)


@contextmanager
def _lab(
    suffix: str, size: Size, debian: tuple[int, ...] = (), *, shared_kernel: bool = False
) -> Iterator[Lab]:
    _require_lab_host()
    _remove_orphans()
    name = f"pytest{os.getpid()}{suffix}"
    try:
        yield lifecycle.up(plan(name, size, None, debian, shared_kernel), report=print)
    finally:
        lifecycle.down(name)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab of the default size, fresh when the run begins, then as the tests before left it."""
    with _lab("", Size()) as made:
        yield made


@pytest.fixture(scope="module")
def bare_lab() -> Iterator[Lab]:
    """A small lab of a module's own, whose machines it may kill."""
    with _lab("bare", SMALL) as made:
        yield made


@pytest.fixture(scope="module")
def debian_lab() -> Iterator[Lab]:
    """Bare machines of a module's own: lvs1 and rs1 with Debian 12, rs2 with Debian 13."""
    with _lab("debian", TWO_RELEASES, (12, 13)) as made:
        yield made


@pytest.fixture(scope="module")
def one_director() -> Iterator[Lab]:
    """A bare director of a module's own, and a real server on this computer's kernel."""
    with _lab("director", ONE_DIRECTOR, (12,), shared_kernel=True) as made:
        yield made


@pytest.fixture(scope="module")
def three_servers() -> Iterator[Lab]:
    """A bare director of a module's own, and three real servers on this computer's kernel."""
    with _lab("three", THREE_SERVERS, (12,), shared_kernel=True) as made:
        yield made


@pytest.fixture(scope="module")
def bare_servers() -> Iterator[Lab]:
    """Bare machines for a whole cluster of a module's own: every second one of a role, and so rs2
    and lvs2, with Debian 13, the others with Debian 12."""
    with _lab("servers", SERVERS, (12, 13)) as made:
        yield made


@pytest.fixture(scope="module")
def bare_logs() -> Iterator[Lab]:
    """A bare director, real server and log host of a module's own, with Debian 12."""
    with _lab("logs", LOGS, (12,)) as made:
        yield made


@pytest.fixture
def make_lab() -> Iterator[MakeLab]:
    """Makes labs that are taken down at the end of the test: ``make_lab(suffix, size)``."""
    with ExitStack() as labs:
        yield lambda suffix, size: labs.enter_context(_lab(suffix, size))


@pytest.fixture(scope="module")
def make_module_lab() -> Iterator[MakeLab]:
    """The same, taken down at the end of the module."""
    with ExitStack() as labs:
        yield lambda suffix, size: labs.enter_context(_lab(suffix, size))


@pytest.fixture(scope="session")
def cluster(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The lab as an operator has it: an inventory of their own and the command line."""
    made = Cluster(lab, tmp_path_factory.mktemp("operator"))
    made.write()
    return made


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Folder in which tests leave pictures for people to look at."""
    folder = Path(__file__).parents[1] / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
