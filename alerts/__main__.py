"""`python -m alerts`."""

from alerts.cli.app import main

if __name__ == "__main__":
    main()
