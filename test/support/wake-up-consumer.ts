/** A process that takes wake-ups of one target and never finishes one: for tests to kill. Says `pumping <lane>` on stdout. */
import { openWakeUps, type WakeUpOptions } from '../../queues/wake-ups.ts'

const options = JSON.parse(process.argv[2] ?? '') as Omit<WakeUpOptions, 'onError'>
const wakeUps = await openWakeUps({ ...options, onError: (code) => process.stderr.write(`${code}\n`) })
await wakeUps.consume(
  process.argv[3] ?? '',
  (lane) => {
    process.stdout.write(`pumping ${lane}\n`)
    return new Promise(() => undefined)
  },
  { urgentSlots: 2, bulkSlots: 1 },
)
