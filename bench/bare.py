"""The measure of all: a Flask route that only returns the bytes of a page (`BARE_BODY` names the file)."""

import os
from pathlib import Path

from flask import Flask

app = Flask(__name__)
BODY = Path(os.environ["BARE_BODY"]).read_text("utf-8")


@app.route("/<path:anything>")
def page(anything: str) -> str:  # noqa: ARG001  the body is the same for every address
    return BODY
