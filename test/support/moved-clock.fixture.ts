/**
 * Loaded before a gateway: its wall clock (`Date`) and the waits of its loops (`src/model/sleep.ts`) go by a number of ms in a file that a
 * test may change. Sockets, limits of requests and what is measured stay on the real clock.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const path = process.env.MOVED_CLOCK ?? ''
const lookEveryMs = 10

const realNow = Date.now
let byMs = read()
/** Called whenever the clock was moved. */
export const onMove = new Set<() => void>()

function read(): number {
  return Number(readFileSync(path, 'utf8'))
}

setInterval(() => {
  const next = read()
  if (next === byMs) return
  byMs = next
  for (const look of [...onMove]) look()
}, lookEveryMs).unref()

Date.now = () => realNow() + byMs
// In place of the class itself, so that dates made before or elsewhere are still of it.
globalThis.Date = new Proxy(Date, {
  construct: (target, given, as) =>
    Reflect.construct(target, given.length === 0 ? [target.now()] : given, as === globalThis.Date ? target : as),
})

const [own, instead] = ['../../src/model/sleep.ts', './moved-sleep.fixture.ts'].map(
  (file) => new URL(file, import.meta.url).href,
)
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    return found.url === own && instead !== undefined ? { ...found, url: instead } : found
  },
})
