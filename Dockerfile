# syntax=docker/dockerfile:1
# Plimsoll's service and its workers, from a checkout: docker build --tag plimsoll .
# Written where no container engine was at hand: a test compares it with the package that it builds, but nobody has run it yet.

FROM node:24-slim AS pack
WORKDIR /checkout
COPY package.json package-lock.json ./
# Not "npm ci": some platform packages of the lockfile are missing from the registry, which it refuses and "npm install" passes over.
RUN npm install --no-audit --no-fund
COPY LICENSE README.md tsconfig.json tsconfig.build.json ./
COPY src src
COPY contracts contracts
COPY subgraphs subgraphs
COPY circuits/artifacts circuits/artifacts
COPY test/fixtures/write-schema.ts test/fixtures/write-schema.ts
RUN npm pack --pack-destination /packed

FROM node:24-slim AS install
WORKDIR /app
COPY --from=pack /packed /packed
RUN npm init --yes >/dev/null && npm install --omit=dev --no-audit --no-fund /packed/plimsoll-*.tgz

FROM node:24-slim
ENV NODE_ENV=production PLIMSOLL_DATA=/data/book
COPY --from=install /app /app
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
WORKDIR /data
EXPOSE 8080
# The service's own; a worker with --health-port 8080 answers at the same address.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/app/node_modules/.bin/plimsoll"]
CMD ["serve"]
