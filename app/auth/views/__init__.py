"""The pages of accounts, each with its forms."""

from app.auth.blueprint import bp
from app.auth.views import account, second_step, sign_in, sign_up

__all__ = ["account", "bp", "second_step", "sign_in", "sign_up"]
