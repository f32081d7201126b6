"""The sample site: its texts in TOML files, and the code that loads them into an empty database."""
