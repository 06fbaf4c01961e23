"""Owners of what the app makes."""

from enum import StrEnum

from .base import Name, Part


class Whose(StrEnum):
    """Owners whose outputs and voices something is allowed for."""

    MINE = "mine"
    """One's own."""
    ALL = "all"
    """Everybody's."""


class Unowned(StrEnum):
    """Those who have what has no owner."""

    ALL = "all"
    ADMINS = "admins"


class Owners(Part):
    """The choice of who sees, uses and deletes outputs, and voices made from recordings."""

    history: Whose = Whose.MINE
    """Whose outputs somebody sees, and whose voices somebody uses: ``mine`` or ``all``. An owner is
    an API key, or without keys a browser."""
    unowned: Unowned = Unowned.ALL
    """Who has what has no owner, as older outputs and those of programs without a key: ``all``, or
    ``admins``."""
    deletion: Whose = Whose.MINE
    """Whose outputs and voices somebody deletes, of those that are seen: ``mine`` or ``all``."""
    admin_keys: list[Name] = []
    """Names of API keys that see and delete everything."""
    shared_voices: list[str] = []
    """Ids of voices that everybody may use, whoever registered them."""
