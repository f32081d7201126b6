"""Settings, read from the environment. If one is missing or unsafe, the error says in one sentence what to set."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

ROOT = Path(__file__).resolve().parent
SHORTEST_SECRET = 32
# In bytes. A megabyte of percent-encoded text fits in it, and is then refused at its field and returned to the person.
LARGEST_FORM = 4 * 1024 * 1024
MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 100  # a file is read into memory to identify its kind
MOST_FILES = 20
MOST_PROXIES = 10
SECONDS_TO_CONNECT = 5  # to PostgreSQL, so that readers do not wait for a server that does not answer
EXIT_STATUS = 78  # EX_CONFIG in sysexits.h; the units in deploy/ do not restart the process after it
REDIS_SCHEMES = frozenset({"redis", "rediss", "redis+unix"})
MOST_AN_HOUR = 10_000
MOST_OF_A_DISK = 1_000_000  # in megabytes
MOST_CACHE_MEGABYTES = 4096
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CONTACT = re.compile(r"[^\s@<>]+@[^\s@<>]+")
YES_OR_NO = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False, "": False}


class SettingError(Exception):
    """A setting is missing or unsafe; the message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of an application. README describes each of them under the name of its environment variable."""

    secret_key: str
    site_url: str
    instance: Path = ROOT / "instance"
    database_url: str = ""
    redis_url: str = ""
    mail_url: str = ""
    mail_from: str = ""
    contact_email: str = ""
    site_name: str = "Plenary"
    default_language: str = "en"
    languages: tuple[str, ...] = ("en", "es", "fr")
    translations: tuple[Path, ...] = (ROOT / "translations",)
    files_folder: Path | None = None
    largest_file: int = 10 * MEGABYTE
    files_per_message: int = 5
    posts_per_hour: int = 60
    reports_per_hour: int = 20
    bytes_per_day: int = 200 * MEGABYTE
    free_space: int = 100 * MEGABYTE
    page_cache_mb: int = 64
    trusted_proxies: int = 0
    require_second_step_for_admins: bool = False
    overrides: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.secret_key) < SHORTEST_SECRET:
            raise SettingError(
                f"SECRET_KEY must be set, with at least {SHORTEST_SECRET} characters. Make one with: "
                "python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        _require_site(self.site_url)
        if self.redis_url:
            _require_redis(self.redis_url)
        if self.contact_email and not CONTACT.fullmatch(self.contact_email):
            raise SettingError("CONTACT_EMAIL must be one email address, such as secretariat@example.org")
        if self.default_language not in self.languages:
            raise SettingError(f"DEFAULT_LANGUAGE must be one of {', '.join(self.languages)}.")

    @property
    def files(self) -> Path:
        """The folder of attached files."""
        return self.files_folder or self.instance / "files"

    @property
    def is_https(self) -> bool:
        return self.site_url.startswith("https://")

    def _engine_options(self) -> dict[str, object]:
        """The pool has no limit: each thread uses one connection at a time, so there are no more than threads."""
        options: dict[str, object] = {"pool_size": 0, "pool_use_lifo": True}
        if self.database_url.startswith("postgresql"):
            options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": SECONDS_TO_CONNECT}}
        return options

    def for_flask(self) -> dict[str, object]:
        """The settings under the names that Flask and its extensions use."""
        return {
            "SECRET_KEY": self.secret_key,
            "SITE": self,
            "SQLALCHEMY_DATABASE_URI": self.database_url or f"sqlite:///{self.instance / 'plenary.sqlite'}",
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            "SEND_FILE_MAX_AGE_DEFAULT": 60 * 60 * 24 * 365,
            "SESSION_COOKIE_NAME": "__Host-session" if self.is_https else "session",
            "SESSION_COOKIE_SECURE": self.is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "PERMANENT_SESSION_LIFETIME": 60 * 60 * 24 * 14,
            "MAX_CONTENT_LENGTH": LARGEST_FORM,
            "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
            "WTF_CSRF_TIME_LIMIT": None,
            "WTF_CSRF_CHECK_DEFAULT": False,  # app/forms.py checks it
            "WTF_CSRF_SSL_STRICT": False,
            "BABEL_DEFAULT_LOCALE": self.default_language,
            "BABEL_TRANSLATION_DIRECTORIES": ";".join(str(path) for path in self.translations),
            "COMPRESS_MIMETYPES": [
                "text/html",
                "text/css",
                "text/javascript",
                "application/atom+xml",
                "application/xml",
            ],
            "COMPRESS_ZSTD_LEVEL": 5,  # pages are 4% smaller than with 3, and take a seventh of a millisecond more
            # For static files, which are streamed; the default list lacks gzip, which is all that some clients accept.
            "COMPRESS_ALGORITHM_STREAMING": ["zstd", "br", "gzip", "deflate"],
            **self.overrides,
        }


def from_environment(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the settings. Raises SettingError if one is missing or unsafe."""
    files = environ.get("FILES_FOLDER", "")
    proxies = environ.get("TRUSTED_PROXIES", "0")
    if not _is_whole_number(proxies, 0, MOST_PROXIES):
        raise SettingError(f"TRUSTED_PROXIES must be the number of proxies in front, from 0 to {MOST_PROXIES}.")
    required = environ.get("REQUIRE_SECOND_STEP_FOR_ADMINS", "").lower()
    if required not in YES_OR_NO:
        raise SettingError("REQUIRE_SECOND_STEP_FOR_ADMINS must be 1 or 0.")
    return Config(
        secret_key=environ.get("SECRET_KEY", ""),
        site_url=environ.get("SITE_URL", "").rstrip("/"),
        instance=Path(environ.get("INSTANCE_FOLDER") or ROOT / "instance").resolve(),
        database_url=environ.get("DATABASE_URL", ""),
        redis_url=environ.get("REDIS_URL", ""),
        mail_url=environ.get("MAIL_URL", ""),
        mail_from=environ.get("MAIL_FROM", ""),
        contact_email=environ.get("CONTACT_EMAIL", ""),
        site_name=environ.get("SITE_NAME", "Plenary"),
        default_language=environ.get("DEFAULT_LANGUAGE", "en"),
        files_folder=Path(files).resolve() if files else None,
        largest_file=_number("LARGEST_FILE_MB", environ.get("LARGEST_FILE_MB", "10"), MOST_MEGABYTES) * MEGABYTE,
        files_per_message=_number("FILES_PER_MESSAGE", environ.get("FILES_PER_MESSAGE", "5"), MOST_FILES),
        posts_per_hour=_number("POSTS_PER_HOUR", environ.get("POSTS_PER_HOUR", "60"), MOST_AN_HOUR),
        reports_per_hour=_number("REPORTS_PER_HOUR", environ.get("REPORTS_PER_HOUR", "20"), MOST_AN_HOUR),
        bytes_per_day=_number("FILES_MB_PER_DAY", environ.get("FILES_MB_PER_DAY", "200"), MOST_OF_A_DISK) * MEGABYTE,
        free_space=_number("FREE_SPACE_MB", environ.get("FREE_SPACE_MB", "100"), MOST_OF_A_DISK) * MEGABYTE,
        page_cache_mb=_number("PAGE_CACHE_MB", environ.get("PAGE_CACHE_MB", "64"), MOST_CACHE_MEGABYTES, least=0),
        trusted_proxies=int(proxies),
        require_second_step_for_admins=YES_OR_NO[required],
    )


def _number(name: str, written: str, most: int, *, least: int = 1) -> int:
    if not _is_whole_number(written, least, most):
        raise SettingError(f"{name} must be a whole number from {least} to {most}.")
    return int(written)


def _is_whole_number(written: str, least: int, most: int) -> bool:
    return written.isdecimal() and len(written) <= len(str(most)) and least <= int(written) <= most


def _require_site(written: str) -> None:
    address = _split(written)
    if address is None or address.scheme not in {"http", "https"} or not address.hostname:
        raise SettingError("SITE_URL must be set to the address readers use, such as https://forum.example.org")
    if written != f"{address.scheme}://{address.netloc}" or "@" in address.netloc:
        raise SettingError(
            f"SITE_URL must end after the host, such as {address.scheme}://{address.hostname}: "
            "it cannot have a path, a user name or a query."
        )
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        raise SettingError("SITE_URL must begin with https:// unless the site is on this machine only.")


def _require_redis(written: str) -> None:
    address = _split(written)
    place = "" if address is None else address.path if address.scheme == "redis+unix" else address.hostname
    if address is None or address.scheme not in REDIS_SCHEMES or not place:
        raise SettingError(
            "REDIS_URL must look like redis://127.0.0.1:6379/0, rediss://host:6379/0 or redis+unix:///path/of/socket"
        )


def _split(written: str) -> SplitResult | None:
    """The parts of an address; None if it is not valid, or its port is not between 1 and 65535."""
    try:
        address = urlsplit(written)
        return None if address.port == 0 else address
    except ValueError:
        return None
