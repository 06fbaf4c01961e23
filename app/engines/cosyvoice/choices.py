"""Dialects, styles and languages to choose from.

An instruction works best in the words the model was trained with: those of generation 3 are the
ones in the public repository (``instruct_list`` in cosyvoice/utils/common.py, 17 dialects), those
of generation 2 follow its examples ("用四川话说这句话").
"""

from app.engines.interface import Choice

DIALECTS_3: tuple[Choice, ...] = tuple(
    Choice(f"请用{zh}表达。", zh, en)
    for zh, en in (
        ("广东话", "Cantonese (Guangdong)"),
        ("东北话", "Northeastern (Dongbei)"),
        ("甘肃话", "Gansu"),
        ("贵州话", "Guizhou"),
        ("河南话", "Henan"),
        ("湖北话", "Hubei"),
        ("湖南话", "Hunan"),
        ("江西话", "Jiangxi"),
        ("闽南话", "Hokkien (Minnan)"),
        ("宁夏话", "Ningxia"),
        ("山西话", "Shanxi"),
        ("陕西话", "Shaanxi"),
        ("山东话", "Shandong"),
        ("上海话", "Shanghainese"),
        ("四川话", "Sichuanese"),
        ("天津话", "Tianjin"),
        ("云南话", "Yunnan"),
    )
)

STYLES_3: tuple[Choice, ...] = (
    Choice("Please say a sentence as loudly as possible.", "大声", "Loud"),
    Choice("Please say a sentence in a very soft voice.", "轻声", "Soft"),
    Choice("请用尽可能慢地语速说一句话。", "慢速", "Slow"),
    Choice("请用尽可能快地语速说一句话。", "快速", "Fast"),
    Choice("请非常开心地说一句话。", "开心", "Happy"),
    Choice("请非常伤心地说一句话。", "伤心", "Sad"),
    Choice("请非常生气地说一句话。", "生气", "Angry"),
    Choice("我想体验一下小猪佩奇风格，可以吗？", "小猪佩奇", "Peppa Pig"),
    Choice("你可以尝试用机器人的方式解答吗？", "机器人", "Robot"),
)

DIALECTS_2: tuple[Choice, ...] = tuple(
    Choice(f"用{zh}说这句话", zh, en)
    for zh, en in (
        ("粤语", "Cantonese"),
        ("四川话", "Sichuanese"),
        ("上海话", "Shanghainese"),
        ("天津话", "Tianjin"),
        ("武汉话", "Wuhan"),
    )
)

STYLES_2: tuple[Choice, ...] = (
    Choice("用开心的语气说", "开心", "Happy"),
    Choice("用伤心的语气说", "伤心", "Sad"),
    Choice("用生气的语气说", "生气", "Angry"),
    Choice("用轻柔的声音说", "轻柔", "Soft"),
    Choice("快速地说", "快速", "Fast"),
    Choice("慢慢地说", "慢速", "Slow"),
)

LANGUAGES_2: tuple[Choice, ...] = (
    Choice("zh", "中文", "Chinese"),
    Choice("en", "英语", "English"),
    Choice("ja", "日语（请用片假名书写）", "Japanese (write it in katakana)"),
    Choice("ko", "韩语", "Korean"),
)

LANGUAGES_3: tuple[Choice, ...] = (
    *LANGUAGES_2,
    Choice("de", "德语", "German"),
    Choice("es", "西班牙语", "Spanish"),
    Choice("fr", "法语", "French"),
    Choice("it", "意大利语", "Italian"),
    Choice("ru", "俄语", "Russian"),
)
