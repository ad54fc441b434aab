"""The report of a pair: for programs (JSON) and for people (figure, page)."""
