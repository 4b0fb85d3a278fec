# Stands in for maven:3.9-eclipse-temurin-21 where no image hub and no Maven Central can be reached: Maven 3.9 and OpenJDK 21 from
# Debian, with Debian's own repository of plugins, offline. It builds what needs nothing beyond those plugins.
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-21-jdk-headless maven maven-debian-helper \
    && rm -rf /var/lib/apt/lists/* \
    && cp /etc/maven/settings-debian.xml /etc/maven/settings.xml
