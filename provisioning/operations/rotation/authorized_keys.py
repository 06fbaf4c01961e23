"""On a host: the keys that may log in to an account. Standard library alone.

Argument: ``{"do": "look" | "add" | "drop" | "keep" | "back", "user": str, "key": str, "line": str,
"like": str, "patience": seconds}``; ``key`` and ``like`` are public keys in base64. Prints
``{"files": [where the key stands], "changed": bool, "problem": str}``.

``add`` puts ``line`` behind the line of ``like``, with the options of that. ``drop`` takes each
line of the key away, and puts them back by itself after ``patience`` seconds unless ``keep`` came.

Files are those of the sshd through which this came (sshd_config(5), AuthorizedKeysFile).
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEFORE = ".before-rotation"
"""End of the name of a file's copy, while it is not certain that it may go."""
_LISTENER = re.compile(r"sshd: (/.*?) \[listener\]")
_TYPE = re.compile(r"(ssh|ecdsa|sk)-\S+")


def main() -> None:
    wanted = json.loads(sys.argv[1])
    try:
        print(json.dumps(carry_out(**wanted)))
    except OSError as error:
        print(json.dumps({"files": [], "changed": False, "problem": str(error)}))


def carry_out(
    do: str, user: str, key: str, line: str = "", like: str = "", patience: float = 0
) -> dict[str, Any]:
    account = pwd.getpwnam(user)
    files = [path for path in files_of(account) if path.exists()]
    holding = [path for path in files if any(key_of(one) == key for one in lines_of(path))]
    changed = False
    if do == "add" and not holding:
        near = [path for path in files if any(key_of(one) == like for one in lines_of(path))]
        if not near:
            return {"files": [], "changed": False, "problem": no_file(account)}
        write(near[0], added(lines_of(near[0]), line, like))
        holding, changed = near[:1], True
    elif do == "drop" and holding:
        for path in holding:
            # One that is there was left by a host that went down.
            copy_of(path).unlink(missing_ok=True)
            copy_of(path).hardlink_to(path)
        watch(holding, key, patience)
        for path in holding:
            write(path, without(lines_of(path), key))
        changed = True
    elif do == "keep":
        for path in files:
            copy_of(path).unlink(missing_ok=True)
    elif do == "back":
        put_back(files, key)
    return {"files": [str(path) for path in holding], "changed": changed, "problem": ""}


def files_of(account: pwd.struct_passwd) -> list[Path]:
    """Files that sshd reads for the account, existing or not."""
    spec = f"user={account.pw_name},host=localhost,addr=127.0.0.1"
    done = subprocess.run(
        [*daemon(), "-T", "-C", spec], capture_output=True, text=True, check=False
    )
    said = dict(one.split(" ", 1) for one in done.stdout.splitlines() if " " in one)
    words = said.get("authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2").split()
    meant = {"%%": "%", "%h": account.pw_dir, "%u": account.pw_name, "%U": str(account.pw_uid)}
    names = (re.sub("%.", lambda sign: meant.get(sign[0], sign[0]), word) for word in words)
    return [(Path(account.pw_dir) / name).resolve() for name in names if name != "none"]


def daemon() -> list[str]:
    """The command of the sshd through which this came: it may have a configuration of its own."""
    for title in ancestors():
        if found := _LISTENER.match(title):
            program, *options = shlex.split(found[1])
            named = [options[at : at + 2] for at, word in enumerate(options) if word == "-f"]
            return [program, *(named[0] if named else [])]
    return ["/usr/sbin/sshd"]


def ancestors() -> Iterator[str]:
    """Titles of the processes above this one."""
    pid = os.getppid()
    while pid > 1:
        yield Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    yield Path("/proc/1/cmdline").read_text(errors="replace").replace("\0", " ")


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)


def key_of(line: str) -> str:
    """The public key of a line, in base64; empty for a comment (sshd(8), AUTHORIZED_KEYS FILE
    FORMAT)."""
    _, rest = parted(line)
    words = rest.split(None, 2)
    return words[1] if len(words) > 1 and _TYPE.fullmatch(words[0]) else ""


def parted(line: str) -> tuple[str, str]:
    """The options before a key, and the rest. Blanks in options stand in quotes."""
    text = line.strip()
    if not text or text.startswith("#") or _TYPE.match(text):
        return "", text
    quoted = False
    for at, sign in enumerate(text):
        if sign == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif sign in " \t" and not quoted:
            return text[:at], text[at:].strip()
    return "", ""


def added(lines: list[str], line: str, like: str) -> list[str]:
    at = next(at for at, one in enumerate(lines) if key_of(one) == like)
    options, _ = parted(lines[at])
    before = lines[: at + 1]
    if not before[-1].endswith("\n"):
        before[-1] += "\n"
    return [*before, f"{options} {line}\n".lstrip(), *lines[at + 1 :]]


def write(path: Path, lines: list[str]) -> None:
    """Whole or not at all, with owner and mode as they were."""
    state = path.stat()
    new = path.with_name(f".{path.name}.rotation")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(lines)
        file.flush()
        os.fchown(file.fileno(), state.st_uid, state.st_gid)
        os.fchmod(file.fileno(), state.st_mode & 0o7777)
        os.fsync(file.fileno())
    new.replace(path)


def watch(files: list[Path], key: str, patience: float) -> None:
    """Leave a process that puts the files back unless somebody has come in by then."""
    if os.fork():
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    end = time.monotonic() + patience
    while time.monotonic() < end and any(copy_of(path).exists() for path in files):
        time.sleep(0.5)
    put_back(files, key)
    os._exit(0)


def copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{BEFORE}")


def put_back(files: list[Path], key: str) -> None:
    for path in files:
        copy = copy_of(path)
        with contextlib.suppress(FileNotFoundError):
            before = lines_of(copy)
            if lines_of(path) == without(before, key):
                copy.replace(path)
                continue
            # Somebody has changed it meanwhile, and keeps what was changed.
            lost = [line.rstrip("\n") + "\n" for line in before if key_of(line) == key]
            now = [line.rstrip("\n") + "\n" for line in lines_of(path)]
            try:
                write(path, [*without(now, key), *lost])
                copy.unlink()
            except OSError:
                copy.replace(path)


def without(lines: list[str], key: str) -> list[str]:
    return [line for line in lines if key_of(line) != key]


def no_file(account: pwd.struct_passwd) -> str:
    places = ", ".join(map(str, files_of(account)))
    return f"the old key stands in none of the files that its sshd reads ({places})"


if __name__ == "__main__":
    main()
