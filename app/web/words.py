"""Texts of the page, in Chinese and English, and the two ways to show them.

What Gradio draws (labels, placeholders, buttons) gets a marker, which the browser replaces
(``gr.I18n``). What the page draws itself holds both languages, and the style sheet hides one: it
follows a switch of language without asking the server.
"""

from html import escape

import gradio as gr
from gradio.i18n import I18nData

from ..engines.interface import EngineInfo, Voice
from .output_words import OUTPUT_WORDS
from .voice_words import VOICE_WORDS

CHINESE, ENGLISH = "zh-CN", "en"

WORDS: dict[str, tuple[str, str]] = {
    "title": ("语音合成", "Speech studio"),
    "lede": ("输入文字，选择声音，即可收听。", "Enter text, choose a voice, and listen."),
    "language": ("语言", "Language"),
    "mode": ("方式", "Mode"),
    "preset": ("预置声音", "Preset voice"),
    "clone": ("3 秒克隆", "3-second clone"),
    "cross_lingual": ("跨语种", "Cross-lingual"),
    "instruct": ("指令控制", "Instruction"),
    "convert": ("声音转换", "Conversion"),
    "preset_hint": (
        "用现成的声音朗读文字。",
        "Reads your text in a ready-made voice.",
    ),
    "clone_hint": (
        "录几秒钟的声音并写下原话，用同样的声音朗读新的文字。",
        "Record a few seconds of a voice and its words; your text is read in that voice.",
    ),
    "cross_lingual_hint": (
        "让录音里的人说另一种语言。",
        "The voice in the recording speaks another language.",
    ),
    "instruct_hint": (
        "用一句话描述要怎么说：方言、情绪、语速。",
        "Describe in a sentence how it should sound: dialect, mood, pace.",
    ),
    "convert_hint": (
        "保留一段录音的内容，换成另一个人的声音。",
        "Keeps the words of one recording and speaks them in the voice of another.",
    ),
    "text": ("文字", "Text"),
    "text_hint": ("在这里输入要朗读的文字……", "Enter the text to be spoken…"),
    "text_info": ("Shift + Enter 生成", "Shift + Enter to generate"),
    "examples": ("试一试", "Try"),
    "characters": ("字", "characters"),
    "too_long": ("文字太长", "too long"),
    "marks_hint": ("可以标注读音：", "Pronunciation marks:"),
    "marks_wrong": ("标注有误", "Invalid annotations"),
    "marks_character": ("第 {0} 个字符", "character {0}"),
    "marks_nearest": ("最接近的写法", "closest match"),
    "voice": ("声音", "Voice"),
    "new_recording": ("使用下面的录音", "Use the recording below"),
    "saved_voice": ("声音来自", "Voice from"),
    "reference": ("参考录音", "Reference recording"),
    "reference_convert": ("目标声音", "Target voice"),
    "source": ("要转换的录音", "Recording to convert"),
    "transcript": ("录音原文", "Transcript of the recording"),
    "transcript_hint": (
        "一字不差地写下参考录音的内容",
        "Exactly what is said in the reference recording",
    ),
    "instruction": ("指令", "Instruction"),
    "instruction_hint": ("例如：用四川话说这句话", "For example: say this in Sichuanese"),
    "dialects": ("方言", "Dialects"),
    "styles": ("风格", "Styles"),
    "languages": ("语言", "Languages"),
    "speaks": ("可以说：", "Speaks:"),
    "settings": ("设置", "Settings"),
    "speed": ("语速", "Speed"),
    "speed_streaming": (
        "边生成边播放时不能调整语速。",
        "Speed cannot be changed while audio plays as it is generated.",
    ),
    "seed": ("随机种子", "Seed"),
    "seed_info": ("1–100000000，相同输入得到相同音频", "1–100000000; same input, same audio"),
    "dice": ("换一个", "Randomize"),
    "lock": ("锁定种子", "Lock seed"),
    "format": ("格式", "Format"),
    "more_settings": ("更多设置", "More"),
    "playback": ("播放方式", "playback"),
    "stream": ("边生成边播放", "Play while generating"),
    "generate": ("生成语音", "Generate"),
    "cancel": ("取消", "Cancel"),
    "seen_by_browser": (
        "您生成的内容（文字、音频、声音）只有在这个浏览器里才能看到，清除 Cookie 后就无法再看到。",
        "Only this browser shows what you make here (texts, audio, voices), until its cookies are "
        "deleted.",
    ),
    "seen_by_key": (
        "您生成的内容（文字、音频、声音）只有使用您的密钥登录的人才能看到。",
        "Only people who log in with your key see what you make here (texts, audio, voices).",
    ),
    "seen_by_all": (
        "能打开本页面的人都能看到您生成的内容（文字、音频、声音）。",
        "Everyone who can open this page sees what you make here (texts, audio, voices).",
    ),
    "deleted_by_owner": ("只有您自己能删除。", "Only you can delete it."),
    "deleted_by_all": ("任何人都能删除。", "Anyone can delete it."),
    "seen_by_admins": (
        "管理员可以查看和删除所有内容。",
        "Administrators see everything and can delete it.",
    ),
    "result": ("结果", "Result"),
    "live": ("正在播放", "Playing live"),
    "mute": ("停止播放", "Stop playing"),
    "sending": ("正在提交……", "Sending…"),
    "queued": ("排队中", "In queue"),
    "queue_place": ("第 {0} 位，共 {1} 位", "position {0} of {1}"),
    "queue_estimate": ("预计约 {0} 秒", "about {0} s"),
    "working": ("正在生成……", "Generating…"),
    "made_so_far": ("已生成 {0} 秒", "{0} s so far"),
    "cancelled": ("已取消。", "Cancelled."),
    "finished": ("完成", "Done"),
    "took": ("用时", "Took"),
    "kept_locally": ("共享存储暂时不可用。", "The shared folder is not available."),
    "busy": (
        "当前请求太多，队列已满，请稍后再试。",
        "Too many requests, the queue is full. Please try again in a moment.",
    ),
    "too_often": (
        "您在一分钟内的请求过多，请 {0} 秒后再试。",
        "You have made too many requests within a minute. Please try again in {0} s.",
    ),
    "connection_lost": (
        "与服务器的连接断开，正在重新连接……",
        "Connection to the server lost. Reconnecting…",
    ),
    "job_again": (
        "已重新连接，正在用同样的种子重新生成……",
        "Reconnected. Running the job again with the same seed…",
    ),
    "job_lost": (
        "处理这个请求的节点已经离线，输入都还在。",
        "The node working on this request went offline. Everything you entered is still here.",
    ),
    "run_again": ("再运行一次", "Run it again"),
    "page_renewed": (
        "页面已更新到新版本，输入都还在。",
        "The page was updated to a new release. Everything you entered is still here.",
    ),
    "went_wrong": ("出错了，日志编号", "Something went wrong; log ID"),
    "need_text": ("请先输入文字。", "Enter some text first."),
    "need_shorter": (
        "文字有 {0} 个字，一次最多 {1} 个。",
        "The text has {0} characters; at most {1} can be spoken at once.",
    ),
    "need_reference": (
        "请上传或录制一段参考录音。",
        "Add a recording of the voice that is to speak.",
    ),
    "need_target": ("请上传或录制目标声音。", "Add a recording of the voice to convert to."),
    "need_source": ("请上传或录制要转换的录音。", "Add the recording that is to be converted."),
    "need_transcript": (
        "请写下录音里说的话；不知道原话时可以改用“跨语种”。",
        "Write down what is said in the recording. Without it, Cross-lingual still works.",
    ),
    "need_transcript_saved": (
        "这个声音保存时没有写下原话，请改用“跨语种”。",
        "This voice was saved without the words of its recording; use Cross-lingual instead.",
    ),
    "need_instruction": (
        "请用一句话说明要怎么说，或点上面的标签。",
        "Describe how it should sound, or press one of the chips.",
    ),
    "error": ("错误", "Error"),
    "history": ("历史", "History"),
    "history_hint": ("所有节点最近生成的音频", "Latest audio from all nodes"),
    "whose": ("显示谁的", "Whose"),
    "whose_all": ("所有人", "Everyone's"),
    "whose_mine": ("我的", "Mine"),
    "refresh": ("刷新", "Refresh"),
    "search": ("搜索", "Search"),
    "search_hint": ("搜索文字、声音、节点……", "Search text, voice, node…"),
    "no_history": ("还没有音频。", "Nothing here yet."),
    "no_match": ("没有找到。", "No matches."),
    "none_so_far": ("目前没有找到。", "Nothing found so far."),
    "searched_to": (
        "已搜索到 {}，更早的还没有搜索。",
        "Searched back to {}; older items have not been searched yet.",
    ),
    "go_on": ("继续搜索", "Continue search"),
    "more": ("更多", "More"),
    "most_shown": (
        "这里最多显示 {} 条，更早的请用搜索查找。",
        "This list ends after {}; search to find older items.",
    ),
    "again": ("再次生成", "Reuse"),
    "again_done": ("已填好，点“生成语音”即可。", "The form is filled in; press Generate."),
    "again_clip": (
        "其余已填好，请重新上传原来的录音。",
        "Everything else is filled in; please add the same recording again.",
    ),
    "delete": ("删除", "Delete"),
    "delete_question": (
        "从所有节点的历史中删除这段音频？",
        "Delete this audio from the history on all nodes?",
    ),
    "delete_no": ("保留", "Keep it"),
    "deleted": ("已删除。", "Deleted."),
    "already_gone": ("这段音频已被删除。", "This audio has already been deleted."),
    "details": ("全部参数", "All parameters"),
    "download": ("下载", "Download"),
    "play": ("播放", "Play"),
    "position": ("播放位置", "Position"),
    "unplayable": (
        "无法播放，文件可能已被删除。",
        "Cannot be played; the file may have been deleted.",
    ),
    "node": ("节点", "Node"),
    "engine": ("引擎", "Engine"),
    "robot": (
        "机器人声音：本机有 GPU，但没有使用",
        "a robot's voice: this machine has GPUs, and they are not used",
    ),
    "release": ("版本", "Release"),
    "duration": ("时长", "Duration"),
    "created": ("时间", "Created"),
    "request_id": ("请求编号", "Request ID"),
    "seconds": ("秒", "s"),
    "upload": ("选择音频文件", "Choose an audio file"),
    "or_drop": ("或拖到这里", "or drop it here"),
    "record": ("录音", "Record"),
    "stop_recording": ("停止", "Stop"),
    "no_microphone": (
        "没有麦克风，或浏览器不允许使用。请允许使用麦克风，或改为上传文件。",
        "There is no microphone, or the browser may not use it. Please allow it, or upload a file "
        "instead.",
    ),
    "record_needs_https": (
        "这里不能录音：浏览器只在 HTTPS 页面（或本机地址）上允许使用麦克风。"
        "请上传文件，或请管理员启用 HTTPS。",
        "No recording here: browsers allow the microphone on HTTPS pages (or localhost) only. "
        "Upload a file, or ask your administrator for HTTPS.",
    ),
    "recording": ("正在录音", "Recording"),
    "uploading": ("正在上传……", "Uploading…"),
    "upload_failed": ("上传失败，请重试。", "Upload failed. Please try again."),
    "clip_checking": ("正在检查录音……", "Checking the recording…"),
    "remove": ("移除", "Remove"),
    "clip_good": ("录音可用", "Good recording"),
    "clip_bad": ("录音不能用", "This recording cannot be used"),
    "clip_note": ("可以用，但请注意", "Usable, but note"),
    "clip_limits": (
        "{0}–{1} 秒，采样率不低于 {2} kHz，只有一个人说话，没有背景声。",
        "{0}–{1} s, at least {2} kHz, one speaker, no background noise.",
    ),
}
"""Key to Chinese and English; ``{0}`` is filled in by ``both``."""
WORDS |= OUTPUT_WORDS | VOICE_WORDS


def _voice_key(voice: Voice) -> str:
    # A dot would be a path in the browser's dictionary.
    return f"voice_{voice.id}".replace(".", "_")


def dictionary(engine: EngineInfo) -> gr.I18n:
    """Build the browser's translations of markers: the words and the engine's voices."""
    words = WORDS | {_voice_key(voice): (voice.name_zh, voice.name_en) for voice in engine.voices}
    return gr.I18n(
        **{
            CHINESE: {key: zh for key, (zh, _) in words.items()},
            ENGLISH: {key: en for key, (_, en) in words.items()},
        }
    )


_MARKERS = gr.I18n()


def word(key: str) -> I18nData:
    """The marker of a word, for what Gradio draws."""
    if key not in WORDS:
        raise KeyError(key)
    return _MARKERS(key)


def voice_word(voice: Voice) -> I18nData:
    """The marker of an engine's voice."""
    return _MARKERS(_voice_key(voice))


def both(key: str, *filling: object) -> str:
    """A word as HTML in both languages, of which one is shown."""
    zh, en = WORDS[key]
    return said(zh.format(*filling), en.format(*filling))


def said(zh: str, en: str) -> str:
    """A text as HTML in both languages, of which one is shown; it is escaped."""
    if zh == en:
        return f"<span>{escape(zh)}</span>"
    return (
        f'<span class="t" lang="{CHINESE}">{escape(zh)}</span>'
        f'<span class="t" lang="{ENGLISH}">{escape(en)}</span>'
    )
