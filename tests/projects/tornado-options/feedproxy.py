#!/usr/bin/env python3
import asyncio
import os
import time

import tornado.httpclient
import tornado.web
from defusedxml.ElementTree import fromstring
from tornado.options import define, options, parse_command_line

define("port", default=8890, help="port to listen on", type=int)
define("debug", default=False, type=bool)

TTL = int(os.getenv("FEED_TTL_SECONDS", "600"))
ALLOWED = os.getenv("FEED_ALLOWED_HOSTS", "").split(",")
cache = {}


class FeedHandler(tornado.web.RequestHandler):
    async def get(self):
        url = self.get_query_argument("url")
        kept = cache.get(url)
        if kept is None or kept[0] < time.time() - TTL:
            response = await tornado.httpclient.AsyncHTTPClient().fetch(url)
            kept = (time.time(), [item.findtext("title") for item in fromstring(response.body).iter("item")])
            cache[url] = kept
        self.write({"titles": kept[1]})


class HealthHandler(tornado.web.RequestHandler):
    def get(self):
        self.write("ok")


def make_app():
    return tornado.web.Application(
        [
            (r"/feed", FeedHandler),
            (r"/health", HealthHandler),
        ],
        debug=options.debug,
    )


async def main():
    parse_command_line()
    make_app().listen(options.port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
