"""The pages of accounts, each with its forms."""

from app.auth.blueprint import bp
from app.auth.views import account, email_change, leaving, passwords, second_step, sign_in, sign_up

__all__ = ["account", "bp", "passwords", "sign_up"]

for part in (sign_in, second_step, email_change, account, leaving):
    bp.register_blueprint(part.bp)
