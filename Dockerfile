# Built for the platform that is asked for, on the one that builds.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS=linux
ARG TARGETARCH=amd64
ARG VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY main.go ./
COPY api/ api/
COPY controllers/ controllers/
COPY internal/ internal/
COPY webhookserver/ webhookserver/
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /zma-operator .

# No shell, no package manager; the user is nobody in particular.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /zma-operator /zma-operator
USER 65532:65532
ENTRYPOINT ["/zma-operator"]
