/** A process that dies after so many steps: from then on it reaches neither the store nor the target, and gives nothing back. */
import type pg from 'pg'
import type { AccountsCapability } from '../connector/contract.ts'
import type { SyncContext, TargetSetup } from './context.ts'

export interface Mortal {
  readonly context: SyncContext
  readonly target: TargetSetup
  readonly dead: () => boolean
}

/** Each query, new connection and call of the target is a step. What the target was sent before is not taken back. */
export function mortal(context: SyncContext, target: TargetSetup, steps: number): Mortal {
  let left = steps
  const step = (): void => {
    left -= 1
    if (left < 0) throw new Error('the process is dead')
  }
  const { pool } = context.database
  const mortalPool = {
    async query(...args: [string, unknown[]?]) {
      step()
      return pool.query(...args)
    },
    async connect() {
      step()
      return mortalClient(await pool.connect(), step)
    },
  } as unknown as pg.Pool
  const { accounts } = target.connection
  const mortalAccounts: AccountsCapability = {
    ...accounts,
    async read(externalId, signal) {
      step()
      return accounts.read(externalId, signal)
    },
    async apply(change, signal) {
      step()
      const applied = await accounts.apply(change, signal)
      step()
      return applied
    },
  }
  return {
    // Spread would read the policy once and for all.
    context: Object.create(context, { database: { value: { ...context.database, pool: mortalPool } } }) as SyncContext,
    target: { ...target, connection: { ...target.connection, accounts: mortalAccounts } },
    dead: () => left < 0,
  }
}

/** A dead process's connection is closed, so that PostgreSQL rolls back. */
function mortalClient(client: pg.PoolClient, step: () => void): pg.PoolClient {
  return new Proxy(client, {
    get(of, name) {
      if (name === 'query')
        return (...args: Parameters<pg.PoolClient['query']>) => {
          try {
            step()
          } catch (error) {
            // A statement fails later; a stream for COPY is asked for and given at once.
            if (typeof args[0] === 'string') return Promise.reject(error)
            throw error
          }
          return of.query(...args)
        }
      const value: unknown = Reflect.get(of, name)
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
}
