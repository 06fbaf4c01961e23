"""Release of an upgrade: the inventory's, or ``--to``."""

from pathlib import Path

from ...model.app import App
from ...model.app_source import has_login, is_archive, is_git_url, is_wheel
from ...model.paths import against, is_dir, is_file
from .options import OptionError


def as_typed(to: str, folder: Path) -> str:
    """Resolve ``--to``: make it absolute where it names something in the folder it was typed
    in."""
    if is_git_url(to):
        return to
    path = against(folder, Path(to))
    found = is_dir(path) or ((is_wheel(to) or is_archive(to)) and is_file(path))
    return str(path) if found else to


def require_there(to: str | None, base_dir: Path) -> None:
    """Raise ``OptionError`` where ``--to`` is a wheel or an archive that is not there."""
    packed = to is not None and not is_git_url(to) and (is_wheel(to) or is_archive(to))
    if to is not None and packed and not is_file(against(base_dir, Path(to))):
        raise OptionError(f"--to {to}: there is no such file")


def app_for(app: App, to: str | None, base_dir: Path) -> App:
    """Copy the inventory's app, with ``to`` as its source (a folder, wheel, archive or git URL) or
    as the ref of its git source. Raises ``OptionError``."""
    if to is None:
        return app
    if has_login(to):
        raise OptionError(
            "--to holds a password or token, which would stand in process lists and the history; "
            "write it as app.source, or let git ask for it"
        )
    here = is_wheel(to) or is_archive(to) or against(base_dir, Path(to)).is_dir()
    if is_git_url(to) or here:
        return app.model_copy(update={"source": to, "ref": None})
    if is_git_url(app.source):
        return app.model_copy(update={"ref": to})
    raise OptionError(
        f"--to {to}: not a folder, wheel (.whl), archive (.tar.gz, .tgz, .zip) or git URL; and "
        f"app.source is {app.source}, which has no tags or branches"
    )
