"""PHP source by its syntax tree: variables, servers that listen, routes, what framework an entry file starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import php_routes
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.php_nodes import arguments, environment, literal
from deploydeck.scan.parsers.trees import descend, line, root, text

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST_LINE = 20_000
_MOST_IMPORTS = 100
_WORTH = re.compile(
    rb"getenv|_ENV\b|_SERVER\b|\benv\(|Env::|->required\(|(?:Server|Worker|InternetAddress)\(|->expose\("
    rb"|(?:Route|Router|Flight)::|#\[(?:\w{1,30}\\)?Route\(|@Route\(|(?:->|\))(?:get|any|map|route|connect|add|view|group|scope)\("
    rb"|withRouting"
)
_USE = re.compile(r"^[ \t]{0,80}use[ \t]{1,8}\\?([A-Z]\w{0,60})((?:\\\w{1,60}){0,12})", re.MULTILINE)
_APPLICATIONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"new \\?Laravel\\Lumen\\Application", "lumen"),
        (r"new \\?Illuminate\\Foundation\\Application|\bApplication::configure\(\s{0,20}basePath", "laravel"),
        (r"extends (?:BaseKernel|\\?Symfony\\Component\\HttpKernel\\Kernel)\b|MicroKernelTrait", "symfony"),
        (r"\bAppFactory::create|new \\?Slim\\(?:App|Slim)\b", "slim"),
        (r"new \\?Silex\\Application", "silex"),
        (r"\bFlight::(?:start|route)\(", "flight"),
        (r"\\?\bBase::instance\(\)", "fat-free"),
        (r"new \\?Leaf\\App|\bapp\(\)->run\(\)", "leaf"),
        (r"new \\?yii\\web\\Application|\byii\\web\\Application\(", "yii"),
        (r"Phalcon\\(?:Mvc|Autoload|Di)\\", "phalcon"),
        (r"\bWP_USE_THEMES\b|wp-blog-header\.php", "wordpress"),
        (r"(?m)^[ \t*/#]{0,20}Plugin Name:[ \t]", "wordpress-plugin"),
        (r"new \\?Cake\\Http\\Server|\bnew Server\(new Application\(", "cakephp"),
        (r"CodeIgniter\\Boot|\bCodeIgniter\b.{0,40}system/|CODEIGNITER|\bCI_VERSION\b", "codeigniter"),
        (r"\bLaminas\\Mvc\\Application|Zend\\Mvc\\Application", "laminas"),
    )
)
_DATABASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), service)
    for pattern, service in (
        (r"['\"]mysql:(?:host|unix_socket|dbname)=|\bmysqli_connect\(|\bnew \\?mysqli\(|\bmysql_connect\(", "mysql"),
        (r"['\"]pgsql:(?:host|dbname)=|\bpg_p?connect\(", "postgresql"),
        (r"['\"]sqlsrv:Server=|\bsqlsrv_connect\(", "mssql"),
        (r"\bnew \\?Redis\(\)|\bnew \\?Predis\\Client\(", "redis"),
        (r"\bnew \\?Memcached?\(\)", "memcached"),
        (r"\bnew \\?MongoDB\\(?:Client|Driver\\Manager)\(", "mongodb"),
        (r"\bnew \\?AMQPStreamConnection\(|\bnew \\?AMQPConnection\(", "rabbitmq"),
    )
)
_PROCESSOR = re.compile(r"%env\(([\w:.-]{1,200})\)%")
_SERVERS = re.compile(r"(?:^|\\)(?:Server|SocketServer|TcpServer|Worker|InternetAddress|HttpServer)$")
_ADDRESS = re.compile(r"^(?:[a-z]{2,12}://)?(\[[0-9a-fA-F:]+\]|[\w.-]{0,100}):(\d{2,5})$")
_OF_SERVERS = re.compile(rb"Swoole|Workerman|React|Amp\\|Webman")


def php_source(file: str, data: bytes) -> Iterator[Found]:
    source = Text(data)
    if b"<?" not in data[:100_000] or max(map(len, source.lines)) > _LONGEST_LINE:
        return

    def at(offset: int) -> tuple[int, str]:
        number = source.line_at(offset)
        return number, source.line(number)

    for count, match in enumerate(_USE.finditer(source.text)):
        if count >= _MOST_IMPORTS:
            break
        number, row = at(match.start())
        yield Found("import", match[1], match[1] + match[2], file, number, row, "php")
    if "/" not in file or file.startswith(("public/", "web/", "bootstrap/", "src/", "app/", "webroot/", "system/")):
        for pattern, name in _APPLICATIONS:
            if found := pattern.search(source.text[:200_000]):
                yield Found("app", name, "", file, *at(found.start()), "php")
    for pattern, service in _DATABASES:
        if found := pattern.search(source.text):
            yield Found("datasource", service, "connects to it", file, *at(found.start()), "php", frozenset({"weak"}))
    if _WORTH.search(data):
        yield from _by_tree(file, data, source)


def _by_tree(file: str, data: bytes, source: Text) -> Iterator[Found]:
    tree = root("php", data)

    def found(kind: str, name: str, node: Node, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:200], file, line(node), source.line(line(node)), "php", tags)

    for read in environment(tree):
        yield found("env", read.name, read.node, read.default or "", read.tags)
    for path, node in php_routes.routes(file, data, tree):
        yield found("route", path, node, "app")
    if _OF_SERVERS.search(data):
        for node in descend(tree, frozenset({"object_creation_expression", "member_call_expression"})):
            for port, host, tags in _listening(node):
                yield found("listen", port, node, host, tags)
    if file == "config/autoload/server.php":  # Hyperf
        for node in descend(tree, frozenset({"array_element_initializer"})):
            pair = node.named_children
            if len(pair) == 2 and literal(pair[0]) == "port":
                numbers = _numbers(pair[1])
                yield found("listen", numbers[0] if numbers else "", node, "", _reads_port(pair[1]))


def _listening(node: Node) -> Iterator[tuple[str, str, frozenset[str]]]:
    if node.type == "member_call_expression":
        if text(node.child_by_field_name("name")) != "expose":
            return
        given = arguments(node)
    else:
        name = next((text(child) for child in node.named_children if child.type in {"name", "qualified_name"}), "")
        if not _SERVERS.search(name):
            return
        given = arguments(node)
    if not given:
        return
    address = literal(given[0])
    if address is not None and (match := _ADDRESS.match(address)):
        yield match[2], match[1], frozenset()
    elif len(given) > 1 and address is not None and "://" not in address and (numbers := _numbers(given[1])):
        yield numbers[0], address, _reads_port(given[1])
    elif reads := _reads_port(*given[:2]):
        numbers = [number for one in given[:2] for number in _numbers(one)]
        yield numbers[0] if numbers else "", "", reads


def _numbers(node: Node) -> list[str]:
    values = [literal(one) or "" for one in (node, *descend(node)) if one.type in {"integer", "string", "encapsed_string"}]
    return [value for value in values if value.isdigit() and 1 < len(value) < 6]


def _reads_port(*nodes: Node) -> frozenset[str]:
    return frozenset({"env"} if any(re.search(r"['\"]PORT['\"]", text(node)[:500]) for node in nodes) else ())


def env_processors(file: str, number: int, row: str) -> Iterator[Found]:
    """The variables of `%env(X)%` and `%env(default:fallback:int:X)%` on a line of Symfony's configuration."""
    for match in _PROCESSOR.finditer(row) if "%env(" in row else ():
        *processors, name = match[1].split(":")
        if re.fullmatch(r"[A-Za-z_]\w{0,99}", name):
            tags = frozenset({"defaulted", "computed"} if "default" in processors else {"required"})
            yield Found("env", name, "", file, number, row, "php", tags)


PARSERS: tuple[Parser, ...] = (
    Parser("*.php", php_source, "source", anywhere=True),
    Parser("artisan", php_source, "source"),
)
