"""Technologies: a row each. A weight is the chance that the pattern alone means it; weights combine as independent hints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from deploydeck.domain import Kind

What = Literal["dependency", "import", "app", "file", "setting", "listen"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A fact to look for: `name` exact (empty: any), or for files a glob on the path; `scope` is its ecosystem.

    `production` leaves out development dependencies.
    """

    what: What
    name: str
    weight: float
    scope: str = ""
    production: bool = False


@dataclass(frozen=True, slots=True)
class Technology:
    """What a technology looks like and implies.

    `all_of` must each match, one of `any_of` if there are any, none of `none_of`; `hints` only add weight. It hides the rows it
    `supersedes`. `start` names a start resolver (scan/start.py); `package` is the distribution whose version is the framework's.
    """

    id: str
    name: str
    language: str
    kind: Kind = Kind.SERVER
    supported: bool = False
    all_of: tuple[Pattern, ...] = ()
    any_of: tuple[Pattern, ...] = ()
    none_of: tuple[Pattern, ...] = ()
    hints: tuple[Pattern, ...] = ()
    supersedes: tuple[str, ...] = ()
    start: str = ""
    port: int | None = None
    output_dir: str = ""
    single_page: bool = False
    package: str = ""


def py(name: str, weight: float = 0.6) -> Pattern:
    return Pattern("dependency", name, weight, "python")


def js(name: str, weight: float = 0.7, *, production: bool = False) -> Pattern:
    return Pattern("dependency", name, weight, "node", production=production)


def uses(name: str, weight: float = 0.5, scope: str = "python") -> Pattern:
    return Pattern("import", name, weight, scope)


def makes(name: str, weight: float = 0.8) -> Pattern:
    return Pattern("app", name, weight, "python")


def file(glob: str, weight: float = 0.5) -> Pattern:
    return Pattern("file", glob, weight)


DEPLOYED: tuple[Technology, ...] = (
    Technology(
        "flask", "Flask", "Python", supported=True, package="flask", start="wsgi", port=8000,
        any_of=(makes("flask"), py("flask")), hints=(uses("flask"),),
    ),
    Technology(
        "fastapi", "FastAPI", "Python", supported=True, package="fastapi", start="asgi", port=8000,
        any_of=(makes("fastapi"), py("fastapi")), hints=(uses("fastapi"),), supersedes=("starlette",),
    ),
    Technology(
        "django", "Django", "Python", supported=True, package="django", start="django", port=8000,
        any_of=(py("django"), Pattern("setting", "ROOT_URLCONF", 0.7, "python")),
        hints=(file("manage.py"), uses("django"), Pattern("setting", "WSGI_APPLICATION", 0.5, "python")),
    ),
    Technology(
        "express", "Express", "JavaScript", supported=True, package="express", start="node", port=3000,
        all_of=(js("express", 0.6, production=True),), hints=(uses("express", 0.7, "node"), Pattern("listen", "", 0.5, "node")),
    ),
    Technology(
        "nextjs", "Next.js", "JavaScript", supported=True, package="next", start="next", port=3000, output_dir=".next",
        all_of=(js("next", 0.8),), supersedes=("express", "vite", "react"),
        hints=(file("next.config.*"), file("app/**"), file("pages/**"), file("src/app/**"), file("src/pages/**")),
    ),
    Technology(
        "vite", "Vite", "JavaScript", Kind.STATIC, supported=True, package="vite", output_dir="dist", single_page=True,
        all_of=(js("vite", 0.7), file("index.html", 0.6)), hints=(file("vite.config.*"),),
    ),
)  # fmt: skip
"""What this version deploys."""


def _library(id: str, name: str, language: str, *patterns: Pattern, supersedes: tuple[str, ...] = ()) -> Technology:
    return Technology(id, name, language, Kind.SERVER, any_of=patterns, supersedes=supersedes)


_PYTHON_ROWS = (
    ("streamlit", "Streamlit"), ("gradio", "Gradio"), ("starlette", "Starlette"), ("quart", "Quart"), ("sanic", "Sanic"),
    ("litestar", "Litestar"), ("aiohttp", "aiohttp"), ("tornado", "Tornado"), ("bottle", "Bottle"), ("falcon", "Falcon"),
    ("pyramid", "Pyramid"), ("dash", "Dash"), ("nicegui", "NiceGUI"), ("reflex", "Reflex"), ("python-fasthtml", "FastHTML"),
    ("robyn", "Robyn"), ("celery", "Celery worker"), ("scrapy", "Scrapy"),
)  # fmt: skip
_NODE_ROWS = (
    ("nuxt", "Nuxt"), ("@nestjs/core", "NestJS"), ("@sveltejs/kit", "SvelteKit"), ("astro", "Astro"), ("gatsby", "Gatsby"),
    ("@angular/core", "Angular"), ("@remix-run/node", "Remix"), ("@react-router/dev", "React Router"),
    ("react-scripts", "Create React App"),
    ("@vue/cli-service", "Vue CLI"), ("@solidjs/start", "SolidStart"), ("@docusaurus/core", "Docusaurus"),
    ("@11ty/eleventy", "Eleventy"),
    ("vitepress", "VitePress"), ("vuepress", "VuePress"), ("hexo", "Hexo"), ("@builder.io/qwik-city", "Qwik City"),
    ("expo", "Expo"),
    ("@redwoodjs/core", "RedwoodJS"), ("@adonisjs/core", "AdonisJS"), ("@tanstack/react-start", "TanStack Start"), ("vike", "Vike"),
    ("electron", "Electron"), ("fastify", "Fastify"), ("koa", "Koa"), ("@hapi/hapi", "hapi"), ("polka", "Polka"), ("hono", "Hono"),
    ("@strapi/strapi", "Strapi"), ("meteor-node-stubs", "Meteor"), ("ember-source", "Ember"), ("parcel", "Parcel"),
)  # fmt: skip
_STARLETTE_BASED = {"python-fasthtml": ("starlette",), "reflex": ("fastapi", "starlette"), "nicegui": ("fastapi", "starlette")}
_UNDER_ANOTHER = frozenset(
    {"starlette", "tornado", "aiohttp", "celery", "fastify", "koa", "polka", "parcel", "hono", "mkdocs", "jekyll"}
)
"""Often only a part of something else: a supported framework beside them wins."""

KNOWN: tuple[Technology, ...] = (
    *(
        replace(
            _library(dependency, name, "Python", py(dependency, 0.7), makes(dependency)),
            hints=(uses(dependency.replace("-", "_")),),
            package=dependency,
            supersedes=_STARLETTE_BASED.get(dependency, ()),
        )
        for dependency, name in _PYTHON_ROWS
    ),
    *(
        replace(
            _library(dependency, name, "JavaScript", js(dependency, 0.8),
            supersedes=() if dependency in _UNDER_ANOTHER else ("vite", "express")),
            package=dependency,
            hints=(uses(dependency, 0.5, "node"),),
        )
        for dependency, name in _NODE_ROWS
    ),
    _library("rails", "Ruby on Rails", "Ruby", file("config/application.rb", 0.8), supersedes=("vite", "express")),
    _library("laravel", "Laravel", "PHP", file("artisan", 0.9), supersedes=("vite", "express")),
    _library("symfony", "Symfony", "PHP", file("symfony.lock", 0.9), supersedes=("vite",)),
    _library("phoenix", "Phoenix", "Elixir", file("lib/*_web/endpoint.ex", 0.9), supersedes=("vite",)),
    Technology(
        "hugo", "Hugo", "HTML", Kind.STATIC, any_of=(file("hugo.toml", 0.9), file("hugo.yaml", 0.9),
        file("archetypes/default.md", 0.8)),
    ),
    Technology("jekyll", "Jekyll", "HTML", Kind.STATIC, any_of=(file("_config.yml", 0.8),)),
    Technology("mkdocs", "MkDocs", "Python", Kind.STATIC, any_of=(file("mkdocs.yml", 0.9),)),
)  # fmt: skip
"""What is recognised and named, but not deployed yet."""


def weak(technology: Technology) -> bool:
    """Whether this is often only a part of something else."""
    return technology.id in _UNDER_ANOTHER


UI_LIBRARIES: tuple[tuple[str, str, str], ...] = (
    ("react", "React", "react"), ("vue", "Vue", "vue"), ("svelte", "Svelte", "svelte"), ("solid-js", "Solid", "solid"),
    ("preact", "Preact", "preact"), ("lit", "Lit", "lit"),
)  # fmt: skip
"""npm package, name, id: named beside the framework, never deciding anything."""


def technologies() -> Iterator[Technology]:
    yield from DEPLOYED
    yield from KNOWN
