/** Remembers what was made of names under the keys in use: the same people pass the same doors all day. */
import type { Vault } from '../vault/vault.ts'

/** `max` are kept; with other keys, everything is made anew. */
export function openMemo<T>(vault: Pick<Vault, 'keySet'>, max: number): (name: string, make: () => T) => T {
  let keys = vault.keySet
  const known = new Map<string, T>()
  return (name, make) => {
    if (keys !== vault.keySet) {
      known.clear()
      keys = vault.keySet
    }
    const there = known.get(name)
    if (there !== undefined) return there
    const made = make()
    if (known.size >= max) known.clear()
    known.set(name, made)
    return made
  }
}
