# Stands in for golang:1.19-bookworm: Go 1.19 of Debian 12 and the C compiler that the original has too.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends golang-go gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /go
CMD ["bash"]
