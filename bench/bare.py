"""The basis of comparison: a Flask route that only returns the bytes of a page, from the folder `BARE_BODIES`."""

import os
from pathlib import Path

from flask import Flask, abort

app = Flask(__name__)
BODIES = {file.name: file.read_text("utf-8") for file in Path(os.environ["BARE_BODIES"]).iterdir()}


@app.route("/<name>")
def page(name: str) -> str:
    return BODIES[name] if name in BODIES else abort(404)
