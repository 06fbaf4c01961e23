"""Debian packages of a real server, and what its Python must have."""

import re
import shlex

from ...model.app import Server
from ...model.derived.resolve import hidden_folders
from ...model.engine_declaration import ENGINES, comes_with_app, declared_packages
from ...model.inventory import Inventory
from ...resources.base import Requirement

_APP_PACKAGES = ("gradio", "fastapi", "numpy", "av", "limits", "prometheus_client")
"""Import names of what the app that comes with this program needs; setup.cfg has the versions."""

_GUNICORN = ("gunicorn", "uvicorn_worker")

_HIDDEN = """\
case $real in
%s)
    echo "it leads to $real, which is hidden from the app"
    exit 1
    ;;
esac"""
_RUN_BY_ACCOUNT = """\
python=%s account=%s
real=$(readlink -f "$python")
%s
# Before the first deploy anybody stands for the account.
id -u "$account" >/dev/null 2>&1 || account=nobody
cd /
# By a shell of its own: setpriv still has root's capabilities when it runs a program.
said=$(setpriv --reuid="$account" --regid="$(id -g "$account")" --init-groups \\
    sh -c 'exec "$1" -c ""' sh "$python" 2>&1) || {
    echo "$account cannot run it: $said" | tail -n 1
    exit 1
}"""

_OLDEST_PYTHON = "3.11"
"""As ``python_requires`` in setup.cfg, and the pattern in the probe."""
_JAMMY = "app: {venv: {python: /usr/bin/python3.11}}, which deploy installs from its universe"
_PYTHON_FIX = {
    True: f"on Ubuntu 22.04 write {_JAMMY}; elsewhere name a newer interpreter in "
    "app.venv.python, or use Debian 12 or Ubuntu 24.04 or newer",
    False: "name an environment of a newer Python in app.python, or write app: {venv: true}; on "
    f"Ubuntu 22.04 {_JAMMY}",
}
"""By whether releases have environments of their own."""


def debian_packages(inventory: Inventory) -> tuple[str, ...]:
    """Names, for apt."""
    storage = ("nfs-common",) if inventory.storage is not None else ()
    return ("curl", "iproute2", "logrotate", *storage, *_environment_packages(inventory))


def _environment_packages(inventory: Inventory) -> tuple[str, ...]:
    """Debian keeps what makes environments apart from its Python."""
    venv = inventory.app.venv
    ours = venv and re.fullmatch(r"/usr/bin/(python3(\.\d+)?)", str(venv.python))
    return (f"{ours[1]}-venv",) if ours else ()


def python_requirements(inventory: Inventory, name: str) -> tuple[Requirement, ...]:
    """The interpreter, its version, and what the app imports or what makes its environment."""
    version = _version_requirement(inventory)
    if inventory.app.venv is None:
        return (
            *version,
            _packages_requirement(inventory),
            *_account_requirement(inventory, name),
            *_engine_requirement(inventory),
        )
    if _environment_packages(inventory):
        return version
    python = shlex.quote(str(inventory.app.venv.python))
    return (
        *version,
        Requirement(
            f"{inventory.app.venv.python} can make environments",
            f"[ -x {python} ] || {{ echo there is no such program; exit 1; }}\n"
            f"{python} -c 'import venv, ensurepip'",
            "install that Python with its modules venv and ensurepip, or correct app.venv.python",
        ),
        *_account_requirement(inventory, name),
    )


def _account_requirement(inventory: Inventory, name: str) -> tuple[Requirement, ...]:
    """The interpreter, with what it is a link to, is one that the app's account can run."""
    python, user = inventory.app.base_python, inventory.app.user
    if user == "root":
        return ()
    folders = " | ".join(f"/{folder}/*" for folder in hidden_folders(inventory, name))
    hidden = _HIDDEN % folders if folders else ":"
    words = shlex.quote(str(python)), shlex.quote(user), hidden
    return (
        Requirement(
            f"{user} can run {python}",
            _RUN_BY_ACCOUNT % words,
            "make the environment where everybody may read (for conda: --prefix /opt/cosyvoice/"
            "conda, with a base outside homes too), and name its interpreter in the inventory",
        ),
    )


def _version_requirement(inventory: Inventory) -> tuple[Requirement, ...]:
    """The app that comes with this program runs on 3.11 or newer; others have needs of their own.

    Of an interpreter that apt has yet to install, apt is asked: of one that is nowhere, others
    speak.
    """
    if inventory.app.source != "builtin":
        return ()
    path = inventory.app.base_python
    python, shown = shlex.quote(str(path)), shlex.quote(f"{path} is Python")
    code = shlex.quote("import sys; print(*sys.version_info[:2], sep='.')")
    ask = f"[ -x {python} ] && found=$({python} -c {code}) || found="
    if inventory.app.venv and _environment_packages(inventory):
        apt = f"apt-cache policy {path.name} 2> /dev/null | sed -n 's/^ *Candidate: //p'"
        ask = f'{ask}\n[ -n "$found" ] || found=$({apt})'
    return (
        Requirement(
            f"the app's interpreter is Python {_OLDEST_PYTHON} or newer",
            f"{ask}\ncase $found in 2.* | 3.[0-9] | 3.[0-9].* | 3.10 | 3.10.*)\n"
            f"    printf '%s %s\\n' {shown} \"${{found%%-*}}\"; exit 1\nesac",
            _PYTHON_FIX[inventory.app.venv is not None],
        ),
    )


def _packages_requirement(inventory: Inventory) -> Requirement:
    python = inventory.app.python
    packages: tuple[str, ...] = ("gradio",)
    # An app from elsewhere has needs of its own.
    if inventory.app.source == "builtin":
        server = _GUNICORN if inventory.app.server is Server.GUNICORN else ()
        packages = (*_APP_PACKAGES, *server, *(declared_packages(_engine(inventory)) or ()))
    places = [f"{shlex.quote(str(python.parent.parent))}/lib/python3*/site-packages"]
    found = " && ".join(f"[ -e {place}/{package} ]" for place in places for package in packages)
    # find_spec imports nothing; still an interpreter start, which the look into the folder saves.
    code = shlex.quote(
        "import importlib.util as u, sys; "
        f"sys.exit(' '.join(n for n in {packages} if u.find_spec(n) is None) or 0)"
    )
    return Requirement(
        f"{python} has what the app needs",
        f"[ -x {shlex.quote(str(python))} ] || {{ echo there is no such program; exit 1; }}\n"
        f"if {found}; then exit 0; fi\n"
        f"{shlex.quote(str(python))} -c {code} || {{ echo is missing; exit 1; }}",
        "make an environment with the app's requirements and name its interpreter in app.python",
    )


def _engine(inventory: Inventory) -> str | None:
    return inventory.app.engine.name if inventory.app.engine else None


def _engine_requirement(inventory: Inventory) -> tuple[Requirement, ...]:
    """An engine of another package must be announced there; its packages are pip's concern."""
    engine, python = _engine(inventory), shlex.quote(str(inventory.app.python))
    if inventory.app.source != "builtin" or comes_with_app(engine):
        return ()
    code = shlex.quote(
        "import importlib.metadata as m, sys; "
        f"sys.exit(not m.entry_points(group={ENGINES!r}, name={engine!r}))"
    )
    return (
        Requirement(
            f"{inventory.app.python} has the engine {engine}",
            f"{python} -c {code} || {{ echo no package there announces an engine of that name; "
            "exit 1; }",
            "correct app.engine, or install the package that has this engine for that interpreter",
        ),
    )
