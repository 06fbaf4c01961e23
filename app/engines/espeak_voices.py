"""The voices offered from eSpeak NG's hundred languages, and what each can read."""

from dataclasses import dataclass

from app.engines.interface import Voice


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice and its name for ``espeak_SetVoiceByName``, e.g. ``cmn+f2`` (language + variant)."""

    voice: Voice
    espeak_name: str
    reads_han: bool = False
    """False: eSpeak says "Chinese letter" for every Han character instead of reading it."""
    reads_kana: bool = False
    says_pinyin: bool = False
    """Has the sounds of Mandarin, so that ``[h][ào]`` can be said."""
    says_phonemes: bool = False
    """Has or can switch to the sounds of English, so that ``[M][AY0]`` can be said."""


def _voice(id_: str, zh: str, en: str, language: str, name: str, *reads: str) -> EspeakVoice:
    return EspeakVoice(
        Voice(id_, zh, en, language),
        name,
        reads_han="han" in reads,
        reads_kana="kana" in reads,
        says_pinyin=language == "zh-CN",
        says_phonemes=language in ("zh-CN", "en-US", "en-GB"),
    )


VOICES: tuple[EspeakVoice, ...] = (
    _voice("cmn", "普通话 男声", "Mandarin, male", "zh-CN", "cmn", "han"),
    _voice("cmn-female", "普通话 女声", "Mandarin, female", "zh-CN", "cmn+f2", "han"),
    _voice("yue", "粤语 男声", "Cantonese, male", "zh-HK", "yue", "han"),
    _voice("yue-female", "粤语 女声", "Cantonese, female", "zh-HK", "yue+f2", "han"),
    _voice("en-us", "美式英语 男声", "American English, male", "en-US", "en-us"),
    _voice("en-us-female", "美式英语 女声", "American English, female", "en-US", "en-us+f3"),
    _voice("en-gb", "英式英语 男声", "British English, male", "en-GB", "en"),
    _voice("en-gb-female", "英式英语 女声", "British English, female", "en-GB", "en+f3"),
    _voice("ja", "日语（仅假名）", "Japanese (kana only)", "ja-JP", "ja", "kana"),
    _voice("ko", "韩语", "Korean", "ko-KR", "ko"),
    _voice("de", "德语", "German", "de-DE", "de"),
    _voice("fr", "法语", "French", "fr-FR", "fr"),
    _voice("es", "西班牙语", "Spanish", "es-ES", "es"),
    _voice("it", "意大利语", "Italian", "it-IT", "it"),
    _voice("pt-br", "巴西葡萄牙语", "Brazilian Portuguese", "pt-BR", "pt-br"),
    _voice("ru", "俄语", "Russian", "ru-RU", "ru"),
)
