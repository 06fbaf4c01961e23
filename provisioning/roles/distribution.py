"""The distribution of every host: one that the deploy knows how to install packages on. Pure."""

from ..resources.base import Requirement

_OLDEST = {"debian": 12, "ubuntu": 22}
"""Number before the first dot of VERSION_ID (os-release(5)), which testing and sid do not have."""

_PROBE = """\
[ -r /etc/os-release ] || exit 0
. /etc/os-release
case " ${ID:-} ${ID_LIKE:-} " in
*" debian "*) ;;
*)
    echo "it is ${PRETTY_NAME:-${ID:-unknown}}"
    exit 1
    ;;
esac
case ${ID:-} in
%s
*) oldest=0 ;;
esac
major=${VERSION_ID:-}
major=${major%%%%.*}
case $major in '' | *[!0-9]*) exit 0 ;; esac
[ "$major" -ge "$oldest" ] || { echo "it is ${PRETTY_NAME:-$ID $VERSION_ID}"; exit 1; }"""


def distribution_requirement() -> Requirement:
    """A relative of Debian, and not too old a release of those that are known by number."""
    known = "\n".join(f"{name}) oldest={number} ;;" for name, number in _OLDEST.items())
    return Requirement(
        "its distribution is Debian 12 or newer, or a relative",
        _PROBE % known,
        "packages are installed by apt: use a host with Debian 12 or 13 or Ubuntu 24.04",
    )
