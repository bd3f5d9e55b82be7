"""An HTTP server that answers, dawdles and fails as it is asked to.

``python -m snippets._tools.runs.local_server`` prints its address and serves until it
is ended.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from aiohttp import web

routes = web.RouteTableDef()
seen = web.AppKey("seen", Counter[str])  # requests so far, by key
busy = web.AppKey("busy", Counter[str])  # requests in progress, by key
most = web.AppKey("most", Counter[str])  # the most in progress at once, by key
meetings = web.AppKey("meetings", dict[str, asyncio.Barrier])


@routes.get("/get")
async def get(request: web.Request) -> web.Response:
    """Answer at once, as https://httpbin.org/get does."""
    return web.json_response({"url": str(request.url)})


@routes.get("/delay/{seconds}")
async def delay(request: web.Request) -> web.Response:
    """Answer after a while."""
    await asyncio.sleep(float(request.match_info["seconds"]))
    return web.json_response({"url": str(request.url)})


@routes.get("/status/{code}")
async def status(request: web.Request) -> web.Response:
    """Answer with the status asked for."""
    return web.Response(status=int(request.match_info["code"]))


@routes.get("/bytes/{size}")
async def some_bytes(request: web.Request) -> web.Response:
    """Answer with that many bytes."""
    return web.Response(body=b"x" * int(request.match_info["size"]))


@routes.get("/busy/{key}/{seconds}")
async def crowd(request: web.Request) -> web.Response:
    """Answer after a while with the most requests of this key at once so far."""
    key, counts, peak = request.match_info["key"], request.app[busy], request.app[most]
    counts[key] += 1
    peak[key] = max(peak[key], counts[key])
    await asyncio.sleep(float(request.match_info["seconds"]))
    counts[key] -= 1
    return web.json_response({"most": peak[key]})


@routes.get("/meet/{key}/{number}")
async def meet(request: web.Request) -> web.Response:
    """Answer when so many requests of this key wait at once."""
    number = int(request.match_info["number"])
    barrier = request.app[meetings].setdefault(
        request.match_info["key"], asyncio.Barrier(number)
    )
    await barrier.wait()
    return web.json_response({"met": number})


@routes.get("/flaky/{key}/{failures}")
async def flaky(request: web.Request) -> web.Response:
    """Answer 503 so many times, then 200; `?retry-after=N` adds that header."""
    key, counts = request.match_info["key"], request.app[seen]
    counts[key] += 1
    if counts[key] > int(request.match_info["failures"]):
        return web.json_response({"attempts": counts[key]})
    after = request.query.get("retry-after")
    return web.Response(status=503, headers={"Retry-After": after} if after else None)


@routes.get("/reset")
async def reset(request: web.Request) -> web.Response:
    """Close the connection instead of answering."""
    if request.transport:
        request.transport.abort()
    return web.Response()


@routes.get("/endless")
async def endless(request: web.Request) -> web.StreamResponse:
    """Send a body that never ends."""
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b"more " * 200)
            await asyncio.sleep(0.001)
    return response


@routes.get("/not-text")
async def not_text(_: web.Request) -> web.Response:
    """Claim to send UTF-8, and do not."""
    return web.Response(
        body=b"\xff\xfe\x00", headers={"Content-Type": "text/plain; charset=utf-8"}
    )


@contextlib.asynccontextmanager
async def serve() -> AsyncIterator[str]:
    """Serve on a free port of this machine; yield the address."""
    app = web.Application()
    app.add_routes(routes)
    for counts in (seen, busy, most):
        app[counts] = Counter()
    app[meetings] = {}
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def serve_for_ever() -> None:
    """Print the address and serve until the program is interrupted."""
    async with serve() as address:
        print(address, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve_for_ever())
