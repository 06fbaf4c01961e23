"""Colours and type of the page. Fonts are the reader's own: the page fetches nothing elsewhere."""

from pathlib import Path

import gradio as gr

_FOLDER = Path(__file__).with_name("styles")
STYLES = [
    _FOLDER / f"{name}.css"
    for name in ("base", "form", "outcome", "player", "history", "voices", "narrow")
]
"""In the order they apply; everything finer than the theme is there."""

_SANS = (
    "Inter",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "WenQuanYi Micro Hei",
    "sans-serif",
)
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """The theme. Text has 4.5 to 1 and more on the backgrounds used here (WCAG 2, AA)."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_lg,
        font=_SANS,
        font_mono=_MONO,
    ).set(
        body_background_fill="*neutral_100",
        body_background_fill_dark="#0b1120",
        body_text_color="*neutral_800",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="#111a2e",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="#0e1628",
        border_color_primary="*neutral_200",
        border_color_primary_dark="#23304a",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_300",
        block_title_text_weight="600",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_300",
        block_title_text_size="*text_sm",
        # The border is what shows where one can type: 3 to 1 against what is around it.
        input_background_fill="white",
        input_background_fill_dark="#0b1120",
        input_border_color="#8593a8",
        input_border_color_dark="#52627d",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_border_width="1px",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        input_shadow="none",
        input_shadow_focus="none",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_dark="transparent",
        checkbox_border_color="#8593a8",
        checkbox_border_color_dark="#52627d",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        layout_gap="16px",
        form_gap_width="0px",
        button_large_text_weight="600",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        button_primary_text_color="white",
        button_secondary_background_fill="white",
        button_secondary_background_fill_dark="#16223b",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_hover_dark="#1d2c4b",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="#33435f",
        button_border_width="1px",
    )
