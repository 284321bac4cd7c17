"""The `alerts` command, also as `python -m alerts`."""

from alerts.garbage import settle, uncollected


def main() -> None:
    """Load the command line, and run it."""
    with uncollected():
        from alerts.cli.app import main as run  # noqa: PLC0415

        settle(first_look=False)
    run()


if __name__ == "__main__":
    main()
