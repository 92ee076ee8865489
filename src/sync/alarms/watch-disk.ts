/** Looks whether the data folder has room: when it has none, nothing new is decided. */
import { statfs } from 'node:fs/promises'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import type { SyncContext } from '../context.ts'

/** So much must be free, or a twentieth of a disk on which that is less. */
const freeBytesMin = 1024 ** 3

/** In blocks of `bsize` bytes. */
type Ask = (folder: string) => Promise<{ readonly bavail: number; readonly blocks: number; readonly bsize: number }>

/** Called by the scheduler. @throws what `ask` throws when the folder is not there. */
export async function watchDisk(
  { database, vault }: SyncContext,
  folder: string,
  ask: Ask = (path) => statfs(path),
): Promise<void> {
  const { bavail, blocks, bsize } = await ask(folder)
  const isLow = bavail * bsize < Math.min(freeBytesMin, (blocks * bsize) / 20)
  await (isLow ? raiseAlarm : clearAlarm)(database.pool, vault, 'disk.low', '')
}
