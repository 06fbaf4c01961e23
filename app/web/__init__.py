"""The Gradio page. The only folder that imports Gradio."""
