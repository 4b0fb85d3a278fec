"""The smallest trees of Java, PHP and Ruby that can be deployed, one for each technology that says so."""

from __future__ import annotations

from deploydeck.domain import Kind

_SHADE = "<plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-shade-plugin</artifactId></plugin>"
_BOOT = "<plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin>"
_MAIN = {"src/main/java/shop/App.java": "package shop;\npublic class App {\n  public static void main(String[] args) {}\n}\n"}


def _maven(group: str, artifact: str, plugin: str = _SHADE) -> dict[str, str]:
    dependency = f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>1.0.0</version></dependency>"
    pom = (
        "<project><modelVersion>4.0.0</modelVersion><groupId>shop</groupId><artifactId>shop</artifactId><version>1.0.0</version>\n"
        f"<dependencies>\n{dependency}\n</dependencies>\n<build><plugins>\n{plugin}\n</plugins></build></project>\n"
    )
    return {"pom.xml": pom, **_MAIN}


def _composer(package: str, root: str = "public") -> dict[str, str]:
    page = f"{root}/index.php" if root else "index.php"
    return {"composer.json": f'{{"require": {{"{package}": "^1.0"}}}}\n', page: "<?php echo 'hello';\n"}


def _rack(gem: str) -> dict[str, str]:
    return {"Gemfile": f'gem "{gem}"\ngem "puma"\n', "config.ru": "run App\n"}


_MAVEN = {
    "spring-boot": ("org.springframework.boot", "spring-boot-starter-web", _BOOT),
    "quarkus": ("io.quarkus", "quarkus-rest", ""),
    "micronaut": ("io.micronaut", "micronaut-http-server-netty", _SHADE),
    "ktor": ("io.ktor", "ktor-server-netty-jvm", _SHADE),
    "vertx": ("io.vertx", "vertx-web", _SHADE),
    "javalin": ("io.javalin", "javalin", _SHADE),
    "spark": ("com.sparkjava", "spark-core", _SHADE),
    "dropwizard": ("io.dropwizard", "dropwizard-core", _SHADE),
    "helidon": ("io.helidon.webserver", "helidon-webserver", _SHADE),
    "jooby": ("io.jooby", "jooby", _SHADE),
    "http4k": ("org.http4k", "http4k-core", _SHADE),
    "armeria": ("com.linecorp.armeria", "armeria", _SHADE),
    "jetty": ("org.eclipse.jetty", "jetty-server", _SHADE),
    "undertow": ("io.undertow", "undertow-core", _SHADE),
}
_COMPOSER = {
    "laravel": ("laravel/framework", "public"),
    "lumen": ("laravel/lumen-framework", "public"),
    "symfony": ("symfony/framework-bundle", "public"),
    "slim": ("slim/slim", "public"),
    "codeigniter": ("codeigniter4/framework", "public"),
    "cakephp": ("cakephp/cakephp", "webroot"),
    "yii": ("yiisoft/yii2", "web"),
    "laminas": ("laminas/laminas-mvc", "public"),
    "mezzio": ("mezzio/mezzio", "public"),
    "flight": ("mikecao/flight", "public"),
    "fat-free": ("bcosca/fatfree-core", ""),
    "leaf": ("leafs/leaf", ""),
    "drupal": ("drupal/core-recommended", "web"),
    "statamic": ("statamic/cms", "public"),
    "craft": ("craftcms/cms", "web"),
    "kirby": ("getkirby/cms", ""),
}

_PHP_PROGRAMS = {
    "reactphp": {
        "composer.json": '{"require": {"react/http": "^1.9"}}\n',
        "server.php": "<?php\nuse React\\Socket\\SocketServer;\n$socket = new SocketServer('0.0.0.0:8010');\n",
    },
    "amphp": {
        "composer.json": '{"require": {"amphp/http-server": "^3.0"}}\n',
        "server.php": "<?php\nuse Amp\\Socket\\InternetAddress;\n$address = new InternetAddress('0.0.0.0', 8010);\n",
    },
    "workerman": {
        "composer.json": '{"require": {"workerman/workerman": "^5.0"}}\n',
        "server.php": "<?php\nuse Workerman\\Worker;\n$worker = new Worker('http://0.0.0.0:8010');\nWorker::runAll();\n",
    },
}

TREES: dict[str, tuple[dict[str, str], Kind]] = {
    **{id: (_maven(*row), Kind.SERVER) for id, row in _MAVEN.items()},
    **{id: (_composer(*row), Kind.SERVER) for id, row in _COMPOSER.items()},
    **{id: (files, Kind.SERVER) for id, files in _PHP_PROGRAMS.items()},
    "wordpress": (
        {
            "index.php": "<?php require 'wp-blog-header.php';\n",
            "wp-config.php": "<?php define('DB_NAME', 'x');\n",
            "wp-load.php": "",
        },
        Kind.SERVER,
    ),
    **{id: (_rack(id), Kind.SERVER) for id in ("rack", "hanami", "padrino", "roda", "cuba", "grape")},
    "rails": (
        {
            "Gemfile": 'gem "rails"\n',
            "config/application.rb": "module Shop\n  class Application < Rails::Application\n  end\nend\n",
        },
        Kind.SERVER,
    ),
    "sinatra": ({"Gemfile": 'gem "sinatra"\n', "app.rb": "require 'sinatra'\nget('/') { 'hello' }\n"}, Kind.SERVER),
    "jekyll": ({"Gemfile": 'gem "jekyll"\n', "_config.yml": "title: x\n", "index.md": "---\n---\nhello\n"}, Kind.STATIC),
    "middleman": ({"Gemfile": 'gem "middleman"\n', "config.rb": "activate :directory_indexes\n"}, Kind.STATIC),
}
