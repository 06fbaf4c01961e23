"""The kinds of thing that ``app.source`` can name. Pure."""

import re

INSTALLED = "cosyvoice_cluster.app"
"""Name of the app that comes with this program, as its releases and its wheel have it."""
PACKAGES = (INSTALLED, "app")
"""Names of the package that a source may hold. Any app may be called ``app``."""
_GIT_URL = re.compile(r"[a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s]+:")
_WEB_LOGIN = re.compile(r"(https?://)[^/\s]*@")
_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s]*@")


def folder_of(package: str) -> str:
    """Path of a package in what holds it."""
    return package.replace(".", "/")


def is_git_url(source: str) -> bool:
    """Tell whether git would fetch it from elsewhere: a URL, or ``user@host:path``."""
    return bool(_GIT_URL.match(source))


def is_wheel(source: str) -> bool:
    """Tell whether its name is a wheel's."""
    return source.endswith(".whl")


def is_archive(source: str) -> bool:
    """Tell whether its name is that of an archive that can be unpacked."""
    return source.endswith((".tar.gz", ".tgz", ".zip"))


def without_login(text: str) -> str:
    """The text without what may be a password or token in its URLs; SSH users stay."""
    return _PASSWORD.sub(r"\1@", _WEB_LOGIN.sub(r"\1", text))


def has_login(source: str) -> bool:
    """Tell whether there is a password or token in the URL."""
    return without_login(source) != source
