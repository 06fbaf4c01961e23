"""Sound as samples, bytes and files. Ground floor: engines, audio and workers stand on it."""
