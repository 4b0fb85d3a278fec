""".NET: project files, shared build files, solutions and what they say about packages and frameworks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Protocol

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.names import not_the_program
from deploydeck.scan.parsers import dotnet_packages, dotnet_settings, dotnet_source
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.dotnet_packages import names_of, usual
from deploydeck.scan.parsers.formats import Element, load_xml

_MONIKER = re.compile(r"^net(?:coreapp)?(\d{1,2}\.\d{1,2})(?:-[A-Za-z0-9.]{1,40})?$", re.IGNORECASE)
_FULL = re.compile(r"^net([234])(\d)(\d?)$", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\(([A-Za-z_][\w.]{0,80})\)")
_SDK_VERSION = re.compile(r"^([^/\s]{1,100})/([^/\s]{1,60})$")
_SOLUTION_LINE = re.compile(r'^\s*Project\("\{([0-9A-Fa-f-]{36})\}"\)\s*=\s*"([^"]{1,200})"\s*,\s*"([^"]{1,400})"')
_SOLUTION_FOLDER = "2150E333-8FDC-42A3-9474-1A3956D46DE8"
_WEB_TYPE = "349C5851-65DF-11DA-9384-00065B846F21"
_TOLD = frozenset({
    "OutputType", "AssemblyName", "RootNamespace", "UserSecretsId", "TargetFramework", "TargetFrameworks", "StaticWebAssetBasePath",
})  # fmt: skip
_TRUE = frozenset({
    "UseWPF", "UseWindowsForms", "UseMaui", "IsTestProject", "IsAspireHost", "PublishAot", "PublishSingleFile", "SelfContained",
    "InvariantGlobalization", "PackAsTool", "IsPackable", "ManagePackageVersionsCentrally", "EnableSdkContainerSupport",
})  # fmt: skip
_DESKTOP = {"System.Windows.Forms": "UseWindowsForms", "PresentationFramework": "UseWPF"}
_TEST_PACKAGES = frozenset({"microsoft.net.test.sdk", "xunit", "xunit.v3", "nunit", "mstest", "mstest.testframework", "tunit"})


class _Make(Protocol):
    def __call__(self, kind: str, name: str, line: int, value: str = "", tags: frozenset[str] = frozenset()) -> Found: ...


def version_of(moniker: str) -> str:
    """The version in a target framework: "8.0" of net8.0-windows, "4.7.2" of net472; "" for netstandard and what is none."""
    text = moniker.strip()
    if match := _MONIKER.match(text):
        return match[1]
    if match := _FULL.match(text):
        return ".".join(filter(None, match.groups()))
    return ""


def newest(monikers: str) -> str:
    """The version of the newest of several target frameworks: what can run the program, as one image needs only one."""
    found = [version for one in monikers.split(";")[:30] if (version := version_of(one))]
    return max(found, key=lambda one: tuple(int(part) for part in one.split(".")), default="")


class Properties:
    """The properties of one project file. Those without a condition win, the last one counts; references are replaced."""

    def __init__(self, root: Element, stem: str) -> None:
        self.elements: dict[str, Element] = {}
        conditional: dict[str, Element] = {}
        for group in (*root.all("PropertyGroup"), *root.all("Choose", "When", "PropertyGroup")):
            for one in group.children:
                free = "Condition" not in group.attributes and "Condition" not in one.attributes
                (self.elements if free else conditional)[one.tag] = one
        for name, one in conditional.items():
            self.elements.setdefault(name, one)
        self._stem = stem

    def get(self, name: str) -> str:
        """The value of a property; "" when it is not there or depends on what is not in this file."""
        one = self.elements.get(name)
        return self.expand(one.text) if one else ""

    def expand(self, text: str) -> str:
        """The text with references to properties of the same file replaced; "" when one is unknown."""
        value = text.strip()[:1000]
        for _ in range(4):
            if "$(" not in value:
                return value
            value = _REFERENCE.sub(self._value, value)[:2000]
        return "" if "$(" in value else value

    def _value(self, match: re.Match[str]) -> str:
        if match[1] in {"MSBuildProjectName", "MSBuildThisFileName"}:
            return self._stem
        one = self.elements.get(match[1])
        return one.text.strip()[:500] if one else "$()"


def project(file: str, data: bytes) -> Iterator[Found]:
    """A *.csproj, *.fsproj or *.vbproj, of either generation."""
    text, root = Text(data), load_xml(data)
    stem, _, extension = file.rpartition("/")[2].rpartition(".")
    properties = Properties(root, stem)

    def found(kind: str, name: str, line: int, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:300], file, line, text.line(line), "dotnet", tags)

    yield found("manifest", extension.lower(), root.line)
    named = properties.elements.get("AssemblyName")
    assembly = properties.get("AssemblyName") or stem
    yield found("project-name", assembly, named.line if named and assembly != stem else root.line)
    yield from _sdks(found, root)
    yield from _frameworks(found, properties)
    if root.attributes.get("Sdk", "").startswith("Microsoft.NET.Sdk.Web"):
        yield from _web_version(file, text, properties)
    yield from _properties(found, properties)
    tests = any(name.lower() in _TEST_PACKAGES for one in root.every("PackageReference") for name in names_of(one))
    if tests:
        yield found("option", "IsTestProject", root.line, "true")
    development = frozenset({"development"}) if tests or properties.get("IsTestProject").lower() == "true" else frozenset[str]()
    for one in root.every("PackageReference"):
        version = properties.expand(_version(one))
        private = frozenset({"development"}) if _private(one) else development
        for name in names_of(one):
            if expanded := properties.expand(name):
                yield found("dependency", usual(expanded), one.line, version, private)
    for one in root.every("ProjectReference"):
        path = properties.expand(one.attributes.get("Include", "").replace("\\", "/"))
        if path and "*" not in path:
            yield found("uses-project", posixpath.normpath(path), one.line, tags=frozenset({"path"}))
    for one in root.every("FrameworkReference"):
        yield found("option", f"FrameworkReference/{one.attributes.get('Include', '')}", one.line)
    for one in root.every("Reference"):
        name = one.attributes.get("Include", "").partition(",")[0].strip()
        if name in _DESKTOP:
            yield found("option", _DESKTOP[name], one.line, "true")
    for one in root.every("ContainerPort"):
        if re.fullmatch(r"\d{1,5}", port := one.attributes.get("Include", "")):
            yield Found("expose", port, "ContainerPort", file, one.line, text.line(one.line))


def _sdks(found: _Make, root: Element) -> Iterator[Found]:
    wanted = [(part, root.line) for part in root.attributes.get("Sdk", "").split(";")]
    wanted += [
        (f"{one.attributes.get('Name', '')}/{one.attributes.get('Version', '')}".rstrip("/"), one.line) for one in root.all("Sdk")
    ]
    wanted += [(one.attributes.get("Sdk", ""), one.line) for one in root.all("Import")]
    for written, line in wanted:
        match = _SDK_VERSION.match(written.strip())
        if name := (match[1] if match else written.strip()):
            yield found("tool", name, line, match[2] if match else "")


def _frameworks(found: _Make, properties: Properties) -> Iterator[Found]:
    for name in ("TargetFramework", "TargetFrameworks", "TargetFrameworkVersion"):
        one = properties.elements.get(name)
        written = properties.get(name)
        version = written.lstrip("vV") if name == "TargetFrameworkVersion" else newest(written)
        if one and re.fullmatch(r"\d{1,2}(?:\.\d{1,2}){1,2}", version):
            pin = found("pin", "dotnet", one.line, version)
            yield Found("pin", "dotnet", version, pin.file, pin.line, pin.text, "TargetFramework")
            return


def _web_version(file: str, text: Text, properties: Properties) -> Iterator[Found]:
    """ASP.NET Core comes with the SDK for the web, in the version of the target framework."""
    one = properties.elements.get("TargetFramework")
    version = newest(properties.get("TargetFramework"))
    if one and re.fullmatch(r"\d{1,2}\.\d{1,2}", version):
        yield Found("managed", "Microsoft.AspNetCore.App", version, file, one.line, text.line(one.line), "dotnet")


def _properties(found: _Make, properties: Properties) -> Iterator[Found]:
    for name, one in properties.elements.items():
        value = properties.get(name)
        if (name in _TOLD and value) or (name in _TRUE and value.lower() == "true"):
            yield found("option", name, one.line, value)
        elif name == "ProjectTypeGuids" and _WEB_TYPE in value.upper():
            yield found("option", "WebApplication", one.line, "true")
        elif name == "AzureFunctionsVersion":
            yield found("tool", "AzureFunctions", one.line, value)


def _version(one: Element) -> str:
    for name in ("VersionOverride", "Version", "version"):
        if written := one.attributes.get(name) or one.get(name):
            return written
    return ""


def _private(one: Element) -> bool:
    assets = one.attributes.get("PrivateAssets") or one.get("PrivateAssets")
    return assets.strip().lower() == "all"


def shared(file: str, data: bytes) -> Iterator[Found]:
    """Directory.Build.props, Directory.Packages.props and their like: what holds for every project below."""
    text, root = Text(data), load_xml(data)
    properties = Properties(root, file.rpartition("/")[2].removesuffix(".props"))
    yield Found("manifest", "props", "", file, root.line, text.line(root.line), "dotnet")
    if not not_the_program(file):  # what holds for the tests alone says nothing about the program
        yield from _shared_framework(file, text, properties)
    for one in (*root.every("PackageVersion"), *root.every("GlobalPackageReference")):
        version = properties.expand(_version(one))
        for name in names_of(one):
            if version and "$(" not in name:
                yield Found("managed", usual(name), version, file, one.line, text.line(one.line), "dotnet")
    for one in root.every("PackageReference"):
        for name in names_of(one):
            if version := properties.expand(_version(one)):
                yield Found("managed", usual(name), version, file, one.line, text.line(one.line), "dotnet")


def _shared_framework(file: str, text: Text, properties: Properties) -> Iterator[Found]:
    names = [name for name in ("TargetFramework", "TargetFrameworks") if newest(properties.get(name))]
    # A property of the project's own ("NetVersion") that project files refer to is the next best thing.
    names = names or [name for name in properties.elements if version_of(properties.get(name))]
    versions = {newest(properties.get(name)): name for name in reversed(names)}
    if len(versions) == 1 or (names and names[0].startswith("TargetFramework")):
        one = properties.elements[names[0]]
        yield Found("pin", "dotnet", newest(properties.get(names[0])), file, one.line, text.line(one.line), "TargetFramework")


def solution(file: str, data: bytes) -> Iterator[Found]:
    """The projects of a *.sln; its folders are only for people."""
    text = Text(data)
    yield Found("manifest", "sln", "", file, 1, text.line(1), "dotnet")
    for number, line in enumerate(text.lines, 1):
        match = _SOLUTION_LINE.match(line[:1000])
        if match and match[1].upper() != _SOLUTION_FOLDER:
            yield from _member(file, match[3], number, line)


def solution_xml(file: str, data: bytes) -> Iterator[Found]:
    """The projects of a *.slnx."""
    text, root = Text(data), load_xml(data)
    yield Found("manifest", "slnx", "", file, root.line, text.line(root.line), "dotnet")
    for one in root.every("Project"):
        yield from _member(file, one.attributes.get("Path", ""), one.line, text.line(one.line))


def _member(file: str, written: str, number: int, line: str) -> Iterator[Found]:
    path = written.replace("\\", "/")
    directory = posixpath.normpath(posixpath.dirname(path)) if path.endswith("proj") else "."
    if directory not in {".", ""} and not directory.startswith("/"):
        yield Found("workspace", directory, "", file, number, line, "dotnet")


PARSERS: tuple[Parser, ...] = (
    *(Parser(f"*.{extension}", project, config_kind="project") for extension in ("csproj", "fsproj", "vbproj")),
    Parser("*.sln", solution, config_kind="solution"),
    Parser("*.slnx", solution_xml, config_kind="solution"),
    Parser("Directory.Build.props", shared, anywhere=True, config_kind="project"),
    Parser("Directory.Build.targets", shared, anywhere=True, config_kind="project"),
    Parser("Directory.Packages.props", shared, anywhere=True, config_kind="project"),
    *dotnet_packages.PARSERS,
    *dotnet_settings.PARSERS,
    *dotnet_source.PARSERS,
)
