"""Rules for what the log host sends lines on to: names, accounts, and authorities."""

from collections.abc import Iterator
from itertools import chain

from ..key_path import KeyPath
from ..log_output import LogOutput, LokiOutput
from ..tls.certificate import CertificateError, read_chain
from .finding import Context, Finding, warning

_OUTPUTS: KeyPath = ("logs", "outputs")


def outputs(context: Context) -> Iterator[Finding]:
    """Each has a name of its own, and all that it needs."""
    if (logs := context.inventory.logs) is None:
        return
    first: dict[str, int] = {}
    for index, output in enumerate(logs.outputs):
        path = (*_OUTPUTS, index)
        # Names of files, on which case may not count.
        other = first.setdefault(output.name.lower(), index)
        if other != index:
            yield Finding(
                (*path, "name"),
                f"outputs[{other}] has that name",
                "give each a name of its own",
                output.name,
                also=((*_OUTPUTS, other),),
            )
        yield from chain(_account(path, output), _authority(path, output))


def _account(path: KeyPath, output: LogOutput) -> Iterator[Finding]:
    for key, other in (("username", "password"), ("password", "username")):
        if getattr(output, key) and not getattr(output, other):
            text, fix = f"{key} needs {other}", f"add {other}, or remove {key}"
            yield Finding((*path, key), text, fix, "" if key == "password" else None)
    key = "url" if isinstance(output, LokiOutput) else "urls"
    if output.password and any(url.startswith("http:") for url in _urls(output)):
        yield warning(
            (*path, key),
            "the password, and all lines, travel in clear text",
            "write https://",
        )


def _authority(path: KeyPath, output: LogOutput) -> Iterator[Finding]:
    if output.ca is None:
        return
    at = (*path, "ca")
    if all(url.startswith("http:") for url in _urls(output)):
        yield warning(at, "has no effect without https://", "write https://, or remove it")
    try:
        read_chain(output.ca.read_text(encoding="utf-8"))
    except OSError as error:
        yield Finding(
            at,
            f"cannot read {output.ca}: {error.strerror or error}",
            "make it, or correct it: relative paths start at the inventory's folder",
        )
    except (CertificateError, UnicodeDecodeError):
        yield Finding(
            at,
            f"{output.ca} is no certificate in PEM",
            "name the file with -----BEGIN CERTIFICATE-----; of a DER file: openssl x509 -inform"
            " DER",
        )


def _urls(output: LogOutput) -> list[str]:
    return [output.url] if isinstance(output, LokiOutput) else output.urls
