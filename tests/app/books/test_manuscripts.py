"""Files of all kinds as chapters in pieces, and one clear error for each that cannot be."""

import pytest

from app.books.manuscripts.cutting import AT_MOST
from app.books.manuscripts.files import read
from app.books.manuscripts.manuscript import Bounds, Manuscript
from app.errors import InvalidInputError
from tests.app.books.epubs import epub, packed, page

BOUNDS = Bounds(10_000, 1 << 20)
CHINESE = (
    "第一章 初见\n\n天色渐渐暗了下来，山间的雾气弥漫开来，少年背着行囊独自走在小路上。\n\n"
    "第二章 再会\n\n三年以后，他回到了这个地方，一切都已经变了模样。\n"
)


def titles(found: Manuscript) -> list[str]:
    return [part.title for part in found.parts]


def words(found: Manuscript) -> str:
    return "".join("".join(piece.split()) for part in found.parts for piece in part.pieces)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_text_is_read_in_any_encoding(encoding: str) -> None:
    found = read("山中记.txt", CHINESE.encode(encoding), BOUNDS)
    assert (found.title, titles(found)) == ("山中记", ["第一章 初见", "第二章 再会"])
    assert found.parts[0].pieces[0] == "第一章 初见"
    assert words(found) == "".join(CHINESE.split())


def test_an_encoding_can_be_named() -> None:
    text = "漢字と仮名の文です。"
    assert words(read("a.txt", text.encode("euc_jp"), BOUNDS, "euc_jp")) == text


def test_every_character_is_in_one_piece() -> None:
    text = "".join(f"Sentence number {n} of a long text, he said. " for n in range(200))
    found = read("a.txt", text.encode(), BOUNDS)
    assert words(found) == "".join(text.split())
    assert max(len(piece) for piece in found.parts[0].pieces) <= AT_MOST


def test_english_headings_and_wrapped_lines() -> None:
    line = "It was a bright cold day in April, and the clocks were striking\nthirteen; he went in."
    text = "My Title\n\n" + "".join(
        f"CHAPTER {n}\n\n{line}\n\n{line}\n\n" for n in ("I", "II", "III")
    )
    found = read("book.txt", text.encode(), BOUNDS)
    assert titles(found) == ["", "CHAPTER I", "CHAPTER II", "CHAPTER III"]
    assert "striking thirteen" in found.parts[1].pieces[1]


def test_a_sentence_that_begins_like_a_heading_is_none() -> None:
    text = "第一章的内容很多，我们明天再讲。\nPart of him left.\nChapter two was dull, he said."
    assert titles(read("a.txt", text.encode(), BOUNDS)) == [""]


def test_the_headings_of_markdown_are_chapters() -> None:
    text = (
        "# The Book\n\nBy *me*.\n\n## One\n\n**Bold** words.\n\n## Two\n\n```\n## no\n```\n\nEnd."
    )
    found = read("x.md", text.encode(), BOUNDS)
    assert (found.title, titles(found)) == ("The Book", ["", "One", "Two"])
    assert words(found) == "TheBook.Byme.One.Boldwords.Two.Codeisleftout.End."


def test_the_spine_of_an_epub_is_read_with_the_titles_of_its_contents() -> None:
    content = epub(
        {
            "cover.xhtml": page("<img src='c.jpg' alt='cover'/>"),
            "1.xhtml": page(
                "<h1>一 初见</h1><p>他<ruby>走<rt>zǒu</rt></ruby>了。<br/>风&amp;雨</p>"
            ),
            "1b.xhtml": page("<p>同一章。<a epub:type='noteref' href='#n'>1</a></p>"),
            "2.xhtml": page("<h1>二 再会</h1><p>回来了。</p><script>no()</script>"),
        },
        {"1.xhtml": "一 初见", "2.xhtml": "二 再会"},
    )
    found = read("x.epub", content, BOUNDS)
    assert (found.title, titles(found)) == ("山中记", ["一 初见", "二 再会"])
    assert words(found) == "一初见他走了。风&雨同一章。二再会回来了。"


def test_a_chapter_without_words_goes_to_the_next() -> None:
    found = read("a.txt", "第一卷 山\n第一章 初见\n天黑了。\n第二章 再会\n".encode(), BOUNDS)
    assert words(found) == "第一卷山第一章初见天黑了。第二章再会"
    assert titles(found) == ["第一章 初见", ""]


_LOCK = "<encryption><EncryptedData><EncryptionMethod Algorithm='{}'/></EncryptedData></encryption>"
_BOMB = page("<p>" + "a" * (2 << 20) + "</p>")
_XXE = page("<p>&x;</p>", "<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>")
_ONE = {"1.xhtml": page("<p>Words.</p>")}
WRONG: dict[str, tuple[str, bytes, str]] = {
    "no words": ("a.txt", b" \n ... \n", "book_empty"),
    "nothing": ("a.txt", b"", "book_empty"),
    "too long": ("a.txt", b"Words. " * 3000, "book_too_long"),
    "another kind": ("a.pdf", b"%PDF-1.7", "book_kind"),
    "a picture called text": ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "book_"),
    "a ZIP called text": ("a.txt", epub(_ONE, {}), "book_kind"),
    "a text called EPUB": ("a.epub", b"Words.", "book_broken"),
    "half an EPUB": ("a.epub", epub(_ONE, {})[:700], "book_broken"),
    "a ZIP that is no EPUB": ("a.epub", packed({"a.txt": "Words."}), "book_broken"),
    "an EPUB without text": ("a.epub", epub({"1.xhtml": page("<img/>")}, {}), "book_empty"),
    "a bomb": ("a.epub", epub({"1.xhtml": _BOMB}, {}), "book_too_large"),
    "entities": ("a.epub", epub({"1.xhtml": _XXE}, {}), "book_entities"),
    "encrypted": ("a.epub", epub(_ONE, {}, encryption=_LOCK.format("aes256-cbc")), "book_drm"),
    "rights": ("a.epub", epub(_ONE, {}, rights="<rights/>"), "book_drm"),
}


@pytest.mark.parametrize(("name", "content", "code"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_a_book_is_one_clear_error(name: str, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read(name, content, BOUNDS)
    assert refused.value.code.startswith(code)
    assert refused.value.field == "file"


def test_a_wrong_encoding_names_the_byte_and_the_fix() -> None:
    with pytest.raises(InvalidInputError, match=r"not utf-8 at byte 1; .*`encoding`"):
        read("a.txt", "天色".encode("gb18030"), BOUNDS, "utf-8")
    for name in ("nonsense", "rot13", "zlib"):
        with pytest.raises(InvalidInputError, match="is not the name of one"):
            read("a.txt", b"Words.", BOUNDS, name)


def test_fonts_that_are_scrambled_lock_no_text() -> None:
    font = _LOCK.format("http://www.idpf.org/2008/embedding")
    assert words(read("a.epub", epub(_ONE, {}, encryption=font), BOUNDS)) == "Words."
