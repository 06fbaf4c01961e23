"""Rights that a unit leaves to a root program of ours, where systemd does not run."""

from tests.roles.rendered import files

_READ_ONLY = """
mount --bind / /; cd /; mount -o remount,ro,bind /
for place; do
    shift
    [ "$place" != -- ] || break
    mount --bind "$place" "$place"; mount -o remount,rw,bind "$place"
done
exec chroot / "$@"
"""


def settings(place: str, key: str) -> list[str]:
    """The words of a setting in a unit that some host of an inventory gets."""
    case, _, path = place.partition("/")
    lines = files(case)[path].content.splitlines()
    return " ".join(line.partition("=")[2] for line in lines if line.startswith(f"{key}=")).split()


def confined(place: str, *writable: str) -> list[str]:
    """Runs what follows with the unit's capabilities, and the file system but for its places, and
    these, read only (systemd.exec(5))."""
    names = settings(place, "CapabilityBoundingSet")
    kept = [f"+{name.removeprefix('CAP_').lower()}" for name in names]
    places = [*settings(place, "ReadWritePaths"), *writable]
    assert kept and places and settings(place, "ProtectSystem") == ["strict"]
    return [
        *("unshare", "--mount", "sh", "-ec", _READ_ONLY, "sh", *places, "--"),
        *("setpriv", "--no-new-privs", f"--bounding-set=-all,{','.join(kept)}", "--inh-caps=-all"),
    ]
