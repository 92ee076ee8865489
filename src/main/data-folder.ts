/** Makes the folder in which a gateway keeps what is its own. */
import { mkdir } from 'node:fs/promises'

/** Root hands the embedded PostgreSQL to another user, who must be able to pass through; nobody else can list what is inside. */
export async function makeDataFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
}
