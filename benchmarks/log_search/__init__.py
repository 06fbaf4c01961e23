"""The time of a search on a log host, beside grep's."""
