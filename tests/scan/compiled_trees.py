"""The smallest trees of compiled languages that are found and can be deployed: by technology, with the kind a scan must say."""

from __future__ import annotations

from deploydeck.domain import Kind

Trees = dict[str, tuple[dict[str, str], Kind]]

_GO = {
    "gin": "github.com/gin-gonic/gin",
    "echo": "github.com/labstack/echo/v4",
    "fiber": "github.com/gofiber/fiber/v2",
    "chi": "github.com/go-chi/chi/v5",
    "gorilla-mux": "github.com/gorilla/mux",
    "httprouter": "github.com/julienschmidt/httprouter",
    "bunrouter": "github.com/uptrace/bunrouter",
    "beego": "github.com/beego/beego/v2",
    "iris": "github.com/kataras/iris/v12",
    "martini": "github.com/go-martini/martini",
    "fasthttp": "github.com/valyala/fasthttp",
    "hertz": "github.com/cloudwego/hertz",
    "goframe": "github.com/gogf/gf/v2",
    "kratos": "github.com/go-kratos/kratos/v2",
    "go-zero": "github.com/zeromicro/go-zero",
    "goa": "goa.design/goa/v3",
    "fuego": "github.com/go-fuego/fuego",
    "gofr": "gofr.dev",
    "pocketbase": "github.com/pocketbase/pocketbase",
}
_RUST = {
    **{
        name: name
        for name in (
            "axum", "actix-web", "rocket", "warp", "tide", "poem", "salvo", "ntex", "gotham", "rouille", "iron", "dropshot",
            "thruster", "viz", "hyper",
        )
    },
    "tiny-http": "tiny_http",
}  # fmt: skip
_DOTNET = {
    "giraffe": "Giraffe",
    "saturn": "Saturn",
    "falco": "Falco",
    "websharper": "WebSharper.AspNetCore",
    "umbraco": "Umbraco.Cms",
    "orchardcore": "OrchardCore.Application.Cms.Targets",
}
_ELIXIR = {"phoenix": "phoenix", "plug": "bandit"}


def _go(module: str) -> dict[str, str]:
    return {
        "go.mod": f"module example.test/shop\n\ngo 1.25\n\nrequire {module} v1.0.0\n",
        "main.go": f'package main\n\nimport (\n\t"net/http"\n\n\t_ "{module}"\n)\n\n'
        'func main() {\n\thttp.ListenAndServe(":8080", nil)\n}\n',
    }


def _rust(crate: str) -> dict[str, str]:
    return {
        "Cargo.toml": f'[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n{crate} = "1"\n',
        "Cargo.lock": 'version = 4\n\n[[package]]\nname = "shop"\nversion = "0.1.0"\n',
        "src/main.rs": f"use {crate.replace('-', '_')}::server;\n\n"
        + 'fn main() {\n    std::net::TcpListener::bind("0.0.0.0:8080").unwrap();\n}\n',
    }


def _dotnet(package: str = "", sdk: str = "Microsoft.NET.Sdk.Web") -> dict[str, str]:
    reference = f'<ItemGroup><PackageReference Include="{package}" Version="1.0.0" /></ItemGroup>' if package else ""
    target = "<PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup>"
    return {"Shop.csproj": f'<Project Sdk="{sdk}">{target}{reference}</Project>\n', "Program.cs": "// nothing yet\n"}


def _elixir(package: str) -> dict[str, str]:
    return {
        "mix.exs": "defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n"
        f'    [app: :shop, version: "1.0.0", elixir: "~> 1.18", deps: [{{:{package}, "~> 1.0"}}]]\n  end\n\n'
        "  def application, do: [mod: {Shop, []}]\nend\n",
        "mix.lock": "%{}\n",
        "lib/shop.ex": "defmodule Shop do\n  use Application\nend\n",
        **(
            {"lib/shop_web/endpoint.ex": "defmodule ShopWeb.Endpoint do\n  use Phoenix.Endpoint, otp_app: :shop\nend\n"}
            if package == "phoenix"
            else {"lib/shop/router.ex": "defmodule Shop.Router do\n  use Plug.Router\nend\n"}
        ),
    }


TREES: Trees = {
    **{id: (_go(module), Kind.SERVER) for id, module in _GO.items()},
    **{id: (_rust(crate), Kind.SERVER) for id, crate in _RUST.items()},
    **{id: (_dotnet(package), Kind.SERVER) for id, package in _DOTNET.items()},
    "suave": (_dotnet("Suave", "Microsoft.NET.Sdk"), Kind.SERVER),
    **{id: (_elixir(package), Kind.SERVER) for id, package in _ELIXIR.items()},
    "aspnet": (_dotnet(), Kind.SERVER),
    "blazor": (_dotnet(sdk="Microsoft.NET.Sdk.BlazorWebAssembly"), Kind.STATIC),
}
