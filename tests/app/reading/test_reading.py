"""Markdown, addresses and emoji as a person reads them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reading import as_read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "# Weather\n\nIt is **very** _cold_ and ~~dry~~ wet.",
            "Weather.\n\nIt is very cold and dry wet.",
        ),
        ("## 天气\n今天**很冷**，*有风*。", "天气。\n\n今天很冷，有风。"),
        ("See [the docs](https://example.com/a?b=1).", "See the docs."),
        ("参见[文档](https://example.com)。", "参见文档。"),
        ("![a cat](cat.png)", "a cat"),
        ("- apples\n- [x] pears\n- plums!", "apples.\npears.\nplums!"),
        ("1. 打开\n2. 关闭：\n   - 先甲", "1. 打开。\n2. 关闭：\n先甲。"),
        ("3) three\n4) four", "3) three.\n4) four."),
        ("> so it\n> is", "so it\nis"),
        ("above\n\n---\n\nbelow", "above\n\nbelow"),
        ("Call `get_user()` now", "Call get user now"),
        ("Do:\n\n```python\nx = 1\n```", "Do:\n\nCode is left out."),
        ("运行：\n\n```sh\nls -l\n```", "运行：\n\n此处省略代码。"),
        ("```text\nDear Bob\n```", "Dear Bob"),
        ("|Name|Age|\n|-|-|\n|Bob|**12**|\n|Eve||", "Name: Bob, Age: 12.\nName: Eve."),
        ("|名称|价格|\n|--|--|\n|苹果|3元|", "名称：苹果，价格：3元。"),
        ("|only|head|\n|-|-|", "only, head."),
        ("one<br>two  \nthree", "one\ntwo\nthree"),
        (
            "**注意：**这里有**“重点”**内容，*（斜体）*也是。",
            "注意：这里有“重点”内容，（斜体）也是。",
        ),
        ("##标题\n#话题#", "标题。\n\n#话题#"),
        ("- **Speed:** 2**3 is `a*b`", "Speed: 2**3 is a*b."),
        ("Tom &amp; Jerry \\*", "Tom & Jerry *"),
    ],
)
def test_markdown(written: str, read: str) -> None:
    assert as_read(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Visit https://www.example.com.", "Visit example dot com."),
        ("www.example.org/docs, then", "example dot org slash docs, then"),
        ("https://example.com:8080/a/b.html!", "example dot com slash a slash b dot html!"),
        ("https://example.com/watch?v=1#t", "example dot com"),
        ("https://example.com/" + "long-" * 10, "example dot com"),
        ("访问https://example.com吧", "访问example 点 com吧"),
        ("<https://example.com>", "example dot com"),
        (
            "Write to bob_b.smith@example.com.",
            "Write to bob underscore b dot smith at example dot com.",
        ),
        ("发邮件到 bob@example.com。", "发邮件到 bob 艾特 example 点 com。"),
        ("http://[::1 is none", "http://[::1 is none"),
    ],
)
def test_addresses(written: str, read: str) -> None:
    assert as_read(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Great 🎉!", "Great!"),
        ("🚀 Go 👨‍👩‍👧 on 👍🏽", "Go on"),
        ("你好😀再见", "你好再见"),
        ("1️⃣ first ✅ ⏰ 🇨🇳 🏴󠁧󠁢󠁥󠁮󠁧󠁿 end", "1 first end"),
        ("\U0001fae9 new", "new"),
        ("20 °C, ㎡, ©, №, ①, 🈶", "20 °C, ㎡, ©, №, ①, 🈶"),
        ("क्‍ष", "क्‍ष"),
    ],
)
def test_emoji(written: str, read: str) -> None:
    assert as_read(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "[h][ào] <strong>is</strong> [breath] [M][AY0]",
        "2*3*4 = 24, a < b and c > d, snake_case, 5 * 6",
        "    An indented line.\n\n\n　　中文缩进。",
        "“Quoted,” (bracketed) – $5 & 10 %",
    ],
)
def test_what_is_no_markup_stays_to_the_character(text: str) -> None:
    assert as_read(text) == text


def test_other_languages_say_addresses_their_own_way_and_leave_code_out() -> None:
    text = "**Siehe** https://www.example.com/x oder a@example.com\n\n```\nx\n```"
    assert as_read(text, "de") == "Siehe example.com/x oder a@example.com"


@given(st.text(st.sampled_from("ab ,。.!?中文字\n"), max_size=60))
def test_words_alone_are_never_changed(text: str) -> None:
    # Two spaces at the end of a line are Markdown's break, and nothing that is read.
    assert _without_line_ends(as_read(text)) == _without_line_ends(text)


def _without_line_ends(text: str) -> str:
    return re.sub(" +\n", "\n", text)


@given(st.text(st.sampled_from("#*_`[]()!|->+~\\<&:/@.1a中 \n\t\U0001f600\ufe0f"), max_size=60))
def test_whatever_it_is_it_can_be_read_and_no_letter_is_made_of_nothing(text: str) -> None:
    read = as_read(text)
    assert read.count("中") <= text.count("中")
    assert "\U0001f600" not in read
