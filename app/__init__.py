"""Plenary, an online forum for official consultations. `create_app` wires it together."""

from importlib import import_module

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import addresses, bounds, cli, error_pages, forms, headers, installation, languages, page_cache, templating
from app.attachments.forms import register as register_uploads
from app.extensions import babel, compress, csrf, db, limiter, login_manager, migrate
from app.storage import LocalFolder
from config import MEGABYTE, ROOT, Config, from_environment

# By the paths of their modules: a name imported here would take the place of the package of that name.
VIEWS = (
    "app.pages.views",
    "app.auth.views",
    "app.forums.views",
    "app.forums.posting_views",
    "app.printing.views",
    "app.figures.views",
    "app.attachments.views",
    "app.moderation.views",
    "app.moderation.topic_views",
    "app.moderation.report_views",
    "app.moderation.record_views",
    "app.admin.views",
    "app.feeds.views",
)


def create_app(config: Config | None = None) -> Flask:
    """The application for these settings, or for those of the environment. Raises SettingError."""
    config = config or from_environment()
    installation.require(config)
    app = Flask(__name__, instance_path=str(config.instance))
    app.config.from_mapping(config.for_flask())
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["languages"] = languages.bind(config.languages, config.translations)
    app.extensions["storage"] = LocalFolder(config.files, to_spare=config.free_space)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    babel.init_app(app, locale_selector=lambda: languages.reader_language().code)
    for extension in (csrf, limiter, compress):
        extension.init_app(app)
    login_manager.init_app(app, add_context_processor=False)
    forms.register(app)
    addresses.register(app)
    bounds.register(app)
    for path in VIEWS:
        app.register_blueprint(import_module(path).bp)
    register_uploads(app)
    templating.register(app)
    headers.register(app)
    error_pages.register(app)
    cli.register(app)
    if config.page_cache_mb:
        page_cache.register(app, config.page_cache_mb * MEGABYTE)
    return app
