"""Questions about the app on a real server."""
