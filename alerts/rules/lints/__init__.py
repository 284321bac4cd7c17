"""What is valid but unwise: each module finds one kind of it. Start with `finding.py`; `alerts.rules.lint` runs them all."""
