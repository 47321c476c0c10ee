# ttorrent in one file on a slim Node, run by a user without rights: see "In a container" in docs/recipes.md.
FROM node:24-slim AS build
WORKDIR /source
COPY . .
RUN node scripts/run.mjs build

FROM node:24-slim
COPY --from=build /source/dist/ttorrent.mjs /usr/local/lib/ttorrent.mjs
RUN ln -s ../lib/ttorrent.mjs /usr/local/bin/ttorrent \
  && install -d -o node -g node /downloads
USER node
WORKDIR /downloads
ENTRYPOINT ["ttorrent"]
CMD ["--help"]
