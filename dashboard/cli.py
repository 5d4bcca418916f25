"""The command line: ``dashboard serve LOGDIR``, ``dashboard demo``, and `dashboard.commands`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard import __version__
from dashboard.commands import COMMANDS

if TYPE_CHECKING:
    from summaries.ingest import Ingest
    from summaries.reader import Reader

BAD_USAGE = 2
DEMO_MODULE = "dashboard.playground.demo"


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    top = argparse.ArgumentParser(
        prog="dashboard", description="Look at training runs in the browser, live."
    )
    top.add_argument("--version", action="version", version=f"trainboard {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve the runs below a directory")
    serve.add_argument(
        "logdirs",
        metavar="[NAME=]LOGDIR",
        nargs="+",
        help="a directory with runs, or a database URL; several are shown as one, by name",
    )
    _add_address(serve)
    serve.add_argument("--open", action="store_true", help="open the page in a browser")
    serve.add_argument(
        "--ingest",
        action="store_true",
        help="also take values from writers elsewhere: SummaryWriter('http://HOST:PORT/RUN')",
    )

    serve.add_argument(
        "--read-only",
        action="store_true",
        help="let nobody rename, note, tag, archive or delete runs, or save views, on the page",
    )

    demo = commands.add_parser("demo", help="train small models and watch them")
    demo.add_argument(
        "logdir",
        metavar="LOGDIR",
        nargs="?",
        help="where to log (default: a temporary directory, removed at the end)",
    )
    _add_address(demo)
    demo.add_argument("--no-open", action="store_true", help="do not open a browser")

    for command in COMMANDS:
        own = commands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        command.add_arguments(own)
    return top


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments; a command's names may stand before, between and behind its options."""
    command = next((c for c in COMMANDS if arguments[:1] == [c.NAME]), None)
    if command is None:
        return parser().parse_args(arguments)
    own = argparse.ArgumentParser(prog=f"dashboard {command.NAME}", description=command.HELP)
    command.add_arguments(own)
    own.set_defaults(act=command.run)
    return own.parse_intermixed_args(arguments[1:])


def _add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s, reachable from this machine only)",
    )
    command.add_argument(
        "--port",
        type=_port,
        help="port to listen on (default: 6006, or the next free one)",
    )
    command.add_argument(
        "--token",
        help="what a browser has to know; without it one is made where others can reach the host",
    )
    command.add_argument(
        "--path-prefix",
        default="",
        metavar="PATH",
        help="serve below this path, for a proxy: --path-prefix /tb",
    )
    command.add_argument("--tls-cert", metavar="FILE", help="serve https with this certificate")
    command.add_argument("--tls-key", metavar="FILE", help="its key, where it is in another file")


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port; it is a number from 0 to 65535")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit status is 0, or 2 where the arguments cannot be used."""
    options = _parsed(list(sys.argv[1:] if arguments is None else arguments))
    # Imported after parsing: --help and a mistyped option answer at once.
    from dashboard.serve import ServeError
    from summaries.errors import SummariesError

    try:
        if "act" in options:
            return int(options.act(options))
        if options.command == "demo":
            return _demo(options)
        logdirs = named_logdirs(options.logdirs)
        return _serve(options, logdirs, open_browser=options.open, ingest=options.ingest)
    except BrokenPipeError:
        # `dashboard ls | head`: who reads has enough. Python would complain at its end as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ServeError, SummariesError, FileNotFoundError, ImportError) as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return BAD_USAGE


def named_logdirs(texts: Sequence[str]) -> str | dict[str, str]:
    """The logdir, or several by name: ``a=logs``; without a name they go by their last part.

    Raises:
        LogdirError: two have one name.
    """
    from summaries.errors import LogdirError

    named: dict[str, str] = {}
    for text in texts:
        name, equals, logdir = text.partition("=")
        # Directories have "=" in their names too: one that exists is meant as it is.
        if not equals or "/" in name or not name or Path(text).exists():
            if len(texts) == 1:
                return text
            name, logdir = text.rstrip("/").rpartition("/")[2].partition("?")[0] or "logs", text
        if name in named:
            raise LogdirError(
                f"logdir '{text}': '{name}' is the name of '{named[name]}' already\n"
                f"  try: another name for it: {name}2={logdir}"
            )
        named[name] = logdir
    return named


def _serve(
    options: argparse.Namespace,
    logdirs: str | dict[str, str],
    open_browser: bool,
    ingest: bool = False,
) -> int:
    from dashboard.serve import ServeError, Tls, serve

    if isinstance(logdirs, dict) and ingest:
        raise ServeError(
            "--ingest: takes values for one logdir, and several are given\n"
            "  try: one LOGDIR, and another `dashboard serve` for the rest"
        )
    if options.tls_key and not options.tls_cert:
        raise ServeError("--tls-key: needs the certificate as well\n  try: --tls-cert FILE")
    tls = Tls(options.tls_cert, options.tls_key) if options.tls_cert else None
    taken = _taking(str(logdirs)) if ingest else nullcontext()
    with taken as taking, _open(logdirs) as reader:
        # As the reader calls it: without the password that a URL may have.
        serve(
            reader,
            logdir=reader.logdir,
            path_prefix=options.path_prefix,
            tls=tls,
            host=options.host,
            port=options.port,
            token=options.token,
            open_browser=open_browser,
            ingest=taking,
            read_only="read_only" in options and options.read_only,
            announce=lambda address: print(
                f"Serving {reader.logdir} at {address} (Ctrl-C ends it)", flush=True
            ),
        )
    return 0


@contextmanager
def _taking(logdir: str) -> Iterator[Ingest]:
    from summaries.ingest import Ingest

    ingest = Ingest(logdir)
    try:
        yield ingest
    finally:
        ingest.close()


@contextmanager
def _open(logdirs: str | dict[str, str]) -> Iterator[Reader]:
    from summaries import open_logdir

    reader = open_logdir(logdirs)
    try:
        yield reader
    finally:
        reader.close()


def _demo(options: argparse.Namespace) -> int:
    if options.logdir is not None:
        Path(options.logdir).mkdir(parents=True, exist_ok=True)
        return _train_and_serve(options, options.logdir)
    with tempfile.TemporaryDirectory(
        prefix="trainboard-demo-", ignore_cleanup_errors=True
    ) as logdir:
        return _train_and_serve(options, logdir)


def _train_and_serve(options: argparse.Namespace, logdir: str) -> int:
    with _ending_on_sigterm(), _training(logdir):
        return _serve(options, logdir, open_browser=not options.no_open)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """SIGTERM unwinds the stack like an exception, so that what was started is ended."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _training(logdir: str) -> Iterator[subprocess.Popen[bytes]]:
    """The demo's training in a process of its own, ended when the page is no longer served."""
    process = subprocess.Popen(
        [sys.executable, "-m", DEMO_MODULE, logdir],
        stdin=subprocess.DEVNULL,
        # Ctrl-C ends the server, and that ends the training: one message on the terminal, not two.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
