"""The database as it was made: whether anybody has written in it since, and back to it."""

from tests import databases


class Kept:
    def __init__(self, database: databases.Kept) -> None:
        self.database = database
        database.keep("matrix")
        self.version = database.version()

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been committed since; not even what was there before."""
        return self.database.version() == self.version

    def restore(self) -> None:
        self.database.put_back("matrix")
        self.version = self.database.version()
