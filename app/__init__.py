"""Plenary, an online forum for official consultations. `create_app` makes the application."""

from importlib import import_module

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import (
    addresses,
    bounds,
    cli,
    error_pages,
    forms,
    headers,
    installation,
    languages,
    page_cache,
    restarts,
    templating,
    viewer,
)
from app.announcements import write_next
from app.attachments.forms import register as register_uploads
from app.extensions import babel, compress, csrf, db, limiter, login_manager, migrate
from app.following.letters import WRITERS
from app.following.publication_actions import digest_next, give_out_next
from app.printing.archive import make_due
from app.printing.pdf import make_next
from app.storage import LocalFolder
from config import MEGABYTE, ROOT, Config, from_environment

# Imported by their full paths, since a blueprint imported by name would hide the package of that name.
# Several modules of views may share one.
BLUEPRINTS = dict.fromkeys(
    getattr(import_module(f"app.{path.partition(':')[0]}"), path.partition(":")[2] or "bp")
    for path in (
        "pages.views",
        "auth.views",
        "forums.views",
        "forums.posting_views",
        "forums.news_views",
        "printing.views",
        "printing.contribution_views",
        "printing.pdf_views",
        "printing.archive_views",
        "figures.views",
        "attachments.views",
        "moderation.views",
        "moderation.topic_views",
        "moderation.annotation_views",
        "admin",
        "admin.texts:translate",
        "admin.forums:outside",
        "feeds.views",
        "following.views",
        "search.views",
    )
)


def create_app(config: Config | None = None) -> Flask:
    """The application for these settings, or for those of the environment. Raises SettingError."""
    config = config or from_environment()
    installation.require(config)
    app = Flask(__name__, instance_path=str(config.instance))
    app.jinja_environment = templating.Templates
    app.config.from_mapping(config.for_flask())
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["languages"] = languages.bind(config.languages, config.translations)
    app.extensions["storage"] = LocalFolder(config.files, to_spare=config.free_space)
    app.extensions["renditions"] = LocalFolder(config.instance / "pdf", to_spare=config.free_space)
    app.extensions["archives"] = LocalFolder(config.instance / "archives", to_spare=config.free_space)
    app.extensions["jobs"] = (make_next, make_due)  # what `flask worker` does beside sending emails
    # What writes emails to many people, a few at a time, by lane from 1 on.
    app.extensions["writers"] = ((give_out_next, digest_next), (write_next,))
    app.extensions["letters"] = WRITERS
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    babel.init_app(app, locale_selector=lambda: languages.reader_language().code)
    for extension in (csrf, limiter, compress):
        extension.init_app(app)
    login_manager.init_app(app, add_context_processor=False)
    viewer.register(app)
    forms.register(app)
    addresses.register(app)
    bounds.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    register_uploads(app)
    templating.register(app)
    headers.register(app)
    error_pages.register(app)
    cli.register(app)
    restarts.register(app)
    if config.page_cache_mb:
        page_cache.register(app, config.page_cache_mb * MEGABYTE)
    return app
