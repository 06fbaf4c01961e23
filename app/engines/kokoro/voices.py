"""The voices offered, and the language each was recorded in.

Japanese voices exist too; they are not offered, because eSpeak NG's Japanese phonemes are not
those the model has learned.
"""

from dataclasses import dataclass

from ..interface import Voice


@dataclass(frozen=True, slots=True)
class Language:
    """A language the model speaks."""

    tag: str
    """BCP 47."""
    zh: str
    en: str
    espeak: str
    """eSpeak NG's name of it, for the phonemes; empty where they are misaki's."""


MANDARIN = Language("zh-CN", "普通话", "Mandarin", "")
AMERICAN = Language("en-US", "美式英语", "American English", "en-us")
BRITISH = Language("en-GB", "英式英语", "British English", "en-gb")
SPANISH = Language("es-ES", "西班牙语", "Spanish", "es")
FRENCH = Language("fr-FR", "法语", "French", "fr-fr")
HINDI = Language("hi-IN", "印地语", "Hindi", "hi")
ITALIAN = Language("it-IT", "意大利语", "Italian", "it")
PORTUGUESE = Language("pt-BR", "巴西葡萄牙语", "Brazilian Portuguese", "pt-br")

_GENDERS = {"f": ("女声", "female"), "m": ("男声", "male")}
# The first voice of all is the node's default: a Mandarin one, which reads English words too.
_NAMES = (
    (MANDARIN, "zf", "xiaoxiao xiaobei xiaoni xiaoyi"),
    (MANDARIN, "zm", "yunyang yunjian yunxi yunxia"),
    (AMERICAN, "af", "heart bella nicole alloy aoede jessica kore nova river sarah sky"),
    (AMERICAN, "am", "michael fenrir puck adam echo eric liam onyx santa"),
    (BRITISH, "bf", "emma isabella alice lily"),
    (BRITISH, "bm", "george fable daniel lewis"),
    (SPANISH, "ef", "dora"),
    (SPANISH, "em", "alex santa"),
    (FRENCH, "ff", "siwis"),
    (HINDI, "hf", "alpha beta"),
    (HINDI, "hm", "omega psi"),
    (ITALIAN, "if", "sara"),
    (ITALIAN, "im", "nicola"),
    (PORTUGUESE, "pf", "dora"),
    (PORTUGUESE, "pm", "alex santa"),
)


def _voice(language: Language, prefix: str, name: str) -> Voice:
    zh, en = _GENDERS[prefix[1]]
    title = name.capitalize()
    return Voice(
        f"{prefix}_{name}",
        f"{language.zh} {zh} {title}",
        f"{title}, {language.en}, {en}",
        language.tag,
    )


LANGUAGE_OF: dict[str, Language] = {
    f"{prefix}_{name}": language for language, prefix, names in _NAMES for name in names.split()
}
"""The language of each voice, by the voice's id."""
VOICES: tuple[Voice, ...] = tuple(
    _voice(language, prefix, name) for language, prefix, names in _NAMES for name in names.split()
)
