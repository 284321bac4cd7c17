"""One module per feed format, each with `sniff` and `read`; registered in `alerts.feeds.parse.FORMATS`."""
