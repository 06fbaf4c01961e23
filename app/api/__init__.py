"""The HTTP API: one file per group of routes. None of it needs a session or Gradio."""
