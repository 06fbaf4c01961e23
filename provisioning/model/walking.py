"""Find values of an inventory by their type, so that new keys need not be registered."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from .command import Folder, FolderOn
from .key_path import KeyPath
from .secrets.secret import SecretSource


def folders(part: BaseModel) -> Iterator[tuple[KeyPath, Folder, Any]]:
    """Every folder on hosts that is filled, exported or mounted over."""
    for path, metadata, value in _values(part, ()):
        for mark in metadata:
            if isinstance(mark, FolderOn):
                yield path, mark.kind, value


def secrets(part: BaseModel) -> Iterator[tuple[KeyPath, SecretSource]]:
    """Every secret."""
    for path, _, value in _values(part, ()):
        if isinstance(value, SecretSource):
            yield path, value


def _values(part: BaseModel, at: KeyPath) -> Iterator[tuple[KeyPath, list[Any], Any]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        yield (*at, name), field.metadata, value
        yield from _below(value, (*at, name))


def _below(value: object, at: KeyPath) -> Iterator[tuple[KeyPath, list[Any], Any]]:
    if isinstance(value, SecretSource):
        return
    if isinstance(value, BaseModel):
        yield from _values(value, at)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _below(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _below(inner, (*at, index))
