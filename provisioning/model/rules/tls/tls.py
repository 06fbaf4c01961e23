"""TLS: a certificate that clients take, on ports that are free for it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from ...derived.resolve import app_services, routes_sessions
from ...derived.tls_services import HTTPS, REDIRECT
from ...derived.way_in import edges_alone
from ...inventory import Inventory
from ...key_path import KeyPath
from ...secrets.secret import SecretError, reveal_unasked
from ...tls.certificate import (
    CertificateError,
    ServerCertificate,
    defects,
    read_certificate,
    read_chain,
)
from ...tls.tls import Tls
from ..finding import Context, Finding, warning

_LONGEST = 1 << 20


def pair(context: Context) -> Iterator[Finding]:
    """A certificate and its key, or an authority that gives one."""
    tls = context.inventory.tls
    if tls is None:
        return
    written = [key for key in ("certificate", "key") if getattr(tls, key) is not None]
    if tls.acme is not None:
        yield from _acme_alone(tls, written)
        return
    if tls.authority is not None and written:
        yield Finding(
            ("tls", written[0]),
            "the cluster's own authority issues the certificate and its key",
            "remove this key, or authority: cluster",
            "",
            also=(("tls", "authority"),),
        )
    elif tls.authority is None and len(written) < 2:
        missing = "key" if written == ["certificate"] else "certificate"
        yield Finding(
            ("tls",),
            f"has no {missing}",
            "write certificate: PATH and key: {file: PATH}, both in PEM; acme: {email: ADDRESS}, "
            "for a public one; or authority: cluster, for clients that can be told to trust it",
            "",
        )


def _acme_alone(tls: Tls, written: list[str]) -> Iterator[Finding]:
    others = [*written, *(["authority"] if tls.authority else [])]
    if others:
        yield Finding(
            ("tls", others[0]),
            "the certificate and its key come by ACME",
            "remove this key, or acme",
            "",
            also=(("tls", "acme"),),
        )


def acme(context: Context) -> Iterator[Finding]:
    """The proof can reach the authority, and the certificate the other nodes."""
    inventory, tls = context.inventory, context.inventory.tls
    if tls is None or tls.acme is None:
        return
    if edges_alone(inventory):
        yield Finding(
            ("tls", "acme"),
            "real servers get the certificate, and the authority's questions come to them by the "
            "directors' VIP, which edges alone do not have",
            "write certificate and key, kept by an ACME client of your own; authority: cluster; or "
            "vip and directors",
            "",
            also=(("edges",),),
        )
        return
    if not tls.names:
        yield Finding(
            ("tls", "acme"), "has no name to get a certificate for", "write tls.names", ""
        )
    stars = [name for name in tls.names if name.startswith("*.")]
    if stars and tls.acme.dns_hook is None:
        yield Finding(
            ("tls", "names", tls.names.index(stars[0])),
            "a name with a star has to be proved in DNS",
            "write tls.acme.dns_hook, or the names one by one",
            stars[0],
        )
    if tls.redirect_port is None or (tls.acme.dns_hook is None and tls.redirect_port != 80):
        why = "the nodes give each other the certificate there"
        if tls.acme.dns_hook is None:
            why = "the authority asks there, on port 80, whether the name is ours"
        fix = "write 80" if tls.acme.dns_hook is None else "write a port"
        yield Finding(("tls", "redirect_port"), why, fix, str(tls.redirect_port))
    if len(inventory.real_servers.hosts) > 1 and not routes_sessions(inventory):
        yield Finding(
            ("tls", "acme"),
            "the certificate goes from node to node under their secret, and they have none",
            "leave app.session_routing on, or write certificate and key",
            "",
        )


def acme_files(context: Context) -> Iterator[Finding]:
    """Files that are brought to the real servers are here, and texts; a hook is a script."""
    tls = context.inventory.tls
    if tls is None or tls.acme is None:
        return
    files = {"authority": tls.acme.authority, "dns_hook": tls.acme.dns_hook}
    for key, path in files.items():
        if path is None:
            continue
        where = ("tls", "acme", key)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            why = f"{path} cannot be read: {error.strerror}"
            yield Finding(where, why, "correct the path: it starts at the inventory's folder")
            continue
        except UnicodeDecodeError:
            text = ""
        if key == "dns_hook" and not text.startswith("#!"):
            yield Finding(
                where, f"{path} is no script", "begin it with #! and its interpreter: #!/bin/sh"
            )
        elif key == "authority" and "-----BEGIN CERTIFICATE-----" not in text:
            yield Finding(where, f"{path} has no certificate in PEM", "name the authority's own")


def certificate(context: Context) -> Iterator[Finding]:
    """Clients would take it: it is for the names, for now, and of the key."""
    tls = context.inventory.tls
    if tls is None or tls.authority or tls.acme or tls.certificate is None or tls.key is None:
        return
    try:
        text = _text(context.inventory)
        # By itself, where the key is not here.
        read_chain(text)
        found = read_certificate(text, reveal_unasked(tls.key, context.base_dir))
    except SecretError:
        # Told of by the rule for all secrets.
        return
    except CertificateError as error:
        yield _at(error.about, error.message, error.fix)
        return
    except OSError as error:
        yield _at("certificate", f"cannot be read: {error.strerror}", "correct the path")
        return
    yield from _defects(found, context)
    yield from _key_beside(text)


def _text(inventory: Inventory) -> str:
    assert inventory.tls is not None and inventory.tls.certificate is not None
    with inventory.tls.certificate.open("rb") as file:
        content = file.read(_LONGEST + 1)
    try:
        if len(content) <= _LONGEST:
            return content.decode()
    except UnicodeDecodeError:
        pass
    raise CertificateError(
        "certificate",
        "is no text in PEM",
        "name the file with -----BEGIN CERTIFICATE-----; of a DER file: openssl x509 -inform DER",
    )


def _defects(found: ServerCertificate, context: Context) -> Iterator[Finding]:
    tls = context.inventory.tls
    assert tls is not None
    now = datetime.now(UTC)
    for defect in defects(found, tls.names, now, tls.warn_days):
        if defect.grave:
            yield _at(defect.about, defect.message, defect.fix)
        else:
            yield warning(_path(defect.about), defect.message, defect.fix)


def _key_beside(text: str) -> Iterator[Finding]:
    if "PRIVATE KEY-----" in text:
        yield _at(
            "certificate",
            "holds a private key too, which others may read here",
            "take it out: certificates are shown to everybody, keys to nobody",
        )


def _at(about: str, message: str, fix: str) -> Finding:
    return Finding(_path(about), message, fix, "" if about == "key" else None)


def _path(about: str) -> KeyPath:
    return ("tls", about)


def ports(context: Context) -> Iterator[Finding]:
    """Nothing else listens there."""
    inventory, tls = context.inventory, context.inventory.tls
    if tls is None:
        return
    if tls.redirect_port == tls.port:
        yield Finding(
            ("tls", "redirect_port"),
            f"is the port of TLS, {tls.port}",
            "write another, or null for none",
            str(tls.port),
        )
    # Without directors no Nginx of ours is on the real servers.
    services = [] if edges_alone(inventory) else inventory.services
    for key, port in (("port", tls.port), ("redirect_port", tls.redirect_port)):
        for index, service in enumerate(services):
            if service.port == port:
                yield Finding(
                    ("services", index, "port"),
                    f"Nginx listens there (tls.{key}), and makes a service of its own for it",
                    "remove this service, or write another port",
                    str(port),
                    also=(("tls", key),),
                )
        if port == 22:
            yield Finding(("tls", key), "is where SSH listens on every host", "write another", "22")


def names(context: Context) -> Iterator[Finding]:
    """Services of TLS have names that no other has."""
    if context.inventory.tls is None:
        return
    for index, service in enumerate(context.inventory.services):
        if service.name in (HTTPS, REDIRECT):
            yield Finding(
                ("services", index, "name"),
                f"tls makes a service that is called {service.name}",
                "call this one otherwise",
                service.name,
                also=(("tls",),),
            )


def balanced(context: Context) -> Iterator[Finding]:
    """Warn of settings of the app's service that its port of TLS has to keep as well."""
    inventory = context.inventory
    if inventory.tls is None or not (ours := app_services(inventory)):
        return
    if ours[0].sorry_server is not None:
        index = inventory.services.index(ours[0])
        yield warning(
            ("services", index, "sorry_server"),
            f"it has to answer on {inventory.tls.port} with TLS as well",
            "see that it does",
            str(ours[0].sorry_server),
        )


def hsts(context: Context) -> Iterator[Finding]:
    """Browsers heed it for names only, and on the usual port."""
    tls = context.inventory.tls
    if tls is not None and tls.hsts and not tls.names:
        yield warning(
            ("tls", "hsts"),
            "has no effect without a name: browsers do not heed it for addresses",
            "write tls.names, or remove it",
            str(tls.hsts),
        )
