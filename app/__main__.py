"""``python -m app``, from an unpacked folder as well as from an installed package."""

from app.cli import main

if __name__ == "__main__":
    main(prog_name="python -m app")
