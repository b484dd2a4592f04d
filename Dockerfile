# The service alone: PostgreSQL is another container (compose.yaml). Runs as nobody in particular, on a root file system that it never writes.
FROM rust:1-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --locked --profile dist --bin oncoauth

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin oncoauth
COPY --from=build /source/target/dist/oncoauth /usr/local/bin/oncoauth
COPY LICENSE NOTICE /usr/share/doc/oncoauth/
USER 10001:10001
ENV ONCOAUTH_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/oncoauth"]
CMD ["serve"]
