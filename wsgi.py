"""The WSGI entry point: `granian --interface wsgi wsgi:app`. Commands of flask begin here too (`flask --app wsgi`)."""

import os
import sys

from app import create_app
from config import EXIT_STATUS, SettingError

os.umask(0o077)  # what the site keeps is for its own user: database, attached files, emails

try:
    app = create_app()
except SettingError as error:
    print(f"Plenary cannot start. {error}", file=sys.stderr)  # noqa: T201  there is no log yet
    raise SystemExit(EXIT_STATUS) from None
