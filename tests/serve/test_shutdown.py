import asyncio

from dysfw.serve.logging_middleware import LoggingMiddleware
from dysfw.serve.metrics import Metrics


async def _cancelled_request(metrics, sent):
    async def slow(_scope, _receive, _send):
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    request = asyncio.create_task(LoggingMiddleware(slow, metrics)({"type": "http", "method": "POST"}, None, send))
    await asyncio.sleep(0)
    request.cancel()
    await request


def test_a_request_that_outlasts_the_grace_period_is_answered():
    sent = []
    asyncio.run(_cancelled_request(Metrics(), sent))
    assert sent[0]["status"] == 503
    assert b'"stopping"' in sent[1]["body"]
