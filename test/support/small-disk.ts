/** A disk of a few hundred megabytes that can be filled to the last byte and freed again. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  fill(): Promise<void>
  free(): Promise<void>
}

/** Null where the system lets us mount none: only root may, and not in every container. */
export function openSmallDisk(megabytes: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'gatehouse-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return null
  }
  const ballast = join(path, 'ballast')
  return {
    path,
    async fill() {
      const file = await open(ballast, 'w')
      try {
        for (let bytes = 1 << 20; bytes >= 512; ) {
          // Large pieces as long as they fit, then smaller ones.
          await file.write(Buffer.alloc(bytes)).catch((error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOSPC') throw error
            bytes /= 2
          })
        }
      } finally {
        await file.close()
      }
    },
    free: () => rm(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      execFileSync('umount', ['-l', path])
      await rm(path, { recursive: true, force: true })
    },
  }
}
