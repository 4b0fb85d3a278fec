# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Projects of the JVM: manifests of seven build tools, configuration and source of their frameworks, hostile files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploydeck.domain import Kind, ProjectProfile
from deploydeck.scan import ProjectAnalyzer
from deploydeck.scan.ecosystems.jvm_link import link
from deploydeck.scan.facts import Broken, Found
from deploydeck.scan.parsers.jvm_config import _variables
from deploydeck.scan.parsers.jvm_gradle import gradle_build, gradle_settings
from deploydeck.scan.parsers.jvm_manifests import PARSERS as MANIFESTS
from deploydeck.scan.parsers.jvm_source import PARSERS as SOURCES
from deploydeck.scan.parsers.jvm_source import jvm_source
from tests.scan.trees import parser_for, plant

BOOT = "<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.4.1</version><relativePath/></parent>"
BOOT_PLUGIN = "<build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>"
MAIN = "package g;\n@SpringBootApplication\npublic class App {\n public static void main(String[] a) { SpringApplication.run(App.class, a); }\n}\n"


def profile(root: Path, files: Mapping[str, str]) -> ProjectProfile:
    analyzer = ProjectAnalyzer()
    results = analyzer.collect(plant(root, files))
    for scan in results.scans.values():
        link(scan)
    return analyzer.generate_profile(results)


def dependency(group: str, artifact: str, version: str = "", scope: str = "") -> str:
    more = (f"<version>{version}</version>" if version else "") + (f"<scope>{scope}</scope>" if scope else "")
    return f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>{more}</dependency>\n"


def pom(*dependencies: str, head: str = "", name: str = "shop", version: str = "1.0", tail: str = "") -> str:
    return f"<project>{head}\n<groupId>g</groupId><artifactId>{name}</artifactId><version>{version}</version>\n<dependencies>\n{''.join(dependencies)}</dependencies>{tail}</project>\n"


WEB = dependency("org.springframework.boot", "spring-boot-starter-web")

STARTS: dict[str, tuple[dict[str, str], tuple[str, ...] | None, tuple[str, ...], int | None]] = {
    "spring-boot-maven": (
        {"pom.xml": pom(WEB, head=BOOT, tail=BOOT_PLUGIN), "mvnw": "", "src/main/java/g/App.java": MAIN},
        ("java", "-jar", "target/shop-1.0.jar"), ("./mvnw", "-B", "package", "-DskipTests"), 8080,
    ),
    "spring-boot-final-name": (
        {"pom.xml": pom(WEB, head=BOOT, tail=BOOT_PLUGIN.replace("<build>", "<build><finalName>app</finalName>")), "src/main/java/g/App.java": MAIN},
        ("java", "-jar", "target/app.jar"), ("mvn", "-B", "package", "-DskipTests"), 8080,
    ),
    "spring-boot-gradle": (
        {"build.gradle": "plugins {\n id 'java'\n id 'org.springframework.boot' version '3.2.0'\n}\nversion = '0.1'\ndependencies {\n implementation 'org.springframework.boot:spring-boot-starter-webflux'\n}\n",
         "settings.gradle": "rootProject.name = 'demo'\n", "gradlew": "", "src/main/resources/application.properties": "server.port=9001\n"},
        ("java", "-jar", "build/libs/demo-0.1.jar"), ("./gradlew", "bootJar"), 9001,
    ),
    "quarkus-maven": (
        {"pom.xml": pom(dependency("io.quarkus", "quarkus-rest"), tail="<build><plugins><plugin><groupId>io.quarkus</groupId><artifactId>quarkus-maven-plugin</artifactId></plugin></plugins></build>"),
         "src/main/resources/application.properties": "%dev.quarkus.http.port=1111\nquarkus.http.port=9000\n"},
        ("java", "-jar", "target/quarkus-app/quarkus-run.jar"), ("mvn", "-B", "package", "-DskipTests"), 9000,
    ),
    "micronaut-gradle": (
        {"build.gradle.kts": 'plugins {\n id("com.gradleup.shadow") version "8.3.0"\n id("io.micronaut.application") version "4.4.0"\n}\nversion = "0.1"\n',
         "settings.gradle.kts": 'rootProject.name = "mic"\n', "src/main/resources/application.yml": "micronaut:\n  server:\n    port: ${PORT:8083}\n"},
        ("java", "-jar", "build/libs/mic-0.1-all.jar"), ("gradle", "shadowJar"), 8083,
    ),
    "ktor": (
        {"build.gradle.kts": 'plugins {\n kotlin("jvm") version "2.0.0"\n id("io.ktor.plugin") version "3.0.0"\n}\ndependencies {\n implementation("io.ktor:ktor-server-netty")\n}\n',
         "settings.gradle.kts": 'rootProject.name = "kt"\n', "src/main/resources/application.conf": "ktor {\n deployment {\n  port = 8088\n  port = ${?PORT}\n }\n}\n"},
        ("java", "-jar", "build/libs/kt-all.jar"), ("gradle", "buildFatJar"), 8088,
    ),
    "application-plugin": (
        {"build.gradle": "plugins { id 'application' }\napplication { mainClass = 'a.Main' }\ndependencies { implementation 'com.sparkjava:spark-core:2.9.4' }\n", "settings.gradle": "rootProject.name = 'sp'\n"},
        ("build/install/sp/bin/sp",), ("gradle", "installDist"), 4567,
    ),
    "dropwizard": (
        {"pom.xml": pom(dependency("io.dropwizard", "dropwizard-core", "4.0.0"), tail="<build><plugins><plugin><artifactId>maven-shade-plugin</artifactId></plugin></plugins></build>"),
         "config.yml": "server:\n  applicationConnectors:\n    - type: http\n      port: 9090\n  adminConnectors:\n    - type: http\n      port: 9091\n"},
        ("java", "-jar", "target/shop-1.0.jar", "server", "config.yml"), ("mvn", "-B", "package", "-DskipTests"), 9090,
    ),
    "war": (
        {"pom.xml": pom(dependency("jakarta.platform", "jakarta.jakartaee-api", "10.0.0", "provided"), head="<packaging>war</packaging>")},
        None, ("mvn", "-B", "package", "-DskipTests"), 8080,
    ),
    "assembly": (
        {"pom.xml": pom(tail="<build><plugins><plugin><artifactId>maven-assembly-plugin</artifactId><configuration><archive><manifest><mainClass>a.Main</mainClass></manifest></archive><descriptorRefs><descriptorRef>jar-with-dependencies</descriptorRef></descriptorRefs></configuration></plugin></plugins></build>"),
         "src/main/java/a/Main.java": "package a;\nclass Main { public static void main(String[] a) throws Exception { new ServerSocket(7777); } }\n"},
        ("java", "-jar", "target/shop-1.0-jar-with-dependencies.jar"), ("mvn", "-B", "package", "-DskipTests"), 7777,
    ),
    "play": (
        {"build.sbt": 'lazy val root = (project in file("."))\n  .enablePlugins(PlayScala)\n  .settings(name := """my-play""", scalaVersion := "2.13.14")\n', "project/plugins.sbt": 'addSbtPlugin("org.playframework" % "sbt-plugin" % "3.0.5")\n', "conf/routes": "GET   /health   controllers.Home.health\n"},
        ("target/universal/stage/bin/my-play",), ("sbt", "stage"), 9000,
    ),
    "sbt-member": (
        {"build.sbt": 'lazy val backend: Project = (project in file("backend")).enablePlugins(JavaAppPackaging)\nlibraryDependencies += "org.http4s" %% "http4s-ember-server" % "0.23.27"\n'},
        ("backend/target/universal/stage/bin/backend",), ("sbt", "backend/stage"), 8080,
    ),
    "sbt-assembly": (
        {"build.sbt": 'name := "Zed"\nversion := "2"\nscalaVersion := "3.4.2"\nlibraryDependencies += "dev.zio" %% "zio-http" % "3.0.0"\n', "project/plugins.sbt": 'addSbtPlugin("com.eed3si9n" % "sbt-assembly" % "2.2.0")\n'},
        ("java", "-jar", "target/scala-3.4.2/zed-assembly-2.jar"), ("sbt", "assembly"), 8080,
    ),
    "leiningen": (
        {"project.clj": '(defproject my-app "0.1.0"\n  :dependencies [[ring/ring-jetty-adapter "1.12.1"]]\n  :main ^:skip-aot my-app.core\n  :target-path "target/%s")\n', "src/my_app/core.clj": "(ns my-app.core)\n(defn -main [] (jetty/run-jetty app {:port 3001}))\n"},
        ("java", "-jar", "target/uberjar/my-app-0.1.0-standalone.jar"), ("lein", "uberjar"), 3001,
    ),
    "tools-build": (
        {"deps.edn": '{:deps {io.pedestal/pedestal.jetty {:mvn/version "0.7.0"}}\n :aliases {:build {:deps {io.github.clojure/tools.build {:git/tag "v0.10.0"}} :ns-default build}}}\n',
         "build.clj": "(def lib 'a/svc)\n(def version \"1.0\")\n(def uber-file (format \"target/%s-%s-standalone.jar\" (name lib) version))\n(defn uber [_] (b/uber {}))\n", "src/a/svc.clj": "(ns a.svc)\n(defn -main [] nil)\n"},
        ("java", "-jar", "target/svc-1.0-standalone.jar"), ("clojure", "-T:build", "uber"), 8080,
    ),
    "mill": (
        {"build.mill": 'object app extends ScalaModule {\n  def scalaVersion = "3.4.2"\n  def ivyDeps = Seq(ivy"com.lihaoyi::cask:0.9.4")\n}\n'},
        ("java", "-jar", "out/app/assembly.dest/out.jar"), ("mill", "app.assembly"), 8080,
    ),
    "ant": (
        {"build.xml": '<project name="x" default="dist"><target name="dist"><jar destfile="out/x.jar"><manifest><attribute name="Main-Class" value="a.B"/></manifest></jar></target></project>'},
        ("java", "-jar", "out/x.jar"), ("ant", "dist"), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
def test_start_build_and_port(name: str, tmp_path: Path) -> None:
    files, start, build, port = STARTS[name]
    found = profile(tmp_path, files)
    assert (found.start.value.argv if found.start else None) == start
    assert found.build_command is not None
    assert found.build_command.value == build
    assert (found.port.value if found.port else None) == port
    assert found.start is None or found.start.evidence


def test_configuration_names_port_services_variables_and_health(tmp_path: Path) -> None:
    application = (
        "server:\n  port: ${PORT:8081}\n  servlet:\n    context-path: /api\nspring:\n  datasource:\n    url: jdbc:postgresql://${DB_HOST:localhost}/${DB_NAME}\n"
        "    password: ${DB_PASSWORD:hunter22}\n  data:\n    redis:\n      host: ${REDIS_HOST}\napp:\n  version: @project.version@\n"
    )
    actuator = dependency("org.springframework.boot", "spring-boot-starter-actuator")
    found = profile(tmp_path, {
        "pom.xml": pom(WEB, actuator, head=BOOT, tail=BOOT_PLUGIN), "src/main/resources/application.yml": application,
        "src/test/resources/application.yml": "server:\n  port: 1\n", "src/main/java/g/App.java": MAIN,
    })  # fmt: skip
    assert found.port is not None
    assert (found.port.value, found.port.evidence[0].line) == (8081, 2)
    assert found.start is not None
    assert found.start.value.port_from_env
    assert found.health_path is not None
    assert found.health_path.value == "/api/actuator/health"
    assert {one.name for one in found.services} == {"postgresql", "redis"}
    variables = {one.name: (one.required, one.default) for one in found.variables}
    assert variables == {
        "DB_HOST": (False, "localhost"),
        "DB_NAME": (True, None),
        "DB_PASSWORD": (False, None),
        "REDIS_HOST": (True, None),
    }
    assert "hunter22" not in " ".join(place.text for one in found.variables for place in one.used)


def test_ktor_takes_variables_from_its_yaml(tmp_path: Path) -> None:
    yaml = 'ktor:\n  deployment:\n    port: "$PORT:8086"\njwt:\n  secret: "$JWT_SECRET:abcdef"\n  realm: $REALM\n'
    found = profile(tmp_path, {"build.gradle.kts": 'dependencies { implementation("io.ktor:ktor-server-core:3.0.0") }\n', "src/main/resources/application.yaml": yaml,
                               "src/main/kotlin/A.kt": "fun main(a: Array<String>) = io.ktor.server.netty.EngineMain.main(a)\n"})  # fmt: skip
    assert found.port is not None
    assert found.port.value == 8086
    assert {one.name: (one.required, one.default) for one in found.variables} == {
        "JWT_SECRET": (False, None),
        "REALM": (True, None),
    }


@pytest.mark.parametrize(
    ("written", "default"), [("`localhost:9092`", "localhost:9092"), ("-plain", "plain"), ("-1", "-1"), ("`", "`")]
)
def test_defaults_are_read_without_their_quotes(written: str, default: str) -> None:
    """Micronaut quotes with backticks what holds a colon; Dropwizard begins with a dash."""
    assert next(iter(_variables(f"${{BROKERS:{written}}}")))[1] == default


def test_a_spring_boot_program_without_web_is_a_worker(tmp_path: Path) -> None:
    files = {
        "pom.xml": pom(dependency("org.springframework.boot", "spring-boot-starter-batch"), head=BOOT, tail=BOOT_PLUGIN),
        "src/main/java/g/App.java": MAIN,
    }
    found = profile(tmp_path, files)
    assert (found.kind, found.port) == (Kind.NONE, None)
    assert found.start is not None


def test_maven_modules_share_versions_plugins_and_relate(tmp_path: Path) -> None:
    parent = "<parent><groupId>g</groupId><artifactId>all</artifactId><version>2.0</version></parent>"
    found = profile(tmp_path, {
        "pom.xml": f"<project>{BOOT}<groupId>g</groupId><artifactId>all</artifactId><version>2.0</version><packaging>pom</packaging>\n<modules><module>web</module><module>lib</module></modules><properties><java.version>17</java.version><x.version>3.1</x.version></properties>{BOOT_PLUGIN}</project>",
        "web/pom.xml": f"<project>{parent}<artifactId>web</artifactId><dependencies>{WEB}{dependency('g', 'lib', '${project.version}')}{dependency('o', 'x', '${x.version}')}</dependencies></project>",
        "web/src/main/java/g/App.java": MAIN,
        "lib/pom.xml": f"<project>{parent}<artifactId>lib</artifactId><dependencies>{dependency('org.springframework.boot', 'spring-boot-starter-data-jpa')}</dependencies></project>",
    })  # fmt: skip
    parts = {one.path: one for one in found.components}
    assert found.primary == "web"
    assert found.start is not None
    assert found.start.value.argv == ("java", "-jar", "web/target/web-2.0.jar")
    assert found.build_command is not None
    assert found.build_command.value == ("mvn", "-B", "-pl", "web", "-am", "package", "-DskipTests")
    assert found.framework is not None
    assert found.framework.value.version == "3.4.1"
    assert parts["web"].depends_on == ("lib",)
    assert (parts["lib"].profile.kind, parts["lib"].profile.start) == (Kind.NONE, None)
    versions = {one.name: one.version for one in parts["web"].profile.dependencies}
    assert versions == {"g:lib": "2.0", "o:x": "3.1", "org.springframework.boot:spring-boot-starter-web": "3.4.1"}
    assert parts["web"].profile.runtime_version is not None
    assert parts["web"].profile.runtime_version.value == "17"


def test_gradle_projects_use_the_catalog_and_what_the_root_shares(tmp_path: Path) -> None:
    found = profile(tmp_path, {
        "settings.gradle.kts": 'rootProject.name = "shop"\ninclude(":app", ":lib:core")\n', "gradlew": "",
        "build.gradle.kts": "plugins { alias(libs.plugins.ktor) apply false }\nsubprojects {\n  dependencies { implementation(\"org.slf4j:slf4j-api:2.0.0\") }\n}\n",
        "gradle/wrapper/gradle-wrapper.properties": "distributionUrl=https\\://x/gradle-8.5-bin.zip\n", "gradle.properties": "exposed=0.50.0\n",
        "gradle/libs.versions.toml": '[versions]\nktor = "3.0.1"\njava = "21"\n[libraries]\nktor-core = { module = "io.ktor:ktor-server-core", version.ref = "ktor" }\npg = "org.postgresql:postgresql:42.7.0"\n[bundles]\nserver = ["ktor-core", "pg"]\n[plugins]\nktor = { id = "io.ktor.plugin", version.ref = "ktor" }\n',
        "app/build.gradle.kts": 'plugins {\n  kotlin("jvm")\n  alias(libs.plugins.ktor)\n}\nkotlin { jvmToolchain(libs.versions.java.get().toInt()) }\ndependencies {\n  implementation(libs.bundles.server)\n  implementation(project(":lib:core"))\n  implementation("org.jetbrains.exposed:exposed-core:$exposed")\n}\n',
        "lib/core/build.gradle.kts": 'plugins { kotlin("jvm") }\n',
    })  # fmt: skip
    app = next(one for one in found.components if one.path == "app")
    assert app.depends_on == ("lib/core",)
    assert app.declared_by is not None
    assert {one.name: one.version for one in app.profile.dependencies} == {
        "io.ktor:ktor-server-core": "3.0.1", "org.postgresql:postgresql": "42.7.0", "org.jetbrains.exposed:exposed-core": "0.50.0",
        "org.slf4j:slf4j-api": "2.0.0",
    }  # fmt: skip
    assert [one.name for one in app.profile.services] == ["postgresql"]
    assert app.profile.runtime_version is not None
    assert app.profile.runtime_version.value == "21"
    assert app.profile.package_manager is not None
    assert app.profile.package_manager.value.version == "8.5"
    assert found.build_command is not None
    assert found.build_command.value == ("./gradlew", ":app:buildFatJar")


GRADLE_FORMS = [
    ("dependencies { implementation 'a:b:1' }", "a:b", "1", set()),
    ('dependencies { implementation("a:b:1") { exclude(group = "x") } }', "a:b", "1", set()),
    ("dependencies { compile group: 'a', name: 'b', version: '1' }", "a:b", "1", set()),
    ("dependencies { testImplementation 'a:b' }", "a:b", "", {"development"}),
    ("dependencies { compileOnly 'a:b:1@aar' }", "a:b", "1", {"provided"}),
    ("ext.v = '2'\ndependencies { api \"a:b:$v\" }", "a:b", "2", set()),
    ('val v = "2"\ndependencies { api("a:b:${v}") }', "a:b", "2", set()),
    ("dependencies { implementation platform('a:b:1') }", "a:b", "1", {"platform"}),
    ("dependencies { annotationProcessor 'a:b:1' }", "a:b", "1", {"build"}),
    ('dependencies { implementation(kotlin("stdlib", "1.9")) }', "org.jetbrains.kotlin:kotlin-stdlib", "1.9", set()),
    ('kotlin { sourceSets { commonMain { dependencies { implementation("a:b:1") } } } }', "a:b", "1", set()),
]  # fmt: skip


@pytest.mark.parametrize(("script", "name", "version", "tags"), GRADLE_FORMS)
def test_gradle_dependency_forms(script: str, name: str, version: str, tags: set[str]) -> None:
    (found,) = [fact for fact in gradle_build("build.gradle.kts", script.encode()) if fact.kind == "dependency"]
    assert (found.name, found.value, set(found.tags)) == (name, version, tags)


@pytest.mark.parametrize(
    ("file", "content", "version"),
    [
        ("build.gradle", "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\nsourceCompatibility = 17", "21"),
        ("build.gradle", "sourceCompatibility = JavaVersion.VERSION_1_8", "8"),
        ("build.gradle", "targetCompatibility = 11", "11"),
        ("build.gradle.kts", "kotlin {\n jvmToolchain(17)\n}", "17"),
        ("build.gradle.kts", "java.sourceCompatibility = JavaVersion.VERSION_21", "21"),
        ("pom.xml", pom(head="<properties><maven.compiler.source>1.8</maven.compiler.source></properties>"), "8"),
        ("pom.xml", pom(head="<properties><jv>21</jv><maven.compiler.release>${jv}</maven.compiler.release></properties>"), "21"),
        (
            "pom.xml",
            pom(
                tail="<build><plugins><plugin><artifactId>maven-compiler-plugin</artifactId><configuration><release>25</release></configuration></plugin></plugins></build>"
            ),
            "25",
        ),
        ("build.sbt", 'javacOptions ++= Seq("-source", "1.8", "-target", "17")', "17"),
    ],
)
def test_java_versions(file: str, content: str, version: str, tmp_path: Path) -> None:
    found = profile(tmp_path, {file: content}).runtime_version
    assert found is not None
    assert found.value == version


def test_two_java_versions_are_a_conflict_and_system_properties_comes_first(tmp_path: Path) -> None:
    found = profile(
        tmp_path,
        {
            "pom.xml": pom(head="<properties><java.version>21</java.version></properties>"),
            "system.properties": "java.runtime.version=17\n",
        },
    )
    assert found.runtime_version is not None
    assert (found.runtime_version.value, found.runtime_version.alternatives[0].value) == ("17", "21")


ENVIRONMENT = [
    ("A.java", 'class A { String x = System.getenv("X"); }', set(), ""),
    ("A.java", 'class A { String x = System.getenv().getOrDefault("X", "d"); }', {"defaulted"}, "d"),
    ("A.java", 'class A { String x = Optional.ofNullable(System.getenv("X")).orElse("d"); }', {"defaulted"}, "d"),
    ("A.java", 'class A { String x = Objects.requireNonNull(System.getenv("X")); }', {"required"}, ""),
    ("A.java", 'class A { String x = System.getenv("X") != null ? System.getenv("X") : "d"; }', {"defaulted"}, "d"),
    ("A.java", 'class A { static final String K = "X"; String x = System.getenv(K); }', set(), ""),
    ("A.java", 'class A { @Value("${X:d}") String x; }', {"defaulted"}, "d"),
    ("A.java", 'class A { @Value("${X}") String x; }', {"required"}, ""),
    ("A.kt", 'val x = System.getenv("X") ?: "d"', {"defaulted"}, "d"),
    ("A.kt", 'val x = System.getenv("X")?.toInt() ?: 80', {"defaulted"}, "80"),
    ("A.kt", 'val x = System.getenv("X") ?: error("none")', {"required"}, ""),
    ("A.kt", 'val x = System.getenv("X")!!', {"required"}, ""),
    ("A.kt", 'class A(@Value("\\${X:d}") val x: String)', {"defaulted"}, "d"),
    ("A.scala", 'object A { val x = sys.env("X") }', {"required"}, ""),
    ("A.scala", 'object A { val x = sys.env.getOrElse("X", "d") }', {"defaulted"}, "d"),
    ("A.scala", 'object A { val x = sys.env.get("X") }', set(), ""),
    ("A.scala", 'object A { val x = sys.env.get("X").getOrElse("d") }', {"defaulted"}, "d"),
    ("A.groovy", "def x = System.getenv('X') ?: 'd'", {"defaulted"}, "d"),
    ("a.clj", '(def x (System/getenv "X"))', set(), ""),
    ("a.clj", '(def x (or (System/getenv "X") "d"))', {"defaulted"}, "d"),
    ("a.clj", "(ns a (:require [environ.core :refer [env]]))\n(def y (env :x))", set(), ""),
]  # fmt: skip


@pytest.mark.parametrize(("file", "source", "tags", "default"), ENVIRONMENT)
def test_variables_in_source(file: str, source: str, tags: set[str], default: str) -> None:
    parser = parser_for(f"src/{file}")
    assert parser is not None
    found = [fact for fact in parser.parse(file, source.encode()) if fact.kind == "env"]
    assert found
    assert {fact.name for fact in found} == {"X"}
    assert (set(found[0].tags), found[0].value) == (tags, default)


def test_no_variables_where_there_are_none() -> None:
    source = b'// System.getenv("A")\nclass A { String s = "System.getenv(\\"B\\")"; String p = System.getProperty("user.dir"); @Value("${app.name}") String n; }\n'
    assert [fact for fact in jvm_source("A.java", source) if fact.kind == "env"] == []


LISTENS = [
    ("A.kt", 'fun main() { embeddedServer(Netty, port = 8080, host = "0.0.0.0") {} }', "8080", "0.0.0.0", False),
    ("A.kt", 'fun main() { val p = System.getenv("PORT")?.toInt() ?: 8080\n embeddedServer(Netty, port = p) {} }', "8080", "", True),
    ("A.java", "import io.javalin.Javalin; class A { void x() { Javalin.create().start(7000); } }", "7000", "", False),
    ("A.java", 'import static spark.Spark.*; class A { static int getPort() { String p = System.getenv("PORT"); if (p != null) return Integer.parseInt(p); return 4568; } void x() { port(getPort()); } }', "4568", "", True),
    ("A.java", "import io.vertx.core.Vertx; class A { void x() { vertx.createHttpServer().listen(8888); } }", "8888", "", False),
    ("A.java", "class A { static final int PORT = 8000; void x() { HttpServer.create(new InetSocketAddress(PORT), 0); } }", "8000", "", False),
    ("A.java", "import org.eclipse.jetty.server.Server; class A { Server s = new Server(8090); }", "8090", "", False),
    ("A.java", 'class A { void x() { Undertow.builder().addHttpListener(8080, "localhost"); } }', "8080", "localhost", False),
    ("A.scala", 'object A extends App { Http().newServerAt("0.0.0.0", 8080).bind(r) }', "8080", "0.0.0.0", False),
    ("A.scala", 'object A extends IOApp.Simple { EmberServerBuilder.default[IO].withHost(ipv4"0.0.0.0").withPort(port"9090").build }', "9090", "0.0.0.0", False),
    ("a.clj", "(jetty/run-jetty app {:port 3000})", "3000", "", False),
]  # fmt: skip


@pytest.mark.parametrize(("file", "source", "port", "host", "env"), LISTENS)
def test_ports_in_source(file: str, source: str, port: str, host: str, env: bool) -> None:
    parser = parser_for(f"src/{file}")
    assert parser is not None
    (found,) = [fact for fact in parser.parse(file, source.encode()) if fact.kind == "listen"]
    assert (found.name, found.value, "env" in found.tags) == (port, host, env)


ROUTES = [
    ("A.java", '@RestController @RequestMapping("/v1")\nclass A { @GetMapping("/health") public String h() { return ""; } @PostMapping("/x") void p() {} }', ["/v1/health"]),
    ("A.java", '@Path("/a")\npublic class A { @GET @Path("/b") public String b() { return ""; } @GET public String c() { return ""; } }', ["/a/b", "/a"]),
    ("A.kt", '@Controller("/c")\nclass A { @Get("/d") fun d() = 1 }', ["/c/d"]),
    ("A.kt", 'fun Application.m() { routing { route("/api") { get("/health") { } } \n get("/up") { } } }', ["/api/health", "/up"]),
    ("A.java", 'import io.javalin.Javalin; class A { void r() { app.get("/ping", ctx -> ctx.result("")); } }', ["/ping"]),
    ("A.scala", 'object A { val r = HttpRoutes.of[IO] { case GET -> Root / "health" => Ok() } }', ["/health"]),
]  # fmt: skip


@pytest.mark.parametrize(("file", "source", "paths"), ROUTES)
def test_routes_in_source(file: str, source: str, paths: list[str]) -> None:
    assert [fact.name for fact in jvm_source(file, source.encode()) if fact.kind == "route"] == paths


@pytest.mark.parametrize(
    ("file", "source", "name"),
    [
        ("src/A.java", "package a.b;\npublic class A { public static void main(String... x) {} }", "a.b.A"),
        ("src/app.kt", "package a\nfun main() {}", "a.AppKt"),
        ("src/A.kt", "package a\nobject Run { @JvmStatic fun main(x: Array<String>) {} }", "a.Run"),
        ("src/M.scala", "package a\nobject Main extends IOApp.Simple { }", "a.Main"),
        ("src/M.scala", "package a\nobject Main { def main(x: Array[String]): Unit = () }", "a.Main"),
    ],
)
def test_main_classes(file: str, source: str, name: str) -> None:
    assert [fact.value for fact in jvm_source(file, source.encode()) if fact.kind == "entry"] == [name]


def test_settings_name_members() -> None:
    found = list(
        gradle_settings(
            "settings.gradle", b"rootProject.name = 'x'\ninclude 'a', ':b:c'\nproject(':a').projectDir = file('apps/a')\n"
        )
    )
    assert [fact.name for fact in found if fact.kind == "workspace"] == ["apps/a", "b/c"]


HOSTILE = [
    b"", b"\xff\xfe\x00", b"(" * 20_000, b"{" * 20_000, b'"\\"' * 3_000, b"${A:" * 5_000, b"a.\n" * 20_000, b"include ':a', " * 5_000,
    b"Javalin .start(getPort())" * 2_000 + b" int getPort( { return 1", b"#_[" * 9_000, b"<project>" * 50, b"key: {" * 3_000,
    b"@Path(" * 5_000, b"/*" * 5_000, b"plugins { id(" * 2_000, b"[versions]\na = 1\n[libraries]\nb = 3\nc = { version = { ref = [1] } }\n",
    b"<project><properties><a>${b}</a><b>${a}</b></properties><artifactId>${a}</artifactId></project>",
]  # fmt: skip


@pytest.mark.parametrize("parser", {one.parse: one for one in (*MANIFESTS, *SOURCES)}.values(), ids=lambda one: one.pattern)
def test_hostile_files_give_facts_or_broken(parser: object) -> None:
    parse, name = parser.parse, parser.pattern.replace("*", "x")  # type: ignore[attr-defined]
    for data in HOSTILE:
        try:
            assert all(isinstance(fact, Found) for fact in parse(name, data))
        except Broken as broken:
            assert broken.message
