"""Comparison of a JSON body with the TypedDict that it should be."""

import types
from collections.abc import Collection
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict


def fits(value: Any, kind: Any, place: str, empty: Collection[str] = ()) -> None:
    """Fail where a key is missing or of another type; lists have something in them, but for those
    whose places are in ``empty``."""
    if is_typeddict(kind):
        for key, inner in get_type_hints(kind).items():
            assert key in value, f"{place}.{key}"
            fits(value[key], inner, f"{place}.{key}", empty)
    elif get_origin(kind) is NotRequired:
        fits(value, get_args(kind)[0], place, empty)
    elif get_origin(kind) is list:
        assert value or place in empty, place
        for one in value:
            fits(one, get_args(kind)[0], place, empty)
    else:
        allowed = get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
        assert type(value) in allowed, f"{place}: {value!r}"
