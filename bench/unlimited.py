"""The site without limits on attempts and searches, of which a measurement makes more than anybody may."""

import os
from dataclasses import replace

from app import create_app
from config import from_environment

app = create_app(replace(from_environment(os.environ), overrides={"RATELIMIT_ENABLED": False}))
