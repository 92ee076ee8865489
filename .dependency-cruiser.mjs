/** The arrows of the house: who may import whom, as docs/architecture.md draws it. */

const tests = String.raw`\.(test|fixture)\.ts$|/test-[a-z-]+\.ts$|^test/`
/** What only tests use, though it is no test itself. */
const forTests = String.raw`/(testing|fixture)\.ts$|-for-tests\.ts$`
/** Where everything is put together. */
const roots = String.raw`^src/(main|cli)(\.ts$|/)`
/** Door systems to try things with: not in the image. */
const simulators = '^connectors/([^/]+/simulator|simulator-parts)/'
/** Runs the whole: may know everything, is known by nobody. */
const outside = '^(demo|bench|test|scripts)/'

/** Each layer with what it may import besides itself; down only, so what is missing here is refused. */
const below = {
  model: [],
  mapping: ['model'],
  policy: ['mapping', 'model'],
  vault: ['model'],
  connector: ['vault', 'mapping', 'policy', 'model'],
  store: ['vault', 'mapping', 'policy', 'model'],
  config: ['connector', 'vault', 'mapping', 'policy', 'model'],
}
below.audit = ['store', ...below.config, 'config']
below.auth = ['audit', ...below.audit]
below.events = below.auth
below.sync = below.auth
below.queues = ['sync', 'events', 'auth', ...below.auth]
below.api = below.queues

/** Where a layer lives: `queues` and `config` stand beside `src`. */
const placeOf = (layer) => (['queues', 'config'].includes(layer) ? `^${layer}/` : `^src/${layer}/`)
const ours = '^(src|queues|config|connectors)/'

const layers = Object.entries(below).map(([layer, allowed]) => ({
  name: `${layer}-goes-down-only`,
  severity: 'error',
  comment: `${layer} may import ${allowed.length === 0 ? 'no other layer' : allowed.join(', ')}`,
  from: { path: placeOf(layer), pathNot: tests },
  to: {
    path: ours,
    pathNot: [placeOf(layer), ...allowed.map(placeOf), '^src/telemetry/'],
  },
}))

export default {
  forbidden: [
    ...layers,
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'files that load each other see half of each other; types, which are gone at run time, may',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'what is not in package.json may be gone tomorrow',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-production',
      severity: 'error',
      comment: 'the image is installed without them, and has no simulators',
      from: { path: ours, pathNot: [tests, forTests, simulators] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'model-imports-only-zod',
      severity: 'error',
      comment: 'the words of the house depend on nothing; node:crypto makes ids',
      from: { path: '^src/model/', pathNot: tests },
      to: { pathNot: ['^src/model/', '(^|/)node_modules/zod/', '^(node:)?crypto$'] },
    },
    {
      name: 'telemetry-is-handed-in',
      severity: 'error',
      comment: 'only its types may be imported; main and cli make the real thing',
      from: { path: `${ours}`, pathNot: [tests, '^src/telemetry/', roots] },
      to: { path: '^src/telemetry/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'telemetry-knows-no-layer',
      severity: 'error',
      from: { path: '^src/telemetry/', pathNot: tests },
      to: { path: ours, pathNot: ['^src/telemetry/', '^src/model/'] },
    },
    {
      name: 'connector-knows-contract-and-model',
      severity: 'error',
      comment: 'a connector only translates: contract, model, libraries and its own folder',
      from: { path: '^connectors/([^/]+)/', pathNot: [tests, simulators, forTests] },
      to: {
        path: `${ours}|${outside}|^src/[^/]+$`,
        pathNot: ['^connectors/$1/', '^src/connector/', '^src/model/'],
      },
    },
    {
      name: 'connector-has-no-database',
      severity: 'error',
      comment: 'the engine owns state, queues and the way out to the network',
      from: { path: '^connectors/[^/]+/', pathNot: [tests, simulators] },
      to: { path: '(^|/)node_modules/(pg|pg-copy-streams|kysely|bullmq|ioredis|undici|@?hono)/' },
    },
    {
      name: 'connector-never-imports-its-simulator',
      severity: 'error',
      comment: 'both are written from the vendor’s documents, so that a misunderstanding in one shows in the other',
      from: { path: '^connectors/[^/]+/', pathNot: [tests, simulators, forTests] },
      to: { path: simulators },
    },
    {
      name: 'simulator-stands-alone',
      severity: 'error',
      comment:
        'a simulator knows neither its connector nor the gateway, only what all are made of; not even its tests do',
      from: { path: '^connectors/([^/]+)/simulator/' },
      to: {
        path: `${ours}|${outside}|^src/[^/]+$`,
        pathNot: ['^connectors/$1/simulator/', '^connectors/simulator-parts/'],
      },
    },
    {
      name: 'simulator-parts-know-no-system',
      severity: 'error',
      comment: 'what all simulators are made of is the same for each',
      from: { path: '^connectors/simulator-parts/' },
      to: { path: `${ours}|${outside}|^src/[^/]+$`, pathNot: '^connectors/simulator-parts/' },
    },
    {
      name: 'connectors-are-handed-in',
      severity: 'error',
      comment: 'only the roots know which connectors exist; the layers are handed the list',
      from: { path: `^(src|queues)/`, pathNot: [tests, roots] },
      to: { path: '^connectors/' },
    },
    {
      name: 'no-simulator-in-the-gateway',
      severity: 'error',
      comment: 'the image has none; only `gatehouse simulate` starts one',
      from: { path: '^src/', pathNot: [tests, '^src/cli/'] },
      to: { path: simulators },
    },
    {
      name: 'roots-are-imported-by-nobody',
      severity: 'error',
      comment: 'main and cli put everything together',
      from: { path: ours, pathNot: [tests, roots] },
      to: { path: roots },
    },
    {
      name: 'gateway-knows-no-outside',
      severity: 'error',
      comment: 'demo, benchmarks and tests look in, never the other way round',
      from: { path: ours, pathNot: tests },
      to: { path: outside },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { pathNot: tests },
      to: { path: String.raw`\.test\.ts$` },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'a file that nobody imports and that imports nothing is forgotten',
      from: { orphan: true, pathNot: [tests, String.raw`^(scripts|src/store/migrations)/|\.d\.ts$`] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types count as imports too: a layer that knows another's types knows the layer.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
}
