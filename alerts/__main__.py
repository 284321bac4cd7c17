"""The `alerts` command, also as `python -m alerts`."""

from alerts.garbage import loading


def main() -> None:
    """Load the command line, and run it."""
    with loading():
        from alerts.cli.app import main as run  # noqa: PLC0415
    run()


if __name__ == "__main__":
    main()
