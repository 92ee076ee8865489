# The gateway alone: no simulators, no tests, no embedded PostgreSQL (set DATABASE_URL), no package manager at run time.
# Built with: docker build -t gatehouse .

FROM node:24.21.0-trixie-slim AS packages
WORKDIR /opt/gatehouse
COPY package.json package-lock.json .npmrc ./
# The optional packages are the embedded PostgreSQL and a Node.js that this image has already.
RUN npm ci --omit=dev --omit=optional

FROM node:24.21.0-trixie-slim
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn* \
  && install -d -o 10001 -g 10001 -m 0700 /var/lib/gatehouse
WORKDIR /opt/gatehouse
COPY --from=packages /opt/gatehouse/node_modules node_modules
COPY package.json LICENSE ./
COPY scripts scripts
COPY config config
COPY queues queues
COPY connectors connectors
COPY src src

ENV NODE_ENV=production
USER 10001:10001
VOLUME /var/lib/gatehouse
EXPOSE 7400

# /livez asks whether the process answers, not whether its targets do: a gateway whose target is away must not be restarted.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7400/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

# Without SIGUSR1 nobody who may send signals can open an inspector and read the keys.
ENTRYPOINT ["node", "--disable-sigusr1", "src/cli.ts"]
CMD ["start", "--config", "/etc/gatehouse/gatehouse.yaml"]
