"""`make bench ARGS=failures`: what readers and authors notice when parts of the site are killed or restarted.

nginx, two web processes, the mail worker, PostgreSQL and Valkey run on loopback with the files of deploy/. People read,
post and sign up over TLS while one part after another is killed or restarted. The output lists reads that failed, and
finally messages and emails that were lost or duplicated. Takes about three minutes.
"""

import html
import http.client
import re
import secrets
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from urllib.parse import urlencode

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import Connection, create_engine, text

from bench.servers import HOST, Nginx, Postgres, Unit, Valkey, free_ports, settings, wait_until
from config import ROOT

READERS, AUTHORS = 6, 3
# For each person; nginx accepts 20 requests and 2 forms a second from one address.
READS_A_SECOND, POSTS_A_SECOND, SIGN_UPS_A_SECOND = 8.0, 1.0, 0.5
SECONDS_FOR_A_FAULT = 14
MOST_TRIES = 20
TOPICS, MESSAGES = 10, 400
PASSWORD = "a password only for measuring"
FIELD = re.compile(r'<input[^>]*name="(csrf_token|key)"[^>]*>')
MESSAGE = re.compile(r"#message-(\d+)$")


@dataclass(frozen=True)
class Answer:
    """An answer: `status` is 0 if there was none; `location` is the target of a redirect."""

    status: int
    page: str = ""
    location: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """One request of a person; `kind` is read, post or sign-up."""

    kind: str
    at: float
    seconds: float
    failure: str


@dataclass
class Diary:
    """What all people together have experienced. `posted` has the number of each message that was accepted, by its
    text; `sent` has all texts, `signed_up` the addresses for which an email was announced."""

    seen: list[Seen] = field(default_factory=list)
    posted: dict[str, int] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    signed_up: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)


class Person:
    """A browser with its own address on loopback, so that nginx counts each person separately."""

    def __init__(self, number: int, port: int, diary: Diary) -> None:
        self._source, self._port, self._diary = f"127.0.1.{number}", port, diary
        self._cookies: dict[str, str] = {}
        self._connection: http.client.HTTPSConnection | None = None

    def read(self, path: str) -> Answer:
        return self._note("read", 200, "GET", path)

    def post(self, kind: str, path: str, form: dict[str, str], *, expected: int = 302) -> Answer:
        return self._note(kind, expected, "POST", path, urlencode(form))

    def form(self, path: str) -> dict[str, str]:
        """The hidden fields of a form, requested until there are any."""
        for _attempt in range(MOST_TRIES):
            fields = FIELD.finditer(self.read(path).page)
            found = {one[1]: html.unescape(one[0].partition('value="')[2].partition('"')[0]) for one in fields}
            if "csrf_token" in found:
                return found
            time.sleep(0.5)
        raise SystemExit(f"{path} shows no form")

    def sign_in(self, email: str) -> None:
        path = "/en/auth/sign-in/"
        answer = self.post("sign in", path, self.form(path) | {"email": email, "password": PASSWORD})
        if answer.status != 302:
            raise SystemExit(f"{email} could not sign in: {answer.status} {answer.reason}")

    def _note(self, kind: str, expected: int, method: str, path: str, body: str | None = None) -> Answer:
        began = time.monotonic()
        answer = self._ask(method, path, body)
        failure = "" if answer.status == expected else answer.reason or str(answer.status)
        with self._diary.lock:
            self._diary.seen.append(Seen(kind, began, time.monotonic() - began, failure))
        return answer

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Host": HOST, "Accept-Encoding": "identity", "Referer": f"https://{HOST}{path}"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        is_fresh = self._connection is None
        try:
            connection = self._connection or self._connect()
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            if method == "GET" and not is_fresh and isinstance(error, http.client.RemoteDisconnected):
                return self._ask(method, path, body)  # as browsers do: the server has closed it while it was idle
            return Answer(0, reason=type(error).__name__)
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.will_close:
            self._drop()
        return Answer(answer.status, page, answer.headers.get("Location", ""))

    def _connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is self-signed
        plain = socket.create_connection(("127.0.0.1", self._port), timeout=70, source_address=(self._source, 0))
        connection = http.client.HTTPSConnection(HOST, context=context)
        connection.sock = context.wrap_socket(plain, server_hostname=HOST)
        self._connection = connection
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class Mailbox:
    """The handler of an SMTP server that counts emails by Message-ID and remembers their recipients."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self.recipients: set[str] = set()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        content = envelope.content or b""
        head = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
        found = re.search(r"^Message-ID:\s*(\S+)", head, re.MULTILINE | re.IGNORECASE)
        self.received[found[1] if found else "none"] += 1
        self.recipients.update(envelope.rcpt_tos)
        return "250 OK"


@dataclass
class Site:
    nginx: Nginx
    postgres: Postgres
    valkey: Valkey
    first: Unit
    second: Unit
    worker: Unit
    mailbox: Mailbox

    @property
    def faults(self) -> dict[str, Callable[[], None]]:
        """The events, in this order."""
        return {
            "nothing": lambda: None,
            "worker of a web process killed": self.first.kill_worker,
            "web process killed": self.second.kill,
            "web processes restarted in turn": self._restart_both,
            "mail worker killed": self.worker.kill,
            "PostgreSQL restarted": lambda: self.postgres.restart("fast"),
            "PostgreSQL crashed and restarted": lambda: self.postgres.restart("immediate"),
            "Valkey restarted": self._restart_valkey,
            "nginx reloaded": self.nginx.reload,
            "mail worker restarted": self.worker.restart,
        }

    def _restart_both(self) -> None:
        self.first.restart()
        self.second.restart()

    def _restart_valkey(self) -> None:
        self.valkey.stop()
        time.sleep(3)
        self.valkey.start()


def main() -> None:
    diary, began = Diary(), []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # PostgreSQL's user needs access to its folder below
        site, environment = _set_up(folder, stack)
        emails = _fill(environment)
        with _load(site.nginx.port, emails, diary):
            for name, happen in site.faults.items():
                began.append((name, time.monotonic()))
                happen()
                time.sleep(max(0.0, SECONDS_FOR_A_FAULT - (time.monotonic() - began[-1][1])))
                for unit in (site.first, site.second):  # one after the other, as README says
                    unit.wait()
        _print_faults(diary, began)
        _print_reasons(folder / "nginx.log")
        with create_engine(site.postgres.url).connect() as connection:
            _print_messages(diary, connection)
            _print_emails(diary, site.mailbox, connection)


def _set_up(folder: Path, stack: ExitStack) -> tuple[Site, dict[str, str]]:
    """All parts, running, and the settings of the units."""
    database, limits, mail, *web = free_ports(5)
    postgres, valkey = Postgres(folder, database), Valkey(folder, limits)
    nginx = Nginx(folder, (web[0], web[1]))
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mail)
    environment = settings(
        SECRET_KEY=secrets.token_hex(32),
        SITE_URL=f"https://{HOST}",
        MAIL_URL=f"smtp://127.0.0.1:{mail}",
        REDIS_URL=valkey.url,
        DATABASE_URL=postgres.url,
        INSTANCE_FOLDER=str(folder / "instance"),
        POSTS_PER_HOUR="10000",
    )
    first, second = (Unit("plenary@.service", environment, folder / f"web{port}.log", str(port)) for port in web)
    worker = Unit("plenary-worker.service", environment, folder / "worker.log")
    for part in (postgres, valkey, controller, nginx):
        part.start()
        stack.callback(part.stop)
    first.start(wait=False)  # both at once, as at boot; they upgrade the database one after the other
    second.start()
    worker.start()
    for unit in (first, second, worker):
        stack.callback(unit.stop)
    return Site(nginx, postgres, valkey, first, second, worker, mailbox), environment


def _fill(environment: dict[str, str]) -> list[str]:
    """Create an open forum with topics, and accounts for authors; return their addresses."""
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    emails = [f"author-{number}@example.org" for number in range(AUTHORS)]
    stress = ["stress", "--topics", str(TOPICS), "--messages", str(MESSAGES)]
    subprocess.run([*flask, *stress], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    for email in emails:
        create = [*flask, "users", "create", "--email", email, "--name", email.partition("@")[0]]
        subprocess.run(
            create, cwd=ROOT, env=environment, check=True, input=PASSWORD, text=True, stdout=subprocess.DEVNULL
        )
    return emails


@contextmanager
def _load(port: int, emails: list[str], diary: Diary) -> Iterator[None]:
    """Readers, half of them signed in, authors, and people who sign up, until the block ends."""
    over = Event()
    people = [Person(number, port, diary) for number in range(1, READERS + AUTHORS + 2)]
    for number, email in enumerate(emails):
        people[number].sign_in(email)
    signed_in = [Person(100 + number, port, diary) for number in range(READERS // 2)]
    for number, reader in enumerate(signed_in):
        reader.sign_in(emails[number % AUTHORS])
    readers = [*signed_in, *people[AUTHORS : AUTHORS + READERS - len(signed_in)]]
    tasks = [Thread(target=_read, args=(reader, over, number)) for number, reader in enumerate(readers)]
    tasks += [
        Thread(target=_write, args=(author, number, over, diary)) for number, author in enumerate(people[:AUTHORS])
    ]
    tasks.append(Thread(target=_sign_up, args=(port, over, diary)))
    for task in tasks:
        task.start()
    try:
        yield
    finally:
        over.set()
        for task in tasks:
            task.join()


def _read(reader: Person, over: Event, number: int) -> None:
    pages = ["/en/", "/es/portal/", "/fr/forums/stress/", "/en/forums/stress/groups/group-1/", "/en/archive/"]
    pages += ["/fr/feeds/forums/stress.atom", *(f"/es/topics/{topic}/" for topic in range(1, TOPICS + 1))]
    while not over.wait(1 / READS_A_SECOND):
        reader.read(pages[number % len(pages)])
        number += 1


def _write(author: Person, number: int, over: Event, diary: Diary) -> None:
    while not over.wait(1 / POSTS_A_SECOND):
        path = f"/en/topics/{number % TOPICS + 1}/reply/"
        number += 1
        said = f"A message to count: {secrets.token_hex(8)}"
        form = author.form(path) | {"body": said, "language": "en"}
        diary.sent.add(said)
        for _attempt in range(MOST_TRIES):
            answer = author.post("post", path, form)
            if found := MESSAGE.search(answer.location):
                diary.posted[said] = int(found[1])
                break
            time.sleep(0.5)


def _sign_up(port: int, over: Event, diary: Diary) -> None:
    path, number = "/es/auth/sign-up/", 0
    while not over.wait(1 / SIGN_UPS_A_SECOND):
        number += 1
        person = Person(200 + number % 50, port, diary)  # the site accepts 30 an hour from an address
        email = f"new-{number}@example.org"
        form = person.form(path) | {"email": email, "password": PASSWORD, "name": f"Person {number}", "language": "es"}
        form |= {"capacity": "expert", "country": "", "organization": "", "title": ""}
        for _attempt in range(MOST_TRIES):
            if person.post("sign-up", path, form).status == 302:
                diary.signed_up.add(email)
                break
            time.sleep(0.5)


def _print_faults(diary: Diary, began: list[tuple[str, float]]) -> None:
    ends = [at for _name, at in began[1:]] + [float("inf")]
    print(f"{'':34}{'reads':>7}{'failed':>8}{'slowest':>10}{'forms':>7}{'refused':>9}  answers to failed reads")
    total: Counter[str] = Counter()
    for (name, at), end in zip(began, ends, strict=True):
        during = [one for one in diary.seen if at <= one.at < end]
        reads, forms = ([one for one in during if (one.kind == "read") is wanted] for wanted in (True, False))
        failed = [[one for one in some if one.failure] for some in (reads, forms)]
        slowest = max((one.seconds for one in reads), default=0)
        told = Counter(f"{one.kind}: {one.failure}" for some in failed for one in some)
        said = ", ".join(f"{count} {what}" for what, count in told.items())
        figures = f"{len(reads):>7}{len(failed[0]):>8}{slowest:>8.1f} s{len(forms):>7}{len(failed[1]):>9}"
        print(f"{name:34}{figures}  {said}")
        total.update(reads=len(reads), failed=len(failed[0]), forms=len(forms), refused=len(failed[1]))
    print(f"{'all':34}{total['reads']:>7}{total['failed']:>8}{'':10}{total['forms']:>7}{total['refused']:>9}")


def _print_reasons(log: Path) -> None:
    """Why nginx had no answer from a web process. It asks the other for a page, which therefore does not fail."""
    found = re.findall(r"\[error\] [^:]*: \*\d+ (.*?),? (?:while|client).*? request: \"(\w+)", log.read_text("utf-8"))
    print("\nErrors that nginx noted:")
    for (why, method), count in Counter(found).most_common():
        print(f"  {count:>4} {method:5} {why}")


def _print_messages(diary: Diary, connection: Connection) -> None:
    rows = connection.execute(text("SELECT id, body FROM message WHERE body LIKE 'A message to count: %'"))
    stored = [(row.id, row.body) for row in rows]
    times, numbers = Counter(body for _number, body in stored), {body: number for number, body in stored}
    lost = [body for body, number in diary.posted.items() if numbers.get(body) != number]
    doubled = [body for body, count in times.items() if count > 1]
    unknown = [body for body in times if body not in diary.posted]
    print(f"\nMessages: {len(diary.sent)} sent, {len(diary.posted)} answered with success, {len(stored)} stored;")
    print(f"  lost {len(lost)}, duplicated {len(doubled)}, stored without a successful answer {len(unknown)}")


def _print_emails(diary: Diary, mailbox: Mailbox, connection: Connection) -> None:
    """Make emails due that were claimed by a killed worker, instead of waiting a quarter of an hour."""
    open_ones = text("SELECT count(*) FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL")

    def is_empty() -> bool:
        found = connection.execute(open_ones).scalar_one()
        connection.rollback()
        return not found

    time.sleep(2)
    claimed = connection.execute(
        text("UPDATE mail SET due_at = now() AT TIME ZONE 'UTC' WHERE sent_at IS NULL")
    ).rowcount
    connection.commit()
    wait_until(is_empty, "all emails are sent")
    written = connection.execute(text("SELECT count(*) FROM mail")).scalar_one()
    doubled = sum(count - 1 for count in mailbox.received.values())
    lost = written - len(mailbox.received) + len(diary.signed_up - mailbox.recipients)
    print(f"Emails: {written} written, {len(mailbox.received)} arrived, {claimed} of them at a second attempt;")
    print(f"  lost {lost}, duplicated {doubled} (with the same Message-ID)")


if __name__ == "__main__":
    main()
