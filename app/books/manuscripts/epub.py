"""An EPUB, 2 or 3: its chapters are the files of its spine, with the titles of its contents.

Nothing is unpacked to a disk, and no more is read than the bounds allow, whatever the archive says
of its sizes.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote, urldefrag

from . import markup
from .encodings import decoded
from .manuscript import Bounds, Chapter, Text, refused

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_RIGHTS = ("META-INF/rights.xml", "META-INF/sinf.xml")
_FONTS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
"""Ways in which fonts are made useless outside their book; texts are as they are."""
_MEMBERS = 20_000
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def text_of(content: bytes, title: str, bounds: Bounds) -> Text:
    """The chapters of an EPUB; ``title`` where it has none. Raises ``InvalidInputError``."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _Book(archive, bounds).text(title)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _broken(str(error) or "its compression is not known") from error


class _Book:
    """An open EPUB."""

    def __init__(self, archive: zipfile.ZipFile, bounds: Bounds) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        self._left = self._most = bounds.bytes
        if len(self._names) > _MEMBERS:
            raise _broken(f"it has more than {_MEMBERS} files")

    def text(self, title: str) -> Text:
        self._check_locks()
        package = self._package()
        found = markup.elements(self._read(package))
        names = [element.text.strip() for element in found if element.name == "title"]
        items = {e.attributes.get("id", ""): e.attributes for e in found if e.name == "item"}
        places = {key: _place(package, item.get("href", "")) for key, item in items.items()}
        contents = self._contents(items, places)
        order = [
            e.attributes.get("idref", "")
            for e in found
            if e.name == "itemref" and e.attributes.get("linear") != "no"
        ]
        pages = [
            places[key]
            for key in order
            if key in items
            and items[key].get("media-type") in _PAGES
            and "nav" not in items[key].get("properties", "").split()
        ]
        return Text(next(filter(None, names), title), tuple(self._chapters(pages, contents)))

    def _chapters(self, pages: list[str], contents: dict[str, str]) -> Iterator[Chapter]:
        """A page that the contents do not name goes on with the chapter before it."""
        title, blocks = "", list[str]()
        for place in pages:
            page = markup.page(self._read(place))
            begins = place in contents if contents else bool(page.blocks)
            if begins and blocks:
                yield Chapter(title, "\n".join(blocks))
                blocks = []
            if begins:
                title = contents.get(place) or page.heading
            blocks += page.blocks
        if blocks:
            yield Chapter(title, "\n".join(blocks))

    def _check_locks(self) -> None:
        locked = any(info.flag_bits & 1 for info in self._archive.infolist())
        if _ENCRYPTION in self._names:
            ways = [
                element.attributes.get("algorithm", "")
                for element in markup.elements(self._read(_ENCRYPTION))
                if element.name == "encryptionmethod"
            ]
            locked = locked or any(way not in _FONTS for way in ways)
        if locked or any(name in self._names for name in _RIGHTS):
            raise refused(
                "book_drm",
                "the EPUB is encrypted (DRM), so its text cannot be read; use an edition without",
                "该 EPUB 已加密（DRM），无法读取正文，请使用无 DRM 的版本",
            )

    def _package(self) -> str:
        if _CONTAINER not in self._names:
            raise _broken(f"it has no {_CONTAINER}")
        for element in markup.elements(self._read(_CONTAINER)):
            if element.name == "rootfile" and element.attributes.get("full-path"):
                return element.attributes["full-path"]
        raise _broken(f"{_CONTAINER} names no package")

    def _contents(self, items: dict[str, dict[str, str]], places: dict[str, str]) -> dict[str, str]:
        """Titles by the files that they begin: of EPUB 3, else of EPUB 2."""
        for key, item in items.items():
            if "nav" in item.get("properties", "").split():
                return self._links(places[key], "a", "href")
        for key, item in items.items():
            if item.get("media-type") == "application/x-dtbncx+xml":
                return self._links(places[key], "content", "src")
        return {}

    def _links(self, place: str, name: str, attribute: str) -> dict[str, str]:
        titles: dict[str, str] = {}
        label = ""
        for element in markup.elements(self._read(place)) if place in self._names else []:
            if element.name == "text":
                label = element.text
            elif element.name == name and (link := element.attributes.get(attribute)):
                said = " ".join((label or element.text).split())
                titles.setdefault(_place(place, link), said)
        return titles

    def _read(self, place: str) -> str:
        if place not in self._names:
            raise _broken(f"its file {place[:100]!r} is missing")
        with self._archive.open(place) as file:
            content = file.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise refused(
                "book_too_large",
                f"unpacked, the EPUB's texts have more than {self._most >> 20} MiB",
                f"EPUB 解压后的文本超过 {self._most >> 20} MiB",
            )
        return decoded(content)


def _place(base: str, link: str) -> str:
    path = unquote(urldefrag(link).url)
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path))


def _broken(why: str) -> Exception:
    return refused(
        "book_broken",
        f"the file is no EPUB that can be read: {why}",
        f"无法读取该 EPUB 文件：{why}",
    )
