"""The page: text in, speech out, and what all nodes have made."""

import logging
import secrets
from datetime import datetime
from pathlib import Path

import gradio as gr

from app import __version__
from app.node import SEEDS, SPEEDS, Node, RequestError
from app.outputs.store import Record
from app.text import LIMIT, TextError
from app.workers.job import JobError

HISTORY = 50
"""Outputs shown."""
_log = logging.getLogger("app.page")

THEME = gr.themes.Soft(
    primary_hue="teal",
    neutral_hue="slate",
    # The page fetches nothing from anywhere else, fonts included.
    font=["system-ui", "PingFang SC", "Microsoft YaHei", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)
CSS = """
.gradio-container { max-width: 1080px !important; margin: 0 auto !important; }
footer { display: none !important; }
#heading h1 { margin-bottom: 0; }
#heading p, #foot { color: var(--body-text-color-subdued); }
#foot { text-align: center; font-size: var(--text-sm); }
#generate { min-height: 48px; }
"""


def build(node: Node) -> gr.Blocks:
    """The page of a node whose voices are known."""
    voices = [(voice.name, voice.id) for voice in node.pool.voices]

    def synthesize(
        text: str, voice: str, speed: float, seed: float, request: gr.Request
    ) -> tuple[str, str]:
        request_id = secrets.token_hex(8)
        try:
            wanted = node.checked(text, voice, float(speed), int(seed))
            output = node.synthesize(wanted, request_id)
            path = node.save(output, wanted, request_id)
        except (TextError, RequestError, JobError) as error:
            raise gr.Error(str(error), title="无法合成 Cannot speak") from None
        except OSError as error:
            _log.exception("an output could not be saved", extra={"request_id": request_id})
            raise gr.Error(
                f"无法保存音频。 The audio could not be saved: {error.strerror}",
                title="存储故障 Storage",
            ) from None
        said = (
            f"节点 node **{node.settings.node_name}** · {output.duration:.1f} s · "
            f"{output.sound.seconds_taken:.2f} s 合成 to make · seed {output.seed}"
        )
        return str(path), said

    def rows() -> list[list[str]]:
        return [_row(record) for record in node.store.latest(HISTORY)]

    def play(event: gr.SelectData) -> str:
        # The row's own file name, not its number: newer outputs may have come since.
        name = Path(str(event.row_value[-1])).name
        path = node.settings.output_dir / name
        if not path.is_file():
            raise gr.Error("该音频已不存在。 This audio is gone.")
        return str(path)

    with gr.Blocks(title="CosyVoice · 语音合成", analytics_enabled=False) as page:
        gr.Markdown(
            "# 语音合成 Text to speech\n输入文字,选择声音。 Type a text, choose a voice.",
            elem_id="heading",
        )
        with gr.Row():
            with gr.Column(scale=3):
                text = gr.Textbox(
                    label="文字 Text",
                    lines=6,
                    max_length=LIMIT,
                    elem_id="text",
                    placeholder="请输入要朗读的文字…… What shall be said?",
                )
                generate = gr.Button("生成语音 Speak", variant="primary", elem_id="generate")
                result = gr.Audio(
                    label="结果 Result",
                    type="filepath",
                    interactive=False,
                    elem_id="result",
                    buttons=["download"],
                )
                told = gr.Markdown(elem_id="told")
            with gr.Column(scale=2):
                voice = gr.Dropdown(voices, value=voices[0][1], label="声音 Voice", elem_id="voice")
                speed = gr.Slider(
                    *SPEEDS, value=1.0, step=0.05, label="语速 Speed", elem_id="speed"
                )
                seed = gr.Number(
                    value=42,
                    precision=0,
                    minimum=SEEDS[0],
                    maximum=SEEDS[1],
                    label="随机种子 Seed",
                    elem_id="seed",
                )
                dice = gr.Button("🎲 换一个种子 Another seed", size="sm", elem_id="dice")
        gr.Markdown(
            "## 历史 History\n所有节点的最新音频,点击一行即可播放。 "
            "The latest of all nodes; click a row to hear it."
        )
        history = gr.Dataframe(
            headers=["时间 Time", "节点 Node", "声音 Voice", "秒 s", "文字 Text", "文件 File"],
            value=rows,
            interactive=False,
            elem_id="history",
            wrap=True,
            max_height=360,
            column_widths=["17%", "9%", "11%", "7%", "36%", "20%"],
        )
        with gr.Row():
            replay = gr.Audio(
                label="回放 Replay",
                type="filepath",
                interactive=False,
                elem_id="replay",
                buttons=["download"],
            )
            refresh = gr.Button("刷新 Refresh", size="sm", elem_id="refresh", scale=0)
        gr.Markdown(
            f"节点 node {node.settings.node_name} · {__version__} · {node.settings.release}",
            elem_id="foot",
        )
        generate.click(
            synthesize,
            [text, voice, speed, seed],
            [result, told],
            api_name="synthesize",
            concurrency_limit=node.settings.workers if node.settings.enable_queue else 1,
        ).success(rows, None, history, api_visibility="private", queue=False)
        dice.click(
            lambda: SEEDS[0] + secrets.randbelow(SEEDS[1]),
            None,
            seed,
            api_visibility="private",
            queue=False,
        )
        refresh.click(rows, None, history, api_visibility="private", queue=False)
        history.select(play, None, replay, api_visibility="private", queue=False)
    page.queue(max_size=node.settings.queue_size if node.settings.enable_queue else 1)
    built: gr.Blocks = page
    return built


def _row(record: Record) -> list[str]:
    when = datetime.fromisoformat(record.created).astimezone()
    return [
        f"{when:%Y-%m-%d %H:%M:%S}",
        record.node,
        record.voice,
        f"{record.duration:.1f}",
        record.text,
        record.file,
    ]
