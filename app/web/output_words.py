"""Texts of the page about what can be done with an output."""

OUTPUT_WORDS: dict[str, tuple[str, str]] = {
    "read_along": ("正在朗读的文字", "Text that is read"),
    "rate": ("播放速度", "Playback speed"),
    "copy_link": ("复制链接", "Copy link"),
    "copy_curl": ("复制 curl 命令", "Copy as curl"),
    "copy_python": ("复制 Python 代码", "Copy as Python"),
    "copied": ("已复制。", "Copied."),
    "copy_failed": ("浏览器不允许复制。", "The browser does not allow copying."),
}
"""Key to Chinese and English, as ``WORDS``."""
