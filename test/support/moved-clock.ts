/** A clock that a test can move, for all that decide by the hour: a gateway and its PostgreSQL, and the simulators. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres, until } from './servers.ts'

interface OtherClock {
  advance(ms: number): void
}

export interface MovedClock extends AsyncDisposable {
  /** The environment of a gateway that goes by this clock, on a PostgreSQL that does too. */
  readonly env: NodeJS.ProcessEnv
  /** In milliseconds since 1970. */
  now(): number
  /** Moves all of them on. The gateway follows within some ms. */
  advance(ms: number, ...others: readonly OtherClock[]): Promise<void>
  /** Moves all of them on by a second at each look until it is so. @throws Error that names `what` after 25 s of the real clock. */
  until(what: string, isSo: () => boolean | Promise<boolean>, ...others: readonly OtherClock[]): Promise<void>
}

/** Starts the PostgreSQL whose `now()` is this clock's. */
export async function openMovedClock(): Promise<MovedClock> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-clock-'))
  const path = join(folder, 'by-ms')
  const postgres = await startPostgres()
  const admin = new pg.Client(postgres.admin)
  await admin.connect()
  // The built-in one stays under another name; every statement and every default finds this one in its place.
  await admin.query(`
    create table public.moved (by_ms bigint not null);
    insert into public.moved values (0);
    set allow_system_table_mods = on;
    alter function pg_catalog.now() rename to real_now;
    create function pg_catalog.now() returns timestamptz language sql stable
      as 'select pg_catalog.real_now() + (select by_ms from public.moved) * interval ''1 ms'''`)
  let byMs = 0
  const write = async () => {
    // Whole at once: a gateway reads it all the time.
    await writeFile(`${path}.new`, String(byMs))
    await rename(`${path}.new`, path)
  }
  await write()
  const clock: MovedClock = {
    env: {
      DATABASE_URL: postgres.url,
      MOVED_CLOCK: path,
      NODE_OPTIONS: `--import=${new URL('./moved-clock.fixture.ts', import.meta.url).href}`,
    },
    now: () => Date.now() + byMs,
    async advance(ms, ...others) {
      byMs += ms
      for (const other of others) other.advance(ms)
      await admin.query('update public.moved set by_ms = $1', [byMs])
      await write()
    },
    async until(what, isSo, ...others) {
      await until(what, async () => {
        if (await isSo()) return true
        await clock.advance(1_000, ...others)
        return false
      })
    },
    async [Symbol.asyncDispose]() {
      await admin.end()
      await postgres[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return clock
}
