"""Environment variables that Gradio reads when it is imported."""

import os
from pathlib import Path


def prepare(folder: Path) -> None:
    """Set it. To be called before the first import of Gradio in the process. ``folder`` is for
    Gradio's own files, on this node's disk.

    Nothing may leave the node: Gradio would report its start and look for a newer version.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Gradio looks at files in the event loop: it is never told of the shared folder, which can
    # hang. See app.web.files.event_paths.
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
