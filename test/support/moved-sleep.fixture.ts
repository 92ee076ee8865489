/** Stands in for `src/model/sleep.ts` where the clock is moved: whoever waits for an hour has waited for it once that hour is gone. */
import { onMove } from './moved-clock.fixture.ts'

/** Waits, or returns early when the signal fires; never rejects. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  const due = Date.now() + ms
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const done = (): void => {
      clearTimeout(timer)
      onMove.delete(look)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const look = (): void => {
      clearTimeout(timer)
      const left = due - Date.now()
      if (left <= 0) done()
      else timer = setTimeout(look, left)
    }
    signal.addEventListener('abort', done)
    onMove.add(look)
    look()
  })
}
