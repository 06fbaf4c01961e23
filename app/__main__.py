"""``python -m app``."""

from app import logs, settings


def main() -> None:
    """Reads the settings and serves."""
    chosen = settings.parse()
    logs.set_up(chosen.log_level)
    # Late, so that --help and a wrong option answer at once.
    from app.web import server

    server.run(chosen)


if __name__ == "__main__":
    main()
