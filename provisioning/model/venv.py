"""An environment of its own for each release of the app."""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PipRequirement
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from .base import Name, Part
from .command import HostPath
from .secrets.secret import ALLOWED, SecretSource, refuse_clear_text, reveal


def refuse_login(text: str) -> str:
    """The text, unless there is a URL with a login in it, which others could read."""
    if re.search(r"://[^/\s]*@", text):
        refuse_clear_text(text)
    return text


def _web_address(text: str) -> str:
    refuse_login(text)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        raise PydanticCustomError(
            "package_index",
            "not the address of a package index",
            {"allowed": "https://HOST/PATH", "fix": "write the URL that ends in /simple"},
        )
    return text


class PackageIndex(SecretSource):
    """The place where pip finds packages: a URL, or, where there is a login in it, a secret."""

    url: Annotated[str, AfterValidator(_web_address)] | None = None
    """The URL, without a login."""

    @model_validator(mode="after")
    def _exactly_one(self) -> "PackageIndex":
        sources = (self.url, self.env, self.file, self.command, self.value)
        if sum(part is not None for part in sources) != 1:
            raise PydanticCustomError(
                "one_source",
                "a package index comes from exactly one place",
                {
                    "allowed": f"url, {ALLOWED}",
                    "fix": "write index_url: https://HOST/simple, or {env: NAME} where it has a "
                    "login",
                },
            )
        return self

    def address(self) -> str:
        """The URL itself. Raises ``SecretError``."""
        return self.url if self.url is not None else reveal(self, Path())


def _index(value: object) -> object:
    if isinstance(value, SecretStr):
        return {"value": value}
    if isinstance(value, str):
        # A login in it is for nobody who reads the inventory.
        return {"url": refuse_login(value)}
    return value


def _requirement_fix(text: str, error: InvalidRequirement) -> str:
    if "://" in text:
        return f"write NAME @ {text}, with the package's name"
    if re.search("(?<![=<>!~])=(?!=)", text):
        return f"write {re.sub('(?<![=<>!~])=(?!=)', '==', text)}"
    return str(error).splitlines()[0]


def _requirement(text: str) -> str:
    try:
        url = PipRequirement(text).url
    except InvalidRequirement as error:
        raise PydanticCustomError(
            "requirement",
            "not a requirement that pip takes",
            {
                "allowed": "for example torch==2.9.1",
                "fix": _requirement_fix(text, error),
            },
        ) from None
    if url is not None and not re.fullmatch(r"[a-z][a-z0-9+.-]*://([^/@]*@)?[^-/@\s][^\s]*", url):
        raise PydanticCustomError(
            "requirement",
            "not a URL that pip takes",
            {"allowed": "NAME @ https://HOST/PATH", "fix": "write its host and path"},
        )
    return text


Requirement = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][^\n\r\x00]*$", max_length=1000),
    AfterValidator(refuse_login),
    AfterValidator(_requirement),
]
"""A line of pip's requirements file that is no option."""


class Venv(Part):
    """The way environments are made: from the requirements that the source itself names."""

    python: HostPath = PurePosixPath("/usr/bin/python3")
    """Interpreter on the real servers that makes them; with Debian's own, its package for
    environments is installed too."""
    extras: list[Name] | None = None
    """Extras of the source's own metadata to install (``[gpu]``). Of this project ``app`` is
    always among them."""
    requirements: list[Requirement] = []
    """Further requirements, as pip takes them: ``torch==2.9.1``."""
    index_url: (
        Annotated[PackageIndex, BeforeValidator(_index, json_schema_input_type=str | PackageIndex)]
        | None
    ) = None
    """Package index, where it is not pip's own; one with a login from env, file,
    command or ``!vault``."""
    wheelhouse: bool = False
    """The control machine fetches the packages and brings them, for nodes that reach no index."""


def _switch(value: object) -> object:
    """Composing leaves ``yes`` and ``no`` text; where true and false may stand, so may they."""
    word = value.lower() if isinstance(value, str) else value
    if word in (True, "yes", "on"):
        return {}
    return None if word in (False, "no", "off") else value


VenvEntry = Annotated[
    Venv | None, BeforeValidator(_switch, json_schema_input_type=bool | Venv | None)
]
