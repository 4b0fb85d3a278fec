"""Which file a program is: the one that Node.js finds for a name, what the build makes of a source, and back."""

from __future__ import annotations

import posixpath
import re

from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

TYPED = re.compile(r"\.(?:[cm]?ts|tsx)$")


def existing(scan: Scan, name: str) -> str:
    """The file that Node.js would run for a name; "" when it is not there."""
    path = posixpath.normpath(name) if name else ""
    if path == "." or path in scan.directories:  # a directory: its main, which at the root package.json names
        main = scan.facts.first("package-field", "main", "node") if path == "." else None
        path = posixpath.normpath(main.value) if main else posixpath.normpath(f"{path}/index.js")
    for candidate in (path, f"{path}.js", f"{path}/index.js", f"{path}.mjs", f"{path}.cjs", f"{path}.ts", f"{path}/index.ts"):
        if candidate in scan.tree.entries:
            return candidate
    return ""


def is_built(scan: Scan, file: str) -> bool:
    """Whether a missing file is plausibly made by the build script."""
    built = any(
        fact.name.startswith(("build", "compile", "prepare", "postinstall", "prestart", "heroku-postbuild", "tsc"))
        for fact in scan.facts.of("script", scope="node")
    )
    return built and not file.startswith(("/", ".."))


def source_files(scan: Scan, path: str) -> set[str]:
    """The files a program at this path is written in: itself, or what its build is made from."""
    if not path:
        return set()
    path = posixpath.normpath(path)
    if path in scan.tree.entries:
        return {path}
    stem = re.sub(r"\.(?:[cm]?[jt]s|tsx|jsx)$", "", path)
    inside = stem.partition("/")[2]
    stems = [
        stem,
        f"{stem}/index",
        "src/index" if not inside else stem,
        *(f"{base}{inside}" for base in ("src/", "", "source/", "app/", "server/", "lib/") if inside),
    ]
    stems += [f"{one}/index" for one in stems[3:] if not one.endswith("index")]
    return {
        f"{one}{extension}"
        for one in stems
        for extension in (".ts", ".js", ".mts", ".cts", ".tsx", ".mjs")
        if f"{one}{extension}" in scan.tree.entries
    }


def compiled(scan: Scan, path: str) -> str:
    """Where the build puts what it makes of a TypeScript file; "" when there is no build that makes any."""
    if "nx.json" in scan.tree.entries and (match := re.fullmatch(r"((?:apps|packages|services)/[^/]+)/src/(.+)\.ts", path)):
        written = scan.facts.own("option", "nx.build.outputPath")
        output = next((fact.value for fact in written if fact.file == f"{match[1]}/project.json"), f"dist/{match[1]}")
        return f"{posixpath.normpath(output)}/{match[2]}.js"
    build = next(
        (
            script
            for name in ("build", "build:prod", "compile", "build:server", "tsc")
            if (script := scan.facts.first("script", name, "node"))
        ),
        None,
    )
    if build is None or not re.search(
        r"\b(?:tsc|tspc|tsup|tsdown|unbuild|swc|esbuild|babel|nest|rollup|ncc|webpack|mwtsc|vite|parcel|gulp|rspack|pkgroll|node|npm|pnpm|yarn|bun|turbo)\b",
        build.value,
    ):
        return ""
    main = scan.facts.first("package-field", "main", "node")
    directory = output_directory(scan, build)
    if not directory:
        return ""
    stem = re.sub(r"\.(?:[cm]?[jt]s|tsx|jsx)$", "", path)
    if (
        main
        and posixpath.normpath(main.value).startswith(f"{directory}/")
        and stem.rpartition("/")[2] == re.sub(r"\.[cm]?js$", "", main.value).rpartition("/")[2]
    ):
        return posixpath.normpath(main.value)
    if re.search(r"\b(?:tsup|tsdown|esbuild|ncc|pkgroll|rollup)\b", build.value):
        return f"{directory}/{stem.rpartition('/')[2]}.js"
    options = _tsconfig(scan)
    root = posixpath.normpath(options.get("compilerOptions.rootDir", "") or ".")
    if root == ".":
        include = options.get("include", "")
        first = path.partition("/")[0] if "/" in path else ""
        only = not any(
            TYPED.search(one) and not one.endswith(".d.ts") and not one.startswith(f"{first}/") and ".config." not in one
            for one in scan.tree.entries
        )
        if "compilerOptions.rootDir" not in options and first and (include.removeprefix("./").startswith(first) or only):
            root = first
    if root != "." and stem.startswith(f"{root}/"):
        stem = stem[len(root) + 1 :]
    return f"{directory}/{stem}.js"


def _tsconfig(scan: Scan) -> dict[str, str]:
    """The options of the TypeScript configuration that the build uses, as far as names tell."""
    found: dict[str, str] = {}
    for name in ("tsconfig.json", "tsconfig.server.json", "tsconfig.build.json", "tsconfig.prod.json"):
        for fact in scan.facts.own("option"):
            if fact.file == name:
                found[fact.name] = fact.value
    return found


def output_directory(scan: Scan, build: Found | None) -> str:
    """The directory a compiler writes to: a flag, the configuration, else what is usual for the tool."""
    text = build.value if build else ""
    flag = re.search(r"(?:--outDir|--out-dir|--outdir|-d|--dist-dir)[= ]['\"]?(?:\./)?([\w./-]{1,80})", text)
    if flag:
        return posixpath.normpath(flag[1])
    file = re.search(r"--outfile[= ]['\"]?(?:\./)?([\w./-]{1,80})/[\w.-]{1,60}", text)
    if file:
        return posixpath.normpath(file[1])
    for fact in scan.facts.own("option"):
        if fact.name == "outDir" and fact.file.startswith(("tsup.", "tsdown.")):
            return posixpath.normpath(fact.value)
    options = _tsconfig(scan)
    if directory := options.get("compilerOptions.outDir", ""):
        return posixpath.normpath(directory) if not directory.startswith(("..", "/")) else ""
    return "dist" if re.search(r"\b(?:tsup|tsdown|unbuild|nest|ncc|pkgroll|webpack|rollup)\b", text) else ""
