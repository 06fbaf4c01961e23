"""ASGI layers around page and API. Streams pass through them unbuffered."""
