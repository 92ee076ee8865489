/** What every benchmark is asked. */
import type { Queue } from './site.ts'

export interface BenchRequest {
  /** People, or events where the benchmark is about these. */
  readonly size: number
  readonly queue: Queue
  /** Progress, for standard error. */
  readonly say: (text: string) => void
}
