"""The entry point of the web server (`granian --interface wsgi wsgi:app`) and of commands (`flask --app wsgi`)."""

import os
import sys

from app import create_app
from config import EXIT_STATUS, SettingError

os.umask(0o077)  # only the site's user can read the database, attached files and emails

try:
    app = create_app()
except SettingError as error:
    print(f"Plenary cannot start. {error}", file=sys.stderr)  # noqa: T201  there is no log yet
    raise SystemExit(EXIT_STATUS) from None
