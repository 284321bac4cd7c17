"""One module per rule operator; its docstring is its manual. Registered in `alerts.rules.compile.OPERATORS`."""
