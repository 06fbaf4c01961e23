"""CMU phonemes in the IPA that kokoro-onnx's English tokenizer gives the model."""

_CONSONANTS = {
    **{name: name.lower() for name in "BDFKLMNPSTVWZ"},
    **{"CH": "tʃ", "DH": "ð", "G": "ɡ", "HH": "h", "JH": "dʒ", "NG": "ŋ", "R": "ɹ", "SH": "ʃ"},
    **{"TH": "θ", "Y": "j", "ZH": "ʒ"},
}
_VOWELS = {
    **{"AA": "ɑː", "AE": "æ", "AH": "ʌ", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ"},
    **{"ER": "ɜː", "EY": "eɪ", "IH": "ɪ", "IY": "iː", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ"},
    "UW": "uː",
}
_WEAK_VOWELS = {"AH0": "ə", "ER0": "ɚ", "IY0": "i"}
_STRESS = {"0": "", "1": "ˈ", "2": "ˌ"}


def ipa(name: str) -> str:
    """The IPA of one CMU phoneme such as ``AY1``, its stress mark before it."""
    if name in _CONSONANTS:
        return _CONSONANTS[name]
    if name in _WEAK_VOWELS:
        return _WEAK_VOWELS[name]
    return _STRESS.get(name[2:], "") + _VOWELS[name[:2]]
