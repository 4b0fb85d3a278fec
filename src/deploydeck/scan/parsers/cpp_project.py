# ruff: noqa: E501 - a pattern reads better unbroken
"""C and C++: CMake, Meson, autotools, Make, Conan, vcpkg and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_json, strings, table
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "cpp"
_CALL = re.compile(
    r"^[ \t]{0,40}(project|add_executable|qt_add_executable|find_package|FetchContent_Declare|CPMAddPackage|cpmaddpackage|add_subdirectory|"
    r"cmake_minimum_required|set|pkg_check_modules|add_library|target_link_libraries)\s{0,4}\(([^()]{0,4000})\)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(r"\b(?:GIT_TAG|VERSION)\s{1,8}\"?(?:[A-Za-z]{1,20}-)?v?([\w.\-]{1,60})")
_URL_VERSION = re.compile(r"/(?:refs/tags/|download/|archive/)?v?(\d{1,4}(?:\.\d{1,4}){1,3})(?:\.tar|\.zip|/)")
_CPM = re.compile(r"^\"?(?:gh|gl|bb|github):([\w.-]{1,60}/[\w.-]{1,60})[#@]v?([\w.\-]{1,40})")
_MESON = re.compile(r"\b(project|executable|dependency)\(\s{0,20}'([^'\n]{1,100})'([^)]{0,1000})\)")
_REFERENCE = re.compile(r"\b([a-z0-9_][a-z0-9_+.\-]{1,60})/(\d[\w.+\-]{0,40}|cci\.\d{8}|\[[^\]\n]{1,60}\])(?:@[\w/.\-]{0,60})?")
_AUTOCONF = re.compile(r"\bAC_INIT\(\s{0,9}\[?([\w .+\-]{1,100}?)\]?\s{0,9}[,)]")
_MAKE_TARGET = re.compile(
    r"^(?:TARGET|BIN|EXEC|EXECUTABLE|PROGRAM|PROG|NAME|OUT|OUTPUT|APP|BINARY)(?:_NAME)?\s{0,9}[:?]?=\s{0,9}([\w./-]{1,100})\s*$",
    re.MULTILINE,
)
_MAKE_OUT = re.compile(
    r"^\t[^\n]{0,200}(?:gcc|g\+\+|clang|clang\+\+|\$\(CC\)|\$\(CXX\)|\$\{CC\}|\$\{CXX\})[^\n]{0,200}\s-o\s{1,4}([\w./-]{1,100})",
    re.MULTILINE,
)


def cmake(file: str, data: bytes) -> Iterator[Found]:
    """Project, executables with their directory, and what is found or fetched. Variables of the project's name are put in."""
    text = Text(data)
    plain = re.sub(r"(?m)(?:^|(?<=\s))#[^\n]{0,2000}$", lambda match: " " * len(match[0]), text.text)
    directory = file.rpartition("/")[0]
    if not directory:
        yield Found("manifest", "CMakeLists.txt", "", file, 0, "", SCOPE)
    project = ""
    for match in _CALL.finditer(plain):
        words = match[2].split()
        if not words:
            continue
        call, first = match[1].lower(), words[0].strip('"')
        number = text.line_at(match.start())
        first = first.replace("${PROJECT_NAME}", project).replace("${CMAKE_PROJECT_NAME}", project)

        def found(kind: str, name: str, value: str = "", tags: frozenset[str] = frozenset(), at: int = number) -> Found:
            return Found(kind, name[:100], value[:200], file, at, text.line(at), SCOPE, tags)

        if call == "project" and not directory:
            project = first
            yield found("project-name", first)
        elif call in {"add_executable", "qt_add_executable"} and not {"IMPORTED", "ALIAS"} & set(words) and "${" not in first:
            yield found("entry", "bin", first, frozenset({f"dir:{directory}"}))
        elif call in {"add_executable", "qt_add_executable"} and directory and "PROJECT_NAME" in words[0]:
            yield found("entry", "bin-of-project", "", frozenset({f"dir:{directory}"}))
        elif call == "find_package":
            version = words[1] if len(words) > 1 and words[1][:1].isdigit() else ""
            if first not in {"Threads", "Python", "Python3", "PkgConfig", "Git", "Doxygen"} and "${" not in first:
                yield found("dependency", first.lower(), f">={version}" if version else "", frozenset({"found"}))
        elif call in {"fetchcontent_declare", "cpmaddpackage"}:
            if cpm := _CPM.match(first):
                yield found("dependency", cpm[1].rpartition("/")[2].lower(), f"=={cpm[2]}")
                continue
            if first.upper() == "NAME" and len(words) > 1:
                first = words[1]
            version_ = _TAG.search(match[2]) or _URL_VERSION.search(match[2])
            yield found("dependency", first.lower(), version_[1] if version_ else "")
        elif (
            call == "set"
            and len(words) > 1
            and first in {"CMAKE_RUNTIME_OUTPUT_DIRECTORY", "CMAKE_CXX_STANDARD", "CMAKE_C_STANDARD", "EXECUTABLE_OUTPUT_PATH"}
        ):
            if first.endswith("STANDARD"):
                yield found("package-field", first, words[1])
            else:
                yield found("option", "cmake.output", words[1].strip('"'))


def meson(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    directory = file.rpartition("/")[0]
    if not directory:
        yield Found("manifest", "meson.build", "", file, 0, "", SCOPE)
    for match in _MESON.finditer(text.text):
        number = text.line_at(match.start())
        place = (file, number, text.line(number), SCOPE)
        if match[1] == "project":
            yield Found("project-name", match[2], "", *place)
        elif match[1] == "executable":
            yield Found("entry", "bin", match[2], *place, frozenset({f"dir:{directory}"}))
        else:
            version = re.search(r"version\s{0,4}:\s{0,4}'([^'\n]{1,40})'", match[3])
            yield Found("dependency", match[2].lower(), version[1] if version else "", *place, frozenset({"found"}))


def conan(file: str, data: bytes) -> Iterator[Found]:
    """conanfile.txt and conanfile.py: references `name/version`, those of [build_requires] and test_requires apart."""
    text = Text(data)
    yield Found("manifest", file.rpartition("/")[2], "", file, 0, "", SCOPE)
    section, script = "", file.endswith(".py")
    for number, raw in enumerate(text.lines, 1):
        line = raw.partition("#")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        if script:
            opens = re.search(r"requires\s{0,4}=\s{0,4}[\[(]?", raw[:300])
            wanted = "require" in raw or section == "list"
            if opens:
                section = "list" if not re.search(r"[\])]\s*$", line) and not line.endswith('"') else ""
            elif section == "list" and not line.startswith(('"', "'")):
                section = ""
        else:
            wanted = section in {"requires", "build_requires", "tool_requires", "test_requires"}
        if not wanted:
            continue
        said = raw if script else section
        tag = "build" if re.search(r"build_requires|tool_requires", said) else "development" if "test_requires" in said else ""
        for match in _REFERENCE.finditer(line):
            version = match[2]
            value = version if version.startswith("[") else f"=={version}"
            yield Found("dependency", match[1], value, file, number, raw, SCOPE, frozenset({tag} if tag else ()))
            if not version.startswith("["):
                yield Found("locked", match[1], version, file, number, raw, SCOPE)


def conan_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = table(load_json(text))
    for key in ("requires", "build_requires"):
        for one in items(top.get(key))[:2000]:
            if isinstance(one, str) and (match := _REFERENCE.match(one)):
                number = text.find(one[:80])
                yield Found("locked", match[1], match[2], file, number, text.line(number), SCOPE)


def vcpkg(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = table(load_json(text))
    yield Found("manifest", "vcpkg.json", "", file, 0, "", SCOPE)
    if isinstance(name := top.get("name"), str):
        number = text.find(f'"{name}"')
        yield Found("project-name", name, "", file, number, text.line(number), SCOPE)
    overrides = {one.get("name", ""): one.get("version", "") for one in map(strings, items(top.get("overrides"))[:500])}
    start = text.find('"dependencies"')
    for one in items(top.get("dependencies"))[:1000]:
        name = one if isinstance(one, str) else table(one).get("name")
        if not isinstance(name, str):
            continue
        minimum = strings(one).get("version>=", "")
        number = text.find(f'"{name}"', start)
        tags = {f"extra:{feature}" for feature in items(table(one).get("features"))[:20] if isinstance(feature, str)}
        if table(one).get("host") is True:
            tags.add("build")
        yield Found("dependency", name, f">={minimum}" if minimum else "", file, number, text.line(number), SCOPE, frozenset(tags))
        if overrides.get(name):
            yield Found("locked", name, overrides[name], file, number, text.line(number), SCOPE)


def configure_ac(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield Found("manifest", "configure.ac", "", file, 0, "", SCOPE)
    if match := _AUTOCONF.search(text.text):
        number = text.line_at(match.start())
        yield Found("project-name", match[1].strip(), "", file, number, text.line(number), SCOPE)


def automake(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for match in re.finditer(r"^\s{0,9}(?:s?bin|noinst)_PROGRAMS\s{0,9}\+?=\s{0,9}([\w.-]{1,100})", text.text, re.MULTILINE):
        number = text.line_at(match.start())
        yield Found("entry", "bin", match[1], file, number, text.line(number), SCOPE, frozenset({f"dir:{file.rpartition('/')[0]}"}))


def makefile(file: str, data: bytes) -> Iterator[Found]:
    """The program a Makefile makes, for projects that have nothing else."""
    text = Text(data)
    for pattern in (_MAKE_TARGET, _MAKE_OUT):
        for match in pattern.finditer(text.text):
            if match[1].endswith((".o", ".a", ".so")):
                continue
            number = text.line_at(match.start(1))
            yield Found("entry", "make", match[1], file, number, text.line(number), SCOPE)


cpp_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(
            rb"getenv|[pP]ort|PORT|listen|Listen|htons|CROW_|#include\s{0,4}[<\"](?:drogon|crow|oatpp|pistache|httplib|boost|Wt/|Q|SDL|restbed|cpprest|mongoose|microhttpd|civetweb)|int main"
        ),
        comment="//",
        env=((re.compile(r"\b(?:std::)?(?:secure_)?getenv\(\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\)"), ""),),
        after=((re.compile(r"\s{0,4}\?[^:\n]{0,80}:\s{0,4}\"(?P<default>[^\"\n]{0,200})\""), "defaulted"),),
        listen=(
            re.compile(r"\.port\(\s{0,4}(?P<port>\d{2,5}|\w{1,40})\s{0,4}\)"),
            re.compile(r"\baddListener\(\s{0,4}(?P<host>\"?[\w.:]{1,60}\"?)\s{0,4},\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(
                r"\b(?:svr|server|srv|app|http)\w{0,20}(?:\.|->)listen\(\s{0,4}(?P<host>\"?[\w.:]{1,60}\"?)\s{0,4},\s{0,4}(?P<port>\d{2,5}|\w{1,40})"
            ),
            re.compile(r"\{\s{0,4}(?P<host>\"[\w.:]{1,60}\")\s{0,4},\s{0,4}(?P<port>\d{2,5})\s{0,4},\s{0,4}oatpp"),
            re.compile(
                r"\b(?:Pistache::)?(?:Address\([^\n]{0,60},\s{0,4})?Port\s{0,4}(?:\w{1,20})?[({]\s{0,4}(?P<port>\d{2,5}|\w{1,40})\s{0,4}[)}]"
            ),
            re.compile(r"\bhtons\(\s{0,4}(?:\(\w{1,20}\))?(?P<port>\d{2,5}|\w{1,40})\s{0,4}\)"),
            re.compile(r"\bendpoint\s{0,4}\w{0,30}[({]\s{0,4}[\w:]{1,60}(?:\(\))?(?:::v4\(\))?\s{0,4},\s{0,4}(?P<port>\d{2,5})"),
            re.compile(
                r"\"https?://(?P<host>[\d.]{7,15}|localhost):(?P<port>\d{2,5})/?\"(?=[^\n]{0,60}(?:fn|handler|NULL|cb|nullptr))"
            ),
            re.compile(r"\bMHD_start_daemon\([^,\n]{1,80},\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"\"listening_ports\"\s{0,4},\s{0,4}\"(?P<port>\d{2,5})"),
            re.compile(r"\bset_port\(\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
        ),
        routes=(
            re.compile(r"\bCROW_ROUTE\(\s{0,4}\w{1,40}\s{0,4},\s{0,4}\"(?P<path>/[^\"\n]{0,100})\""),
            re.compile(r"\b\w{1,40}(?:\.|->)Get\(\s{0,4}R?\"\(?(?P<path>/[\w/.\-]{0,100})\)?\""),
            re.compile(r"\bRoutes::Get\(\s{0,4}\w{1,40}\s{0,4},\s{0,4}\"(?P<path>/[^\"\n]{0,100})\""),
            re.compile(r"\bADD_METHOD_TO\([^,\n]{1,100},\s{0,4}\"(?P<path>/[^\"\n]{0,100})\"[^\n]{0,60}\bGet\b"),
            re.compile(r"\bregisterHandler\(\s{0,4}\"(?P<path>/[^\"\n]{0,100})\""),
            re.compile(r"\bENDPOINT\(\s{0,4}\"GET\"\s{0,4},\s{0,4}\"(?P<path>/?[^\"\n]{0,100})\""),
        ),
        imports=(
            re.compile(
                r"^\s{0,8}#\s{0,4}include\s{0,4}[<\"]((?:drogon|crow|oatpp|pistache|httplib|boost/beast|Wt/|QApplication|QGuiApplication|QMainWindow|QtWidgets|QtWebSockets|restbed|corvusoft|cpprest|mongoose|microhttpd|civetweb|userver|uwebsockets|App\.h|SDL|gtk/|gtkmm|wx/|imgui|raylib|SFML)[\w./]{0,80})[>\"]"
            ),
        ),
        main=re.compile(r"^\s{0,4}(?:int|auto|void)\s{1,4}main\s{0,4}\("),
    )
)
_SOURCES = ("c", "cc", "cpp", "cxx", "c++", "h", "hpp", "hh", "hxx")

PARSERS: tuple[Parser, ...] = (
    Parser("CMakeLists.txt", cmake, anywhere=True, config_kind="manifest"),
    Parser("meson.build", meson, anywhere=True, config_kind="manifest"),
    Parser("conanfile.txt", conan, config_kind="manifest"),
    Parser("conanfile.py", conan, config_kind="manifest"),
    Parser("conan.lock", conan_lock, "lock", config_kind="lock"),
    Parser("vcpkg.json", vcpkg, config_kind="manifest"),
    Parser("configure.ac", configure_ac, config_kind="manifest"),
    Parser("Makefile.am", automake, anywhere=True),
    Parser("Makefile", makefile),
    Parser("makefile", makefile),
    Parser("GNUmakefile", makefile),
    *(Parser(f"*.{extension}", cpp_source, "source", anywhere=True) for extension in _SOURCES),
)
