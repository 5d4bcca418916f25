"""How answers travel: compressed to those who are far, 304 if unchanged, below a prefix."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import subprocess
import threading
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as AppRequest
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Scope

from dashboard.app import create_app
from dashboard.serve import ServeError, Tls, checked_prefix, listening_socket, make_server
from dashboard.transfer import Transfer
from summaries import open_logdir

BODY = b'{"numbers": [' + b"1234, " * 2000 + b"0]}"


def ask(
    headers: dict[str, str], client: str, path: str = "/json"
) -> tuple[int, dict[str, str], bytes]:
    """What a GET from that client address is answered."""

    async def json(request: AppRequest) -> Response:
        return Response(BODY, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def stream(request: AppRequest) -> Response:
        async def lines():  # type: ignore[no-untyped-def]
            yield b"x" * 4000
            yield b"y"

        return StreamingResponse(lines(), media_type="text/event-stream")

    inner = Starlette()
    inner.add_route("/json", json)
    inner.add_route("/stream", stream)
    app = Transfer(inner)
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()  # the browser stays
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": (client, 1234),
    }
    asyncio.run(app(scope, receive, send))
    answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(m.get("body", b"") for m in sent[1:])


def test_an_answer_to_another_machine_is_compressed() -> None:
    status, headers, body = ask({"Accept-Encoding": "gzip, br"}, "192.0.2.7")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body) < len(BODY) / 10
    assert headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == BODY


def test_on_this_machine_it_goes_as_it_is_unless_a_proxy_passes_it_on() -> None:
    assert ask({"Accept-Encoding": "gzip"}, "127.0.0.1")[2] == BODY
    forwarded = {"Accept-Encoding": "gzip", "X-Forwarded-For": "192.0.2.7"}
    assert ask(forwarded, "127.0.0.1")[1]["content-encoding"] == "gzip"


def test_who_has_the_answer_already_gets_a_304() -> None:
    _, headers, _ = ask({}, "192.0.2.7")
    assert headers["cache-control"] == "private, no-cache"
    status, again, body = ask({"If-None-Match": headers["etag"]}, "192.0.2.7")
    assert (status, body) == (304, b"")
    assert again["etag"] == headers["etag"]
    assert ask({"If-None-Match": '"other"'}, "192.0.2.7")[0] == 200


def test_a_stream_passes_untouched() -> None:
    _, headers, body = ask({"Accept-Encoding": "gzip"}, "192.0.2.7", "/stream")
    assert "content-encoding" not in headers
    assert "etag" not in headers
    assert len(body) == 4001


@pytest.mark.parametrize(("given", "used"), [("tb", "/tb"), ("/a/b/", "/a/b"), ("/", ""), ("", "")])
def test_a_path_prefix_is_taken_in_any_spelling(given: str, used: str) -> None:
    assert checked_prefix(given) == used


def test_a_prefix_that_is_no_path_is_refused() -> None:
    with pytest.raises(ServeError, match="is no path"):
        checked_prefix("/a b")


def test_below_a_prefix_all_addresses_carry_it(tmp_path: Path) -> None:
    with open_logdir(tmp_path) as reader:
        server = make_server(create_app(reader, path_prefix="/tb", token="secret"))
        listener = listening_socket("127.0.0.1", 0)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        headers = {"Authorization": "Bearer secret"}
        with urlopen(Request(f"{base}/tb/", headers=headers), timeout=20) as answer:
            document = answer.read().decode()
        assert 'href="/tb/_trainboard/style-' in document
        assert 'src="/tb/_trainboard/page-' in document
        for path in ("/tb/api/v1/health", "/api/v1/health"):  # a proxy may take it off
            with urlopen(Request(base + path, headers=headers), timeout=20) as answer:
                assert answer.status == 200
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    directory = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")]
    subprocess.run([*made, *names, *files], check=True, capture_output=True)
    return directory


def test_https_is_served_with_a_certificate(tmp_path: Path, certificate: Path) -> None:
    tls = Tls(str(certificate / "cert.pem"), str(certificate / "key.pem"))
    tls.check()
    with open_logdir(tmp_path) as reader:
        server = make_server(create_app(reader), tls=tls)
        listener = listening_socket("127.0.0.1", 0)
        address = f"https://127.0.0.1:{listener.getsockname()[1]}/api/v1/health"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        trusting = ssl.create_default_context(cafile=tls.certificate)
        with urlopen(address, timeout=20, context=trusting) as answer:
            assert answer.status == 200
        server.should_exit = True
        thread.join(10)


def test_a_certificate_that_cannot_be_used_is_told_before_serving(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"certificate .*missing.pem"):
        Tls(str(tmp_path / "missing.pem")).check()
