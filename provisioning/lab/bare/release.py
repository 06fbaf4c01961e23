"""The releases of Debian that bare machines can have. Pure."""

from enum import IntEnum

from .mirror import Mirror


class Release(IntEnum):
    """A release by its number."""

    BOOKWORM = 12
    TRIXIE = 13

    @property
    def codename(self) -> str:
        """The name that mirrors know it by."""
        return self.name.lower()


def sources(release: int, mirror: Mirror) -> str:
    """Text of debian.sources, as Debian's installer writes it."""
    name = Release(release).codename
    stanzas = [_stanza(mirror.archive, f"{name} {name}-updates")]
    if mirror.security:
        stanzas.append(_stanza(mirror.security, f"{name}-security"))
    return "\n".join(stanzas)


def _stanza(uri: str, suites: str) -> str:
    return f"""\
Types: deb
URIs: {uri}
Suites: {suites}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
