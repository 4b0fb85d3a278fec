# ruff: noqa: E501 - sources read better unbroken
"""Names that lead to themselves: a reader that follows names must end, and soon."""

from __future__ import annotations

import pytest

from deploydeck.scan.parsers import parsers_for
from tests.clock import quick

PATTERNS: dict[str, tuple[str, str]] = {
    "main.go": (
        'package main\nimport ("os"; "net/http"; "fmt")\nfunc main() {{\n{body}\nhttp.ListenAndServe(a, nil)\nos.Getenv(a)\n}}\nfunc f() string {{ return f() + g() }}\nfunc g() string {{ return f() }}\n',
        'a = append(a, b)\nb = getEnv(a, b)\na = fmt.Sprintf("%s:%s", a, b)\nb = a + b\na := f()\nb.a = a.b\na.b = b.a\na = getEnv(a, a)\nb = os.Getenv(b)\n',
    ),
    "src/main.rs": (
        "use std::env;\nfn main() {{\n{body}\nTcpListener::bind(a);\n}}\nfn f() -> String {{ g() }}\nfn g() -> String {{ f() }}\n",
        'let a = b;\nlet b = a;\nlet a = env::var(a).unwrap_or(b);\nlet b = format!("{}:{}", a, b);\nlet a = f();\na = a + b;\nlet b = (a, b);\n',
    ),
    "app.py": (
        "import os\n{body}\napp.run(port=a)\ndef f():\n    return g()\ndef g():\n    return f()\n",
        'a = b\nb = a\na = a + b\nb = os.getenv(a, b)\na = int(os.environ.get(b, a))\nb = f"{a}:{b}"\na = f()\nb = a or b\n',
    ),
    "server.js": (
        "{body}\napp.listen(a);\nconst x = process.env[a] || b;\nfunction f() {{ return g() }}\nfunction g() {{ return f() }}\n",
        "var a = b;\nvar b = a;\na = a || b;\nb = process.env[a] || a;\na = f();\nb = `${a}${b}`;\na = Number(b);\na = b ?? a;\nvar {a} = b;\n",
    ),
    "src/main/java/Main.java": (
        "import io.javalin.Javalin;\nclass Main {{ static String a = b; static String b = a;\npublic static void main(String[] x) {{\n{body}\nJavalin.create().start(a);\nSystem.getenv(a);\n}} }}\n",
        "a = b;\nb = a;\nint a = Integer.parseInt(b);\nint b = f(a);\na = System.getenv(b);\nb = a + b;\n",
    ),
    "src/main/kotlin/Main.kt": (
        "val a = b\nval b = a\nfun main() {{\n{body}\nembeddedServer(Netty, port = a)\nSystem.getenv(a)\n}}\n",
        "val a = b\nval b = a ?: b\nval a = System.getenv(b)?.toInt() ?: a\n",
    ),
    "Program.cs": (
        "var app = WebApplication.CreateBuilder(args).Build();\n{body}\napp.Run(a);\nEnvironment.GetEnvironmentVariable(a);\nstring F() => G();\nstring G() => F();\n",
        'var a = b;\nvar b = a;\na = $"http://*:{a}{b}";\nb = Environment.GetEnvironmentVariable(a) ?? b;\na = F();\nb = a + b;\n',
    ),
    "bin/server.dart": (
        "import 'package:shelf/shelf_io.dart';\nvoid main() {{\n{body}\nserve(h, InternetAddress.anyIPv4, a);\n}}\n",
        "var a = b;\nvar b = a;\na = int.parse(Platform.environment[b] ?? a);\nb = a ?? b;\nb = '$a$b';\n",
    ),
    "index.php": (
        "<?php\n{body}\n$s = new Server($a, $b);\ngetenv($a);\nfunction f() {{ return g(); }}\nfunction g() {{ return f(); }}\n",
        "$a = $b;\n$b = $a;\n$a = getenv($b) ?: $a;\n$b = $a . $b;\n$a = f();\n$b = env($a, $b);\n",
    ),
    "app.rb": (
        "require 'sinatra'\n{body}\nset :port, a\nENV[a]\ndef f = g\ndef g = f\n",
        'a = b\nb = a\na = ENV.fetch(b, a)\nb = "#{a}#{b}"\na = f\nb = a || b\nA = B\nB = A\nENV.fetch(A) { B }\n',
    ),
    "server.exs": (
        "{body}\nPlug.Cowboy.http(R, [], port: a)\nSystem.get_env(a)\n",
        "a = b\nb = a\na = System.get_env(b) || a\nb = a <> b\n",
    ),
}


@pytest.mark.parametrize("times", [1, 60])
@pytest.mark.parametrize("file", sorted(PATTERNS))
def test_names_that_lead_to_themselves(file: str, times: int) -> None:
    frame, body = PATTERNS[file]
    data = frame.format(body=body * times).encode()
    quick(lambda: [list(parser.parse(file, data)) for parser in parsers_for(file)], 5)
