"""The service at work on a virtual clock, with no network: `timeline.yaml` is what the feeds say, `play.py` lets the real jobs run."""
