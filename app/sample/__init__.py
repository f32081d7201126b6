"""The sample site: its texts in TOML files, and what loads them into an empty database."""
