"""Artifacts: big files that come to the nodes beside the app's code."""

import re
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from .app_source import is_git_url
from .base import Part
from .command import HostPath
from .paths import LocalPath
from .secrets.secret import Secret
from .venv import refuse_login

_SOURCES = ("url", "files", "huggingface", "modelscope", "git", "path", "on_nodes")
_BELONGS = {
    "sha256": ("url", "path"),
    "revision": ("huggingface", "modelscope"),
    "hub": ("huggingface", "modelscope"),
    "token": ("url", "files", "huggingface", "modelscope"),
    "commit": ("git",),
}
"""Sources that each further key goes with."""


def _wrong(message: str, allowed: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("artifact", message, {"allowed": allowed, "fix": fix})


def _web_address(text: str) -> str:
    refuse_login(text)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        raise _wrong("not a web address", "https://HOST/PATH", "write the whole URL")
    return text


def _inside(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or str(path) != text or text == ".":
        raise _wrong("not a path inside of the artifact", "DIR/NAME", "write it without / and ..")
    return text


def _sha256(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text.lower()):
        raise _wrong(
            "not a SHA-256", "64 hexadecimal digits", "write what `sha256sum FILE` prints first"
        )
    return text.lower()


def _model_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", text):
        raise _wrong("not a model's id", "OWNER/NAME", "copy it from the model's page")
    return text


def _commit(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text):
        raise _wrong(
            "not the full id of a commit",
            "40 hexadecimal digits",
            "write what `git rev-parse HEAD` prints; a branch or tag could move",
        )
    return text


def _git_url(text: str) -> str:
    refuse_login(text)
    if not is_git_url(text) or re.search(r"[\s\x00-\x1f]", text):
        raise _wrong("not a URL that git takes", "https://HOST/PATH or USER@HOST:PATH", "write it")
    return text


WebAddress = Annotated[str, AfterValidator(_web_address)]
InnerPath = Annotated[str, Field(pattern=r"^[^\x00-\x1f\\]{1,400}$"), AfterValidator(_inside)]
"""Path of a file inside of its artifact."""
Sha256 = Annotated[str, AfterValidator(_sha256)]


class WebFile(Part):
    """One file of an artifact that is listed file by file."""

    url: WebAddress
    """Its address."""
    sha256: Sha256
    """The checksum that it must have."""
    path: InnerPath | None = None
    """Its path in the artifact; absent is the last part of the URL."""

    @property
    def inner_path(self) -> str:
        """Path in the artifact."""
        return self.path or last_part(self.url)


class Artifact(Part):
    """One artifact: weights, a repository, voices, other files. It comes from exactly one place and
    is a folder on the nodes, except ``on_nodes``, which is whatever lies there."""

    url: WebAddress | None = None
    """One file on a web server; ``sha256`` says which."""
    sha256: Sha256 | None = None
    """Checksum of the file that ``url`` or ``path`` names."""
    files: Annotated[list[WebFile], Field(min_length=1)] | None = None
    """Several files on web servers, each with its checksum."""
    huggingface: Annotated[str, AfterValidator(_model_id)] | None = None
    """Id of a model on Hugging Face, ``OWNER/NAME``."""
    modelscope: Annotated[str, AfterValidator(_model_id)] | None = None
    """Id of a model on ModelScope, ``OWNER/NAME``."""
    revision: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w./-]{0,199}$")] | None = None
    """Branch, tag or commit of the model; absent is the hub's newest at the first fetch."""
    hub: WebAddress | None = None
    """Address of a mirror that answers as the hub does."""
    token: Secret | None = None
    """Token for what is not public, sent to the given address alone."""
    git: Annotated[str, AfterValidator(_git_url)] | None = None
    """URL of a git repository. It comes with its submodules; nodes need no git."""
    commit: Annotated[str, AfterValidator(_commit)] | None = None
    """The commit, in full."""
    path: LocalPath | None = None
    """A folder, an archive (.tar.gz, .tgz, .zip) or another file on the control machine."""
    on_nodes: HostPath | None = None
    """A path that is on every node already, such as a mount. Nothing is copied or checked but that
    it is there."""

    @property
    def kind(self) -> str:
        """The key that says where it is from."""
        return next(key for key in _SOURCES if getattr(self, key) is not None)

    @property
    def shown(self) -> str:
        """Its source, for people."""
        if self.files is not None:
            return file_count(len(self.files))
        return str(getattr(self, self.kind))

    @model_validator(mode="after")
    def _one_source(self) -> "Artifact":
        given = [key for key in _SOURCES if getattr(self, key) is not None]
        if len(given) != 1:
            raise _wrong(
                f"comes from {' and '.join(given)}" if given else "comes from nowhere",
                f"exactly one of {', '.join(_SOURCES)}",
                "keep one of them" if given else "write for example modelscope: OWNER/NAME",
            )
        for key, sources in _BELONGS.items():
            if getattr(self, key) is not None and given[0] not in sources:
                raise _wrong(
                    f"{key} has no meaning for {given[0]}",
                    f"{key} goes with {' or '.join(sources)}",
                    f"remove {key}",
                )
        if self.git is not None and self.commit is None:
            raise _wrong(
                "a git repository without the commit",
                "git and commit",
                "write commit: with what `git rev-parse HEAD` prints in a clone that works",
            )
        return self

    @model_validator(mode="after")
    def _paths_apart(self) -> "Artifact":
        paths = [file.inner_path for file in self.files or ()]
        if twice := next((path for path in paths if paths.count(path) > 1), None):
            raise _wrong(f"two files would be {twice}", "a path each", "give one of them a path:")
        if self.url is not None and not last_part(self.url):
            raise _wrong("the URL does not end in a file's name", "https://HOST/NAME", "add it")
        return self


def file_count(number: int) -> str:
    """A number of files for people."""
    return "1 file" if number == 1 else f"{number} files"


def last_part(url: str) -> str:
    """File name that a URL ends in; empty where there is none."""
    return PurePosixPath(urlsplit(url).path).name


REFERENCE = re.compile(r"\$\{artifacts\.([^}]*)\}")
"""Text in an environment variable that stands for an artifact's path on the node."""


def with_paths(text: str, directory: PurePosixPath) -> str:
    """The text with each reference replaced by the path below the release that runs."""
    return REFERENCE.sub(lambda found: f"{directory}/current/artifacts/{found[1]}", text)
