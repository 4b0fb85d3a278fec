# Stands in for eclipse-temurin:21-jre where no image hub can be reached: the run-time environment of OpenJDK 21 from Debian.
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-21-jre-headless \
    && rm -rf /var/lib/apt/lists/*
