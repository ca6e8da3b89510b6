# syntax=docker/dockerfile:1

# Versions are named, so that a build of tomorrow is that of today; a deployment may name digests besides.
FROM rust:1.94-bookworm AS builder
WORKDIR /build
COPY . .
# The caches are not part of the image, so the binary is copied out of the target directory.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo build --release --locked --bin callsheet \
    && cp target/release/callsheet /usr/local/bin/callsheet

FROM debian:12.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/*
# A fixed uid, so that the owner of the volumes' files stays the same from one image to the next.
RUN groupadd --gid 10001 callsheet \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin callsheet \
    && install -d -o callsheet -g callsheet /data /media
COPY --from=builder /usr/local/bin/callsheet /usr/local/bin/callsheet

ENV CALLSHEET_LISTEN=0.0.0.0:3001 \
    CALLSHEET_DATABASE_URL=sqlite:///data/callsheet.db?mode=rwc \
    CALLSHEET_MEDIA_DIR=/media
# Nothing but the volumes is written to, so the root may be read-only. Uploads are received in TMPDIR.
ENV TMPDIR=/data
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/media"]
EXPOSE 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:3001/health"]
ENTRYPOINT ["callsheet"]
CMD ["serve"]
