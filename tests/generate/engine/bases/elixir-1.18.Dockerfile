# Stands in for elixir:1.18-slim: Elixir 1.18 and Erlang/OTP 27 of Debian, on Debian like the original.
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends elixir erlang-base erlang-dev erlang-crypto erlang-inets erlang-ssl \
        erlang-public-key erlang-asn1 erlang-syntax-tools erlang-tools erlang-parsetools erlang-runtime-tools \
    && rm -rf /var/lib/apt/lists/*
CMD ["iex"]
