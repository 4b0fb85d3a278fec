"""Java and Kotlin: which JDK and tool build, which archive runs, and how it is told where to listen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.stacks.jvm import java_series
from deploydeck.generate.stacks.jvm_archive import archive
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.stacks.helpers import arguments, configured, dockerfile_of, generated, refused, sample, tree
from tests.scan.deployed_trees import TREES

POM = """<project><modelVersion>4.0.0</modelVersion><groupId>shop</groupId><artifactId>{name}</artifactId>{version}
<properties><java.version>{java}</java.version></properties>
<dependencies>
<dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId><version>{boot}</version></dependency>
</dependencies>
<build><plugins>
<plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId><version>{boot}</version>{more}</plugin>
</plugins></build></project>
"""
MAIN = "package shop;\npublic class App { public static void main(String[] args) {} }\n"


def boot(
    name: str = "shop", version: str = "<version>1.0.0</version>", java: str = "21", number: str = "3.5.0", more: str = ""
) -> dict[str, str]:
    pom = POM.format(name=name, version=version, java=java, boot=number, more=more)
    return {"pom.xml": pom, "src/main/java/shop/App.java": MAIN}


GRADLE = """plugins {{
    java
    id("org.springframework.boot") version "3.5.0"
}}
version = "1.0.0"
{java}
dependencies {{
    implementation("org.springframework.boot:spring-boot-starter-web")
}}
"""
TOOLCHAIN = "java { toolchain { languageVersion = JavaLanguageVersion.of(%s) } }"


def gradle(wrapper: str = "", java: str = "21", jar: bool = True, more: str = "") -> dict[str, str]:
    files = {
        "build.gradle.kts": GRADLE.format(java=TOOLCHAIN % java if java else "") + more,
        "settings.gradle.kts": 'rootProject.name = "shop"\n',
        "src/main/java/shop/App.java": MAIN,
    }
    if wrapper:
        url = f"distributionUrl=https\\://services.gradle.org/distributions/gradle-{wrapper}-bin.zip\n"
        files |= {"gradlew": "#!/bin/sh\n", "gradle/wrapper/gradle-wrapper.properties": url}
        files |= {"gradle/wrapper/gradle-wrapper.jar": "jar"} if jar else {}
    return files


@pytest.mark.parametrize(
    ("version", "image"),
    [
        ("21", "21"), ("17.0.9", "17"), ("1.8", "8"), ("8", "8"), ("22", "25"), ("19", "21"), (">=17", "21"), ("21.0.2-tem", "21"),
        ("26", None), ("7", None),
    ],
)  # fmt: skip
def test_a_version_of_java_has_an_image(version: str, image: str | None) -> None:
    assert java_series(version) == image


def test_spring_boot_runs_from_its_layers(tmp_path: Path) -> None:
    content = dockerfile_of(sample("java-spring-maven", tmp_path))
    assert arguments(content, "FROM") == ["maven:3.9-eclipse-temurin-21 AS build", "eclipse-temurin:21-jre"]
    runs = arguments(content, "RUN")
    assert runs[0] == "--mount=type=cache,target=/root/.m2/repository mvn -B dependency:go-offline"
    assert runs[1] == "--mount=type=cache,target=/root/.m2/repository mvn -B package -DskipTests"
    assert runs[2:] == [
        "cp target/tree-register-0.4.2.jar /opt/app.jar",
        "java -Djarmode=tools -jar /opt/app.jar extract --layers --destination /opt/layers",
    ]
    assert content.index("COPY pom.xml ./") < content.index("go-offline") < content.index("COPY . .")
    copied = [line for line in arguments(content, "COPY") if line.startswith("--from=build")]
    assert [line.split("/")[3] for line in copied] == ["dependencies", "spring-boot-loader", "snapshot-dependencies", "application"]
    assert json.loads(arguments(content, "CMD")[0]) == ["java", "-jar", "app.jar"]
    assert arguments(content, "USER") == ["10001:10001"]
    assert "SERVER_PORT=8081" in arguments(content, "ENV")[0] and "MaxRAMPercentage=75.0" in arguments(content, "ENV")[0]
    assert arguments(content, "EXPOSE") == ["8081"]


@pytest.mark.parametrize(
    ("number", "mode", "launcher"),
    [
        ("3.3.0", "tools", ["-jar", "app.jar"]),
        ("3.2.5", "layertools", ["org.springframework.boot.loader.launch.JarLauncher"]),
        ("2.7.18", "layertools", ["org.springframework.boot.loader.JarLauncher"]),
        ("2.3.12.RELEASE", "", ["-jar", "app.jar"]),
        ("", "", ["-jar", "app.jar"]),
    ],
)
def test_layers_are_taken_in_the_way_of_the_version(number: str, mode: str, launcher: list[str], tmp_path: Path) -> None:
    found = archive(("java", "-Xss512k", "-jar", "target/shop.jar"), number, "spring-boot", ProjectFiles(tmp_path))
    assert found.layered is bool(mode)
    assert [f"-Djarmode={mode}" in command for command in found.collect] == ([False, True] if mode else [False])
    assert list(found.start) == ["java", "-Xss512k", *launcher]


def test_a_project_without_layers_runs_its_archive(tmp_path: Path) -> None:
    made = tree(boot(more="<configuration><layers><enabled>false</enabled></layers></configuration>"), tmp_path)
    content = dockerfile_of(made)
    assert "jarmode" not in content
    assert "COPY --from=build /opt/app.jar ./app.jar" in content


def test_an_archive_of_unknown_version_is_told_from_those_beside_it(tmp_path: Path) -> None:
    content = dockerfile_of(
        tree(
            boot(version="<parent><groupId>o</groupId><artifactId>p</artifactId><version>${revision}</version></parent>"), tmp_path
        )
    )
    command = next(json.loads(line) for line in arguments(content, "RUN") if line.startswith('["sh"'))
    assert command[-2:] == ["target", "shop-*.jar"]
    for trap in ("*-plain.jar", "*-sources.jar", "*-javadoc.jar", "original-*.jar"):
        assert f"! -name '{trap}'" in command[2]


def test_quarkus_comes_in_parts(tmp_path: Path) -> None:
    content = dockerfile_of(sample("java-quarkus", tmp_path))
    copied = [line.split(" ", 1)[1] for line in arguments(content, "COPY") if line.startswith("--from=build")]
    home = "/app/target/quarkus-app"
    assert copied == [f"{home}/lib/ lib/", f"{home}/quarkus-run.jar ./", f"{home}/app/ app/", f"{home}/quarkus/ quarkus/"]
    assert "QUARKUS_HTTP_HOST=0.0.0.0" in content and "QUARKUS_HTTP_PORT=8085" in content
    assert json.loads(arguments(content, "CMD")[0]) == ["java", "-jar", "quarkus-run.jar"]


def test_a_wrapper_without_its_jar_is_not_relied_on(tmp_path: Path) -> None:
    made = sample("java-quarkus", tmp_path)
    assert arguments(dockerfile_of(made), "FROM")[0] == "maven:3.9-eclipse-temurin-21 AS build"
    root = tmp_path / "java-quarkus"
    (root / ".mvn/wrapper/maven-wrapper.jar").write_bytes(b"jar")
    content = dockerfile_of(made)
    assert arguments(content, "FROM")[0] == "eclipse-temurin:21-jdk AS build"
    assert "sh mvnw -B package -DskipTests" in content and "mvn -B" not in content
    assert content.index("COPY .mvn/ .mvn/") < content.index("COPY mvnw pom.xml ./")
    (root / ".mvn/wrapper/maven-wrapper.jar").unlink()
    (root / ".mvn/wrapper/maven-wrapper.properties").write_text("wrapperVersion=3.3.2\ndistributionType=only-script\n")
    assert "sh mvnw -B package" in dockerfile_of(made)


def test_dropwizard_gets_the_configuration_it_is_started_with(tmp_path: Path) -> None:
    content = dockerfile_of(sample("java-dropwizard", tmp_path))
    assert "COPY config.yml config.yml" in content
    assert json.loads(arguments(content, "CMD")[0]) == ["java", "-jar", "app.jar", "server", "config.yml"]


def test_gradle_comes_with_the_image_or_with_the_wrapper(tmp_path: Path) -> None:
    content = dockerfile_of(sample("kotlin-spring-gradle", tmp_path))
    assert arguments(content, "FROM")[0] == "gradle:8.12-jdk21 AS build"
    assert "gradle --no-daemon bootJar" in content and "SERVER_PORT=8085" in content
    (tmp_path / "kotlin-spring-gradle/gradle/wrapper/gradle-wrapper.jar").write_bytes(b"jar")
    content = dockerfile_of(ProjectAnalyzer().profile(tmp_path / "kotlin-spring-gradle"))
    assert arguments(content, "FROM")[0] == "eclipse-temurin:21-jdk AS build"
    assert "sh gradlew --no-daemon bootJar" in content


@pytest.mark.parametrize(
    ("wrapper", "java", "builder", "runner"),
    [
        ("8.12", "21", "eclipse-temurin:21-jdk", "eclipse-temurin:21-jre"),
        ("7.6.4", "17", "eclipse-temurin:17-jdk", "eclipse-temurin:17-jre"),
        ("9.1.0", "25", "eclipse-temurin:25-jdk", "eclipse-temurin:25-jre"),
        ("9.0.0", "11", "eclipse-temurin:17-jdk", "eclipse-temurin:11-jre"),
        ("7.4", "", "eclipse-temurin:17-jdk", "eclipse-temurin:21-jre"),
        ("", "25", "gradle:9.2-jdk25", "eclipse-temurin:25-jre"),
        ("", "17", "gradle:8.14-jdk17", "eclipse-temurin:17-jre"),
    ],
)
def test_gradle_and_the_jdk_fit(wrapper: str, java: str, builder: str, runner: str, tmp_path: Path) -> None:
    content = dockerfile_of(tree(gradle(wrapper, java), tmp_path))
    assert arguments(content, "FROM") == [f"{builder} AS build", runner]


def test_a_gradle_that_is_too_old_for_the_jdk_is_refused_with_its_place(tmp_path: Path) -> None:
    error = refused(tree(gradle("7.4", "21"), tmp_path))
    assert error.code == "generate-gradle-jdk"
    assert "gradle/wrapper/gradle-wrapper.properties:1" in error.what and "8, 11, 17" in error.why


@pytest.mark.parametrize(
    "more",
    [
        '\napply(from = "version.gradle.kts")\n',
        '\nval revision = file("VERSION").readText()\n',
        '\nval head = providers.exec { commandLine("git") }\n',
    ],
)  # fmt: skip
def test_a_build_script_that_reads_more_than_itself_is_not_run_alone(more: str, tmp_path: Path) -> None:
    content = dockerfile_of(tree(gradle(more=more), tmp_path))
    assert " dependencies" not in content and "COPY build.gradle.kts" not in content
    assert "gradle --no-daemon :bootJar" in content or "gradle --no-daemon bootJar" in content


def test_a_module_is_built_from_the_outer_build(tmp_path: Path) -> None:
    made = sample("java-spring-multimodule", tmp_path)
    assert made.primary == "booking-web" and "booking-web is what runs" in made.support_reason
    content = dockerfile_of(made)
    assert "mvn -B -pl booking-web -am package -DskipTests" in content
    assert "cp booking-web/target/booking-web-2.7.0-SNAPSHOT.jar /opt/app.jar" in content
    assert "go-offline" not in content, "modules need each other's sources"


def test_a_gradle_subproject_is_built_from_the_outer_build(tmp_path: Path) -> None:
    files = {f"app/{path}": text for path, text in gradle().items() if not path.startswith("settings")}
    files |= {"settings.gradle.kts": 'rootProject.name = "shop"\ninclude("app")\n', "gradlew": "#!/bin/sh\n"}
    content = dockerfile_of(tree(files, tmp_path))
    assert "gradle --no-daemon :app:bootJar" in content
    assert "cp app/build/libs/app-1.0.0.jar /opt/app.jar" in content


@pytest.mark.parametrize(
    ("start", "expected", "copied"),
    [
        (("build/install/shop/bin/shop", "run"), ("bin/shop", "run"), "/app/build/install/shop/"),
        (("target/appassembler/bin/shop",), ("bin/shop",), "/app/target/appassembler/"),
        (("java", "-cp", "target/shop.jar", "shop.App"), ("java", "-cp", "app.jar", "shop.App"), "/opt/app.jar"),
        (
            ("java", "-cp", "target/classes:target/dependency/*", "shop.App"),
            ("java", "-cp", "classes:dependency/*", "shop.App"),
            "/app/target/classes/",
        ),
        (("java", "$JAVA_OPTS", "-jar", "./target/shop.jar"), ("java", "-jar", "app.jar"), "/opt/app.jar"),
        (("java", "-jar", "target/shop.war"), ("java", "-jar", "app.jar"), "/opt/app.jar"),
    ],
)  # fmt: skip
def test_a_start_command_says_what_is_copied(
    start: tuple[str, ...], expected: tuple[str, ...], copied: str, tmp_path: Path
) -> None:
    found = archive(start, "", "", ProjectFiles(tmp_path))
    assert found.start == expected
    assert found.copies[0][0] == copied
    assert not found.tree


def test_helidon_brings_the_libraries_beside_its_archive(tmp_path: Path) -> None:
    found = archive(("java", "-jar", "target/shop.jar"), "", "helidon", ProjectFiles(tmp_path))
    assert found.copies[0] == ("/app/target/libs/", "libs/")


def test_a_command_that_names_no_archive_takes_everything_along(tmp_path: Path) -> None:
    made = tree(boot(), tmp_path)
    content = dockerfile_of(made, Settings.model_validate({"app": {"start": ["sh", "start.sh"]}}))
    assert "COPY --from=build --chown=10001:10001 /app /app" in content


@given(
    st.lists(st.text(max_size=30), min_size=1, max_size=5),
    st.sampled_from(["java", "build/install/x/bin/x"]),
    st.sampled_from(["-jar", "-cp", "--"]),
)
def test_hostile_words_are_refused_or_stay_words(words: list[str], first: str, flag: str) -> None:
    """A path from a project leads nowhere outside, and no word is split or lost on the way."""
    try:
        found = archive((first, flag, *words), "3.4.0", "spring-boot", ProjectFiles("/nonexistent"))
    except DeployDeckError as error:
        assert error.code == "generate-unsafe-path"
        return
    for source, target in found.copies:
        assert source.startswith(("/app/", "/opt/")) and ".." not in source.split("/")
        assert not target.startswith("/") and ".." not in target.split("/")
    assert all(command[0] in ("cp", "java", "sh") for command in found.collect)
    assert all(re.fullmatch(r"[\w./@+ *-]+", word) for command in found.collect if command[0] == "cp" for word in command)


def test_hostile_names_stay_in_their_place(tmp_path: Path) -> None:
    made = tree(boot(name='x";rm -rf /;"', version=""), tmp_path)
    try:
        content = dockerfile_of(made)
    except DeployDeckError as error:
        assert error.code in ("generate-unsafe-path", "generate-no-start", "generate-unsupported")
        return
    assert not any(line.startswith("rm -rf") for line in content.split("\n"))
    assert all(line.startswith("[") or ";" not in line for line in arguments(content, "RUN"))


@pytest.mark.parametrize("id", [id for id, (files, _) in TREES.items() if "pom.xml" in files])
def test_every_framework_that_says_so_can_be_generated(id: str, tmp_path: Path) -> None:
    made = tree(TREES[id][0], tmp_path)
    files = generated(made)
    config = configured(made)
    assert arguments(files["Dockerfile"].content, "EXPOSE") == [str(config.port)]
    ignored = files[".dockerignore"].content.split("\n")
    assert {"target", "**/.gradle", "**/build/libs"} <= set(ignored)
