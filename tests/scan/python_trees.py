"""The smallest trees of Python frameworks that are found and can be deployed: by technology, with the kind a scan must say."""

from __future__ import annotations

from deploydeck.domain import Kind

Trees = dict[str, tuple[dict[str, str], Kind]]

# distribution, import, what makes the application object
_APPLICATIONS = {
    "litestar": ("litestar", "from litestar import Litestar", "app = Litestar([])"),
    "sanic": ("sanic", "from sanic import Sanic", "app = Sanic('shop')"),
    "quart": ("quart", "from quart import Quart", "app = Quart(__name__)"),
    "starlette": ("starlette", "from starlette.applications import Starlette", "app = Starlette()"),
    "fasthtml": ("python-fasthtml", "from fasthtml.common import fast_app", "app, rt = fast_app()"),
    "blacksheep": ("blacksheep", "from blacksheep import Application", "app = Application()"),
    "falcon": ("falcon", "import falcon", "app = falcon.App()"),
    "bottle": ("bottle", "from bottle import Bottle", "app = Bottle()"),
    "dash": ("dash", "from dash import Dash", "app = Dash(__name__)\nserver = app.server"),
}
_SCRIPTS = {
    "cherrypy": ("cherrypy", "import cherrypy\nif __name__ == '__main__':\n    cherrypy.quickstart(object())\n"),
    "aiohttp": (
        "aiohttp",
        "from aiohttp import web\napp = web.Application()\nif __name__ == '__main__':\n    web.run_app(app, port=8080)\n",
    ),
    "tornado": (
        "tornado",
        "import tornado.ioloop, tornado.web\nif __name__ == '__main__':\n    app = tornado.web.Application([])\n"
        "    app.listen(8888)\n    tornado.ioloop.IOLoop.current().start()\n",
    ),
    "streamlit": ("streamlit", "import streamlit as st\nst.title('x')\n"),
    "gradio": ("gradio", "import gradio as gr\ndemo = gr.Interface(fn=str, inputs='text', outputs='text')\ndemo.launch()\n"),
    "nicegui": ("nicegui", "from nicegui import ui\nui.label('x')\nui.run()\n"),
}
TREES: Trees = {
    **{
        id: ({"requirements.txt": f"{package}\n", "app.py": f"{imported}\n{made}\n"}, Kind.SERVER)
        for id, (package, imported, made) in _APPLICATIONS.items()
    },
    **{id: ({"requirements.txt": f"{package}\n", "app.py": source}, Kind.SERVER) for id, (package, source) in _SCRIPTS.items()},
}
