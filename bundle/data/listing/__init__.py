"""Which CT slice belongs to which section, and to which specimen, as names or a table say."""
