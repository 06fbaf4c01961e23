"""Texts of the page about voices: looking for one, hearing it, saving, renaming and deleting it."""

VOICE_WORDS: dict[str, tuple[str, str]] = {
    "browse_voices": ("试听和选择声音", "Browse voices"),
    "voices": ("声音", "Voices"),
    "voices_search": ("搜索名称、语言……", "Search name, language…"),
    "voices_loading": ("正在读取……", "Loading…"),
    "voices_none": ("没有找到。", "No matches."),
    "voices_count": ("共 {0} 个声音", "Voices: {0}"),
    "voice_saved": ("已保存", "Saved"),
    "voice_sample": ("试听 {0}", "Listen to {0}"),
    "voice_sample_made": ("正在生成试听……", "Preparing the sample…"),
    "voice_use": ("使用", "Use"),
    "voice_use_named": ("使用 {0}", "Use {0}"),
    "voice_rename": ("改名", "Rename"),
    "voice_rename_named": ("给 {0} 改名", "Rename {0}"),
    "voice_renamed": ("已改名为“{0}”。", "Renamed to “{0}”."),
    "voice_delete_named": ("删除 {0}", "Delete {0}"),
    "voice_delete_question": (
        "所有人都将不能再使用这个声音。要删除“{0}”吗？",
        "Nobody will be able to use this voice any more. Delete “{0}”?",
    ),
    "voice_deleted": ("已删除“{0}”。", "Deleted “{0}”."),
    "voice_used": ("已选择“{0}”。", "“{0}” is chosen."),
    "voice_save": ("保存为声音", "Save as a voice"),
    "voice_save_hint": (
        "录音和原话会保存在共享存储中，所有节点都可以使用这个声音。",
        "The recording and its words are kept in the shared folder, and all nodes can use them.",
    ),
    "voice_name": ("名称", "Name"),
    "voice_words": ("录音原文（可不填）", "Transcript of the recording (optional)"),
    "voice_language": ("语言（可不选）", "Language (optional)"),
    "voice_language_none": ("未说明", "Not said"),
    "voice_save_now": ("保存", "Save"),
    "voice_saving": ("正在保存……", "Saving…"),
    "voice_save_done": (
        "已保存为“{0}”，可在声音列表中选择。",
        "Saved as “{0}”; it is among the voices now.",
    ),
    "need_name": ("请给这个声音起个名称。", "Give the voice a name."),
    "close": ("关闭", "Close"),
    "no_answer": ("没有得到回答，请再试一次。", "There was no answer. Please try again."),
}
"""Key to Chinese and English, as ``WORDS``."""
