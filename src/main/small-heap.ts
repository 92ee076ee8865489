/** Keeps the process small: left alone, V8 lets the heap of an import grow to several times of what is alive in it. */
import { setFlagsFromString } from 'node:v8'

/**
 * Both are read whenever V8 decides how far to let the heap grow, so they may be set while it runs: the old generation grows
 * by half between two collections at most, and the young one stays as large as starting up has made it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50')
  setFlagsFromString('--semi-space-growth-factor=1')
}
