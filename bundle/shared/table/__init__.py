"""Tables as spreadsheet programs save them, and the splits of specimens."""
