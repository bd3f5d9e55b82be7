"""The local server answers, dawdles and fails as asked."""

import asyncio
import json

import aiohttp
import pytest

from snippets._tools.runs import local_server

TIMEOUT = 30


class TestLocalServer:
    """It answers, dawdles and fails as asked."""

    def ask(self, *paths: str) -> list[tuple[int, bytes]]:
        """Return status and body of each path, all asked at once."""

        async def get(session: aiohttp.ClientSession, path: str) -> tuple[int, bytes]:
            async with session.get(path) as response:
                return response.status, await response.read()

        async def get_all() -> list[tuple[int, bytes]]:
            async with (
                asyncio.timeout(TIMEOUT),
                local_server.serve() as address,
                aiohttp.ClientSession(address) as session,
            ):
                return await asyncio.gather(*(get(session, path) for path in paths))

        return asyncio.run(get_all())

    def test_answers(self) -> None:
        page, slow, error, body = self.ask(
            "/get", "/delay/0.01", "/status/418", "/bytes/5"
        )
        assert (page[0], slow[0], error[0]) == (200, 200, 418)
        for answer, path in ((page, "/get"), (slow, "/delay/0.01")):
            (name, url), *rest = json.loads(answer[1]).items()
            assert (name, url.endswith(path), rest) == ("url", True, [])
        assert body == (200, b"xxxxx")

    def test_dawdles_as_long_as_it_is_asked_to(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sleep, asked = asyncio.sleep, []

        async def remember(seconds: float) -> None:
            asked.append(seconds)
            await sleep(0)

        monkeypatch.setattr("asyncio.sleep", remember)
        self.ask("/delay/2.5", "/busy/a/3.5")
        assert sorted(filter(None, asked)) == [2.5, 3.5]  # aiohttp sleeps for 0

    def test_counts_who_is_there_at_once(self) -> None:
        answers = self.ask(*["/busy/a/0.05"] * 3)
        assert max(answers) == (200, b'{"most": 3}')
        assert self.ask("/busy/b/0") == [(200, b'{"most": 1}')]

    def test_lets_requests_meet(self) -> None:
        assert self.ask("/meet/a/2", "/meet/a/2") == [(200, b'{"met": 2}')] * 2

    def test_one_that_meets_nobody_waits(self) -> None:
        async def ask() -> None:
            async with (
                local_server.serve() as address,
                aiohttp.ClientSession(address) as session,
                asyncio.timeout(0.1),
            ):
                await session.get("/meet/a/2")

        with pytest.raises(TimeoutError):
            asyncio.run(ask())

    def test_forgets_who_has_gone(self) -> None:
        async def ask() -> bytes:
            async with (
                local_server.serve() as address,
                aiohttp.ClientSession(address) as session,
            ):
                await session.get("/busy/a/0")
                both = await asyncio.gather(
                    session.get("/busy/a/0.2"), session.get("/busy/a/0.2")
                )
                return await both[0].read()

        assert asyncio.run(ask()) == b'{"most": 2}'

    def test_fails_so_often(self) -> None:
        async def ask() -> list[tuple[int, str | None, bytes]]:
            async with (
                local_server.serve() as address,
                aiohttp.ClientSession(address) as session,
            ):
                answers = []
                for path in ["/flaky/a/2?retry-after=7"] * 3:
                    async with session.get(path) as response:
                        after = response.headers.get("Retry-After")
                        answers.append((response.status, after, await response.read()))
                return answers

        *failures, success = asyncio.run(ask())
        assert failures == [(503, "7", b"")] * 2
        assert success == (200, None, b'{"attempts": 3}')

    def test_breaks_off(self) -> None:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            self.ask("/reset")

    def test_sends_what_is_not_text(self) -> None:
        ((status, body),) = self.ask("/not-text")
        assert status == 200
        with pytest.raises(UnicodeDecodeError):
            body.decode()

    def test_claims_that_it_is_text(self) -> None:
        async def ask() -> str:
            async with (
                local_server.serve() as address,
                aiohttp.ClientSession(address) as session,
                session.get("/not-text") as response,
            ):
                return response.headers["Content-Type"]

        assert asyncio.run(ask()) == "text/plain; charset=utf-8"

    def test_never_stops_sending(self) -> None:
        async def read_some() -> int:
            async with (
                asyncio.timeout(TIMEOUT),
                local_server.serve() as address,
                aiohttp.ClientSession(address) as session,
                session.get("/endless") as response,
            ):
                return len(await response.content.readexactly(100_000))

        assert asyncio.run(read_some()) == 100_000

    def test_serves_until_it_is_stopped(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def stop(_: asyncio.Event) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("asyncio.Event.wait", stop)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(local_server.serve_for_ever())
        assert capsys.readouterr().out.startswith("http://127.0.0.1:")
