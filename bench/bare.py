"""The measure of all: a Flask route that only returns the bytes of a page (`BARE_BODIES` names their folder)."""

import os
from pathlib import Path

from flask import Flask, abort

app = Flask(__name__)
BODIES = {file.name: file.read_text("utf-8") for file in Path(os.environ["BARE_BODIES"]).iterdir()}


@app.route("/<name>")
def page(name: str) -> str:
    return BODIES[name] if name in BODIES else abort(404)
