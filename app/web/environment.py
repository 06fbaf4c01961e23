"""What Gradio reads from the environment when it is imported."""

import os

from app.settings import Settings


def prepare(settings: Settings) -> None:
    """Set it. To be called before the first import of Gradio in the process.

    Nothing may leave the node: Gradio would report its start and look for a newer version.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Uploads and what Gradio copies must be readable from every node.
    os.environ["GRADIO_TEMP_DIR"] = str(settings.temp_dir)
