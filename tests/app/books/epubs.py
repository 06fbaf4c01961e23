"""EPUBs as publishers make them, and as nobody should."""

import io
import zipfile

_CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
_OPF = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>
<manifest>{items}
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="css" href="style.css" media-type="text/css"/></manifest>
<spine><itemref idref="nav"/>{spine}</spine></package>"""
_NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="toc"><ol>{links}</ol></nav></body></html>"""


def page(body: str, head: str = "") -> str:
    return (
        f"<?xml version='1.0' encoding='utf-8'?>{head}<html xmlns='http://www.w3.org/1999/xhtml'>"
        f"<head><title>not said</title><style>p {{}}</style></head><body>{body}</body></html>"
    )


def epub(pages: dict[str, str], titles: dict[str, str], **more: str | bytes) -> bytes:
    """An EPUB 3 of pages by file name, whose contents have some of them; `more` are files of
    META-INF, without `.xml`."""
    names = [*pages]
    items = "".join(
        f'<item id="p{n}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="p{n}"/>' for n in range(len(names)))
    links = "".join(
        f'<li><a href="text/{name}#top">{title}</a></li>' for name, title in titles.items()
    )
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/content.opf": _OPF.format(title="山中记", items=items, spine=spine),
        "OEBPS/nav.xhtml": _NAV.format(links=links),
        **{f"OEBPS/text/{name}": content for name, content in pages.items()},
        **{f"META-INF/{name}.xml": content for name, content in more.items()},
    }
    return packed(files)


def packed(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
