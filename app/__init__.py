"""Plenary, an online forum for official consultations. `create_app` wires it together."""

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
)
from app.admin.views import bp as admin
from app.attachments.forms import register as register_uploads
from app.attachments.views import bp as attachments
from app.auth.views import bp as auth
from app.extensions import babel, compress, csrf, db, limiter, login_manager, migrate
from app.feeds.views import bp as feeds
from app.figures.views import bp as figures
from app.forums.posting_views import bp as posting
from app.forums.views import bp as forums
from app.moderation.record_views import bp as record
from app.moderation.report_views import bp as reporting
from app.moderation.topic_views import bp as topic_moderation
from app.moderation.views import bp as moderation
from app.pages.views import bp as pages
from app.printing.views import bp as printing
from app.storage import LocalFolder
from config import MEGABYTE, ROOT, Config, from_environment

BLUEPRINTS = (
    pages,
    auth,
    forums,
    posting,
    printing,
    figures,
    attachments,
    moderation,
    topic_moderation,
    reporting,
    record,
    admin,
    feeds,
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
