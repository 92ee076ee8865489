/** Remembers what was made of names under the keys in use: the same people pass the same doors all day. */
import type { Vault } from '../vault/vault.ts'

/** One part of a name after the other, since joining them into a text takes longer than to look them up. */
type Branch<T> = Map<string | number, Branch<T> | T>

type Name = readonly (string | number)[]

export type Memo<T> = (name: Name, make: () => T) => T

/** Names of one or more parts, and none begins with all of another. `max` are kept; with other keys, everything is made anew. */
export function openMemo<T>(vault: Pick<Vault, 'keySet'>, max: number): Memo<T> {
  let keys = vault.keySet
  let root: Branch<T> = new Map()
  let count = 0
  const forget = (): void => {
    root = new Map()
    count = 0
  }
  return (name, make) => {
    if (keys !== vault.keySet) {
      keys = vault.keySet
      forget()
    }
    const there = leafOf(root, name).get(lastOf(name)) as T | undefined
    if (there !== undefined) return there
    const made = make()
    if (count >= max) forget()
    leafOf(root, name).set(lastOf(name), made)
    count += 1
    return made
  }
}

function lastOf(name: Name): string | number {
  return name[name.length - 1] as string | number
}

/** Where the last part of the name is looked up. */
function leafOf<T>(root: Branch<T>, name: Name): Branch<T> {
  let branch = root
  for (let at = 0; at < name.length - 1; at += 1) {
    const part = name[at] as string | number
    const next = (branch.get(part) as Branch<T> | undefined) ?? new Map()
    branch.set(part, next)
    branch = next
  }
  return branch
}
