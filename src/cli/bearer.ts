/** Where the token for a call comes from: the environment, a file it names, or the file that `init` wrote. */
import { join } from 'node:path'
import { readPrivateFile } from '../vault/private-file.ts'
import { VaultError } from '../vault/vault-error.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Terminal } from './terminal.ts'

export const tokenFileName = 'operator.token'
export const dataDefault = '.gatehouse'

/** @throws CliError `refused` when there is none, or when others could read it as well. */
export function findToken(env: Terminal['env'], data: string | undefined): string {
  if (env.GATEHOUSE_TOKEN !== undefined) return checked(env.GATEHOUSE_TOKEN, 'GATEHOUSE_TOKEN')
  const named = env.GATEHOUSE_TOKEN_FILE
  const path = named ?? join(data ?? env.GATEHOUSE_DATA ?? dataDefault, tokenFileName)
  try {
    return checked(readPrivateFile(path, named === undefined ? 'owner' : 'service-manager').toString('utf8'), path)
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    const advice =
      error.code === 'vault.file-missing'
        ? `there is no token: set GATEHOUSE_TOKEN or GATEHOUSE_TOKEN_FILE, or name the data folder with --data (looked for ${path})`
        : `the token file must be yours and unreadable for others (chmod 600 ${path})`
    throw new CliError(exitCodes.refused, advice)
  }
}

function checked(text: string, origin: string): string {
  const token = text.trim()
  if (!/^[\x21-\x7e]{1,200}$/.test(token)) throw new CliError(exitCodes.usage, `what ${origin} holds is no token`)
  return token
}
