"""`make bench ARGS=pdf`: the time and memory that the PDF of a forum takes, on one processor.

A forum of 500 messages has to be read within a second and typeset within five; one of 5,000 messages has to be typeset
in less than a gigabyte. The messages are those of the sample, repeated. Linux only.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from flask_migrate import upgrade

from app import create_app, stress
from app.database import utcnow
from app.extensions import db
from app.models import Message
from app.printing import pdf
from app.printing.renditions import all_wanted
from bench.data import SECRET
from config import Config

MESSAGES_OF_A_TOPIC = 10
MOST_SECONDS = {500: (1.0, 5.0)}  # for the page with its reading as data, and for the PDF
MOST_MEGABYTES = {500: 1000, 5_000: 1000}


def main() -> int:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    is_right = True
    for messages, most in MOST_MEGABYTES.items():
        with tempfile.TemporaryDirectory() as folder:
            read, typeset, size, words = _measure(Path(folder), messages)
        # The largest of all processes so far; the sizes grow.
        megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"{messages:,} messages of {words:.0f} words: read in {read:.2f} s, typeset in {typeset:.2f} s "
            f"with {megabytes:.0f} MB; {size / 1024:,.0f} KB",
            flush=True,
        )
        most_read, most_typeset = MOST_SECONDS.get(messages, (read, typeset))
        is_right = is_right and read <= most_read and typeset <= most_typeset and megabytes <= most
    return 0 if is_right else 1


def _measure(folder: Path, messages: int) -> tuple[float, float, int, float]:
    """The seconds that reading and typesetting take, the bytes of the PDF, and the words of a message."""
    app = create_app(Config(secret_key=SECRET, site_url="http://127.0.0.1:8000", instance=folder, page_cache_mb=0))
    with app.app_context():
        upgrade()
        stress.fill(messages // MESSAGES_OF_A_TOPIC, messages, utcnow())
        words = [len(body.split()) for body in db.session.scalars(db.select(Message.body))]
        wanted = next(all_wanted(utcnow()))
        pdf.data_of(wanted)  # what is made once, such as the statements, is not measured
        started = time.perf_counter()
        data = pdf.data_of(wanted)
        read = time.perf_counter()
        made, complaint = pdf.typeset(data)
        if complaint:
            sys.exit(complaint)
        db.engine.dispose()
    return read - started, time.perf_counter() - read, len(made), sum(words) / len(words)


if __name__ == "__main__":
    sys.exit(main())
