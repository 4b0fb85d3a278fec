import asyncio
import os

import tornado.web


class Health(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write("ok")


async def main() -> None:
    application = tornado.web.Application([(r"/healthz", Health)])
    application.listen(int(os.environ.get("PORT", "8888")))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
