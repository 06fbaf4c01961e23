"""Settings in the files of sysctl.d(5), in the order in which they are read, and those in force of
that which a deploy put there. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_OURS = "60-cosyvoice-"
# systemd-sysctl reads by the file's name, whatever its folder; sysctl(8) reads sysctl.conf last.
_FRAGMENT = f"""\
for file in $(ls /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d 2>/dev/null |
    grep '\\.conf$' | sort -u); do
    for folder in /etc /run /usr/local/lib /usr/lib; do
        [ ! -r "$folder/sysctl.d/$file" ] || {{ echo "$folder/sysctl.d/$file"; break; }}
    done
done | {{ cat; [ ! -r /etc/sysctl.conf ] || echo /etc/sysctl.conf; }} | while IFS= read -r file; do
    sed -n "s|^[[:space:]]*-\\{{0,1\\}}[[:space:]]*\\([^#;=[:space:]][^=]*\\)=\\(.*\\)|\\1=\\2|p" \\
        "$file" | while IFS='=' read -r key value; do
        key=$(echo "$key" | tr -d '[:blank:]')
        # The first separator says whether dots or slashes separate (sysctl.d(5)).
        case ${{key#"${{key%%[./]*}}"}} in .*) key=$(echo "$key" | tr ./ /.) ;; esac
        now=
        case $file in */{_OURS}*) now=$(cat "/proc/sys/$key" 2>/dev/null || :) ;; esac
        printf '%s\\t%s\\t%s\\t%s\\n' "$file" "$key" "$(echo $value)" "$(echo $now)"
    done
done"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a file."""

    file: str
    key: str
    """With slashes."""
    value: str
    now: str
    """The value in force; empty where the line is not a deploy's, or the kernel has none."""

    @property
    def ours(self) -> bool:
        """True if a deploy put it there."""
        return self.file.rpartition("/")[2].startswith(_OURS)


def _settings(found: Observation) -> tuple[Setting, ...]:
    rows = (line.split("\t") for line in found.stdout.splitlines())
    return tuple(Setting(*row) for row in rows if len(row) == 4)


SYSCTL_FILES = Fact("sysctl_files", _FRAGMENT, _settings)
