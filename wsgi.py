"""The WSGI entry point: `granian --interface wsgi wsgi:app`."""

from app import create_app
from config import SettingError

try:
    app = create_app()
except SettingError as error:
    raise SystemExit(f"Plenary cannot start. {error}") from None
