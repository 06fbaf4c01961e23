"""A value that must not stand in the inventory in clear text."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from ...errors import ClusterError
from ..base import Part
from ..paths import LocalPath, against
from .secret_program import SecretProgramError, Words, printed_already, printed_by
from .vault import MARK, VaultError, decrypt

PASSWORD_FILE = "CLUSTER_VAULT_PASSWORD_FILE"
PASSWORD = "CLUSTER_VAULT_PASSWORD"

ALLOWED = "env, file, command or !vault"
_LARGEST = 64 * 1024
_FIX = (
    "write {env: NAME} and set that environment variable, or {file: PATH}, or {command: PROGRAM} "
    "that prints it, or a !vault block (ansible-vault encrypt_string)"
)
_READABLE_BY_OTHERS = 0o004


class SecretError(ClusterError):
    """A secret cannot be had; the message says why and the fix, never the secret."""

    def __init__(self, message: str, fix: str) -> None:
        self.message, self.fix = message, fix
        super().__init__(f"{message}; {fix}")


class MissingSecretError(SecretError):
    """Nothing is wrong with the inventory: the secret is not on this machine at this time."""


class NotAskedError(MissingSecretError):
    """A program would print it, and was not asked."""


def refuse_clear_text(value: object) -> object:
    """The value, unless it is a secret that anybody could read."""
    if isinstance(value, SecretStr) or value is None:
        return value
    raise PydanticCustomError(
        "clear_text",
        "a secret in clear text",
        {"found": "clear text (not shown)", "allowed": ALLOWED, "fix": _FIX},
    )


class SecretSource(Part):
    """The origin of a secret: exactly one of the keys below, or an inline ``!vault`` block."""

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Name of an environment variable of the control machine."""
    file: LocalPath | None = None
    """A file on the control machine, relative to the inventory; its last newline is dropped."""
    command: Words | None = None
    """A program of the control machine that prints it, with its arguments: a line, which no shell
    reads, or a list of words. It runs in the inventory's folder, once in a run of ``cluster`` and
    only where the secret is needed, for a minute at most; its last newline is dropped."""
    value: SkipJsonSchema[SecretStr | None] = Field(default=None, exclude=True)
    """A ``!vault`` block as it was written, decrypted when needed. Clear text here is refused."""

    _place: str = PrivateAttr("")
    _folder: Path | None = PrivateAttr(None)
    _only_vault = field_validator("value", mode="before")(refuse_clear_text)

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretSource":
        sources = (self.env, self.file, self.command, self.value)
        if sum(part is not None for part in sources) != 1:
            raise PydanticCustomError(
                "one_source",
                "a secret comes from exactly one place",
                {"allowed": ALLOWED, "fix": _FIX},
            )
        return self

    def stands_at(self, place: str, folder: Path) -> None:
        """Know its place in the inventory (file, line and key), for messages, and the folder of
        that, in which ``command`` runs."""
        self._place, self._folder = place, folder


def _from_scalar(value: object) -> object:
    if isinstance(value, SecretStr):
        return {"value": value}
    # A number is a password typed without quotes.
    return value if isinstance(value, dict | SecretSource | None) else refuse_clear_text(value)


Secret = Annotated[SecretSource, BeforeValidator(_from_scalar, json_schema_input_type=SecretSource)]


def reveal(source: SecretSource, base_dir: Path) -> str:
    """The secret itself. Relative paths start at ``base_dir``, the inventory's folder.

    Raises ``SecretError``.
    """
    if source.env is not None:
        try:
            return os.environ[source.env]
        except KeyError:
            raise MissingSecretError(
                f"the environment variable {source.env} is not set", "export it first"
            ) from None
    if source.file is not None:
        text = _read(against(base_dir, source.file))
        return text.removesuffix("\n").removesuffix("\r")
    if source.command is not None:
        return _printed(source, source.command, base_dir)
    block = source.value.get_secret_value() if source.value else ""
    return _decrypted(block)


def reveal_unasked(source: SecretSource, base_dir: Path) -> str:
    """As ``reveal``, but that no program is run for it: who only checks an inventory asks no vault.
    Raises ``SecretError``, and ``NotAskedError`` where a program was not run before."""
    if source.command is None:
        return reveal(source, base_dir)
    found = printed_already(source.command, source._folder or base_dir)
    if found is None:
        raise NotAskedError("a program prints it", "a command that needs it runs that")
    return found


def _printed(source: SecretSource, words: list[str], base_dir: Path) -> str:
    try:
        return printed_by(words, source._folder or base_dir)
    except SecretProgramError as error:
        place = f"{source._place}: " if source._place else ""
        raise SecretError(f"{place}{error.message}", error.fix) from None


def _decrypted(block: str) -> str:
    if not block.lstrip().startswith(MARK):
        raise SecretError(
            f"the !vault block does not start with {MARK}",
            "make one with `ansible-vault encrypt_string`",
        )
    try:
        return decrypt(block, _vault_password()).decode("utf-8")
    except VaultError as error:
        raise SecretError(
            str(error), f"set {PASSWORD_FILE} to the right password's file, or encrypt it anew"
        ) from None
    except UnicodeDecodeError:
        raise SecretError(
            "the vault block holds bytes that are not UTF-8 text", "encrypt the text anew"
        ) from None


def _vault_password() -> bytes:
    if path := os.environ.get(PASSWORD_FILE):
        # Relative to the working folder, as a person who exports it means it.
        return _read(against(Path.cwd(), Path(path))).strip().encode()
    if password := os.environ.get(PASSWORD):
        return password.encode()
    raise MissingSecretError(
        "a !vault block needs the vault's password",
        f"set {PASSWORD_FILE} to a file that holds it (or {PASSWORD} to the password)",
    )


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise SecretError(f"{path} is a folder", "name the file in it that holds the secret")
        if path.stat().st_mode & _READABLE_BY_OTHERS:
            raise SecretError(f"every user of this machine can read {path}", f"chmod 600 {path}")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise SecretError(f"{path} is too large for a secret", "name the right file")
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SecretError(
            f"cannot read {path}: {reason}", "make it, or correct the path or its permissions"
        ) from None
