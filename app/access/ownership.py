"""Ownership of outputs and voices: who may see, use and delete what. Pure.

An owner is a text: ``key NAME`` for who gave that API key, ``browser DIGEST`` for a browser in
which nobody logs in, and empty where nobody said whose it is. None is one that cannot be told.
"""

from dataclasses import dataclass

MINE, ALL, ADMINS = "mine", "all", "admins"


@dataclass(frozen=True, slots=True)
class Rules:
    """The operator's choice."""

    history: str = MINE
    """Who sees an output and uses a voice: ``mine``, its owner; ``all``, everybody."""
    unowned: str = ALL
    """Who has what has no owner: ``all`` or ``admins``. Where everybody sees everything it says who
    deletes it."""
    deletion: str = MINE
    """Who deletes: ``mine``, its owner; ``all``, whoever sees it."""
    admin_keys: frozenset[str] = frozenset()
    """Names of API keys that see, use and delete everything."""
    shared_voices: frozenset[str] = frozenset()
    """Ids of registered voices that everybody may use, whoever registered them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sends a request, and what that may do."""

    owner: str
    """Owner of what is made for it; empty where nobody is known."""
    rules: Rules
    admin: bool = False

    @property
    def sees_others(self) -> bool:
        """True if what others own is to be seen."""
        return self.admin or self.rules.history == ALL

    def owns(self, owner: str | None) -> bool:
        """Tell whether something with this owner is the caller's own."""
        return bool(self.owner) and owner == self.owner

    def sees(self, owner: str | None) -> bool:
        """Tell whether the caller may see, hear and use what has this owner."""
        if self.sees_others or self.owns(owner):
            return True
        return owner == "" and self.rules.unowned == ALL

    def deletes(self, owner: str | None) -> bool:
        """Tell whether the caller may delete what has this owner."""
        if self.admin or self.owns(owner):
            return True
        allowed = self.rules.deletion if owner else self.rules.unowned
        return allowed == ALL and self.sees(owner)

    def uses_voice(self, voice: str, owner: str) -> bool:
        """Tell whether the caller may list and use the registered voice with this id."""
        return voice in self.rules.shared_voices or self.sees(owner)

    def deletes_voice(self, voice: str, owner: str) -> bool:
        """Tell whether the caller may delete the registered voice with this id. One that the
        operator shares is its owner's and the administrators' to delete."""
        if voice in self.rules.shared_voices:
            return self.admin or self.owns(owner)
        return self.deletes(owner)

    def listed(self, *, own: bool = False) -> frozenset[str] | None:
        """Owners whose outputs a list for the caller has, and only the caller's own with ``own``;
        None is everybody."""
        if self.sees_others and not own:
            return None
        mine = frozenset({self.owner} - {""})
        return mine if own or self.rules.unowned != ALL else mine | {""}


def caller_of_key(name: str, rules: Rules) -> Caller:
    """Whoever gave the API key with this name."""
    return Caller(f"key {name}", rules, admin=name in rules.admin_keys)


def caller_of_owner(owner: str, rules: Rules) -> Caller:
    """The owner of something, for work that goes on when the request for it is over."""
    kind, _, name = owner.partition(" ")
    return caller_of_key(name, rules) if kind == "key" else Caller(owner, rules)


NOBODY = Caller("", Rules(unowned=ADMINS))
"""A caller that may see nothing, for what was not asked by a client."""
