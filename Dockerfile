# The exporter and nothing else, not even a shell.
#
# Configure it with environment variables (REDIS_SENTINEL_EXPORTER_...), not with flags:
# the health check is a process of its own, which sees only the variables.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The Makefile takes from git those that are not given.
ARG VERSION
ARG REVISION
ARG BRANCH
ARG BUILD_DATE
RUN make build

FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="redis_sentinel_exporter" \
      org.opencontainers.image.description="Prometheus exporter and health checker for Redis and Valkey Sentinel"
COPY --from=build /src/redis_sentinel_exporter /redis_sentinel_exporter
# A number, since Kubernetes cannot check that a name is not root's.
USER 65532:65532
EXPOSE 9355
# Unhealthy is a deployment that is critical, or of which nobody can tell. That the
# exporter runs is what the container's state says.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=2 CMD ["/redis_sentinel_exporter", "check", "--fail-on=critical"]
ENTRYPOINT ["/redis_sentinel_exporter"]
