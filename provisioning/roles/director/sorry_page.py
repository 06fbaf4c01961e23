"""Pages that a director shows itself while no real server can answer: Nginx, and their files."""

from ...model.address import IPAddress, endpoint
from ...model.derived.resolve import virtual_services
from ...model.derived.sorry_address import LOCAL
from ...model.inventory import Inventory
from ...model.service import VirtualService
from ...model.sorry_page import SorryPage
from ...places import NGINX, NGINX_CONF, NGINX_LOG, NGINX_PROGRAM, SORRY_PAGES
from ...resources.base import Postcondition, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ...resources.package import Packages
from ...resources.service import Service, reload, restart
from ..nginx_service import kept_running
from ..rendering import RenderedFile
from ..role_host import RoleHost


def sorry_services(inventory: Inventory) -> list[tuple[VirtualService, SorryPage]]:
    """Services that have a page, and it."""
    services = virtual_services(inventory)
    return [(one, one.sorry_page) for one in services if one.sorry_page is not None]


def sorry_pages(host: RoleHost) -> list[Resource]:
    """All of it, in the order in which it is needed; nothing where no service has a page."""
    services = sorry_services(host.inventory)
    if not services:
        return []
    anew, again = restart(NGINX, host.manager), reload(NGINX, host.manager)
    return [
        Packages(names=("curl", "nginx")),
        Directory(path=NGINX_CONF.rpartition("/")[0]),
        Directory(path=SORRY_PAGES),
        *(file for one, page in services for file in _files(host, one, page)),
        host.script(NGINX_PROGRAM, "cosyvoice-nginx.j2", (anew,), conf=NGINX_CONF),
        RenderedFile(
            path=NGINX_CONF,
            content=host.render("nginx.conf.j2", **_values(host.inventory)),
            validate=f'{NGINX_PROGRAM} check "$CANDIDATE"',
            triggers=(again,),
        ),
        *kept_running(host, anew),
        Service(name=NGINX, manager=host.manager),
    ]


def sorry_answers(inventory: Inventory) -> tuple[Postcondition, ...]:
    """Nginx on the director itself shows each page."""
    urls = [
        f"http://{endpoint(address, service.port)}/"
        for service, _ in sorry_services(inventory)
        for address in _local(inventory)
    ]
    if not urls:
        return ()
    asked = "curl -sS --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}'"
    look = "\n".join(f'[ "$({asked} {url})" = 503 ] || exit 1' for url in urls)
    hint = f"see {NGINX_LOG} on this host; something else may listen on the service's port"
    return (Postcondition("Nginx shows the sorry pages", look, 60, hint),)


def _files(host: RoleHost, service: VirtualService, page: SorryPage) -> list[Resource]:
    folder = f"{SORRY_PAGES}/{service.name}"
    own = page.html and page.html.read_text(encoding="utf-8")
    return [
        Directory(path=folder),
        File(path=f"{folder}/page.html", content=own or host.render("sorry-page.html.j2")),
        File(path=f"{folder}/program.json", content=host.render("sorry-page.json.j2")),
    ]


def _values(inventory: Inventory) -> dict[str, object]:
    pages = [
        {
            "name": service.name,
            "folder": f"{SORRY_PAGES}/{service.name}",
            # At the VIPs, which this host may not have yet.
            "listen": [
                str(service.port) if address.version == 4 else f"[::]:{service.port}"
                for address in _local(inventory)
            ],
            "retry_after": page.retry_after,
        }
        for service, page in sorry_services(inventory)
    ]
    return {"pages": pages, "log": NGINX_LOG}


def _local(inventory: Inventory) -> list[IPAddress]:
    """This host itself, in each family that there is a VIP of."""
    versions = sorted({vip.address.version for vip in inventory.virtual_ips})
    return [LOCAL[version] for version in versions]
