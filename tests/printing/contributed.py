"""The table of contributions and the data, read."""

import csv
import io
import json
from typing import Any

from flask.testing import FlaskClient

from config import ROOT

OPEN = "/en/print/forums/open-forum/contributions"
SCHEMA = json.loads((ROOT / "docs" / "contributions.schema.json").read_text("utf-8"))


def rows_of(client: FlaskClient, path: str = OPEN, separator: str = ",") -> list[dict[str, str]]:
    text = client.get(f"{path}.csv", buffered=True).get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))


def data_of(client: FlaskClient, path: str = OPEN) -> Any:
    return json.loads(client.get(f"{path}.json", buffered=True).get_data())
