/** One page of a log by `Query`: conditions joined by AND, an order, a limit and an offset. */
import { flag, list, type Row, record, text } from './input.ts'
import { type Columns, type Condition, compareBy, conditionOf } from './query-conditions.ts'
import type { Quirks } from './quirks.ts'

interface Wish<Entry> {
  query: Row
  columns: Columns<Entry>
  /** 0 is all. */
  limit: number
  offset: number
  quirks: Pick<Quirks, 'personalDataEncrypted' | 'ignoreEventOrder'>
}

/** `stored` in the order of its ids, which is also what is answered where no order is asked for. That one is not published. */
export function select<Entry>(stored: readonly Entry[], wish: Wish<Entry>): Entry[] {
  const { query, columns, limit, offset, quirks } = wish
  const conditions = list(query.conditions ?? []).map((sent) => conditionOf(record(sent), columns, quirks))
  const orders = list(query.orders ?? []).map((sent) => record(sent))
  const comparisons = orders.map((order) => compareBy(order.column, flag(order.descending ?? false), columns))
  const until = limit === 0 ? Number.POSITIVE_INFINITY : offset + limit
  return found().slice(offset, until)

  function found(): Entry[] {
    if (quirks.ignoreEventOrder) return firstOf(stored.toReversed(), conditions, until)
    // In the order of the log a page needs no look at what lies behind it.
    if (isStored(orders)) return firstOf(stored, conditions, until)
    return sorted(firstOf(stored, conditions, Number.POSITIVE_INFINITY), comparisons)
  }
}

function isStored(orders: readonly Row[]): boolean {
  const [first, ...others] = orders
  if (first === undefined) return true
  return others.length === 0 && text(first.column) === 'id' && !flag(first.descending ?? false)
}

function firstOf<Entry>(entries: readonly Entry[], conditions: readonly Condition<Entry>[], wanted: number): Entry[] {
  const found: Entry[] = []
  for (const entry of entries) {
    if (found.length >= wanted) break
    if (conditions.every((holds) => holds(entry))) found.push(entry)
  }
  return found
}

function sorted<Entry>(entries: Entry[], comparisons: readonly ((left: Entry, right: Entry) => number)[]): Entry[] {
  return entries.sort((left, right) => {
    for (const compare of comparisons) {
      const difference = compare(left, right)
      if (difference !== 0) return difference
    }
    return 0
  })
}
