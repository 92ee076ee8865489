/** What the commands that work on this machine need of `main`: it is loaded only when one of them runs, so only its types are imported here. */
import type * as Main from '../main.ts'

/** Errors meant for the operator carry a `code` like `config.invalid`; others are shown without text. */
export type LocalGateway = Pick<
  typeof Main,
  | 'adoptConfig'
  | 'checkGateway'
  | 'eventCodesOf'
  | 'eventSystems'
  | 'initGateway'
  | 'openKeys'
  | 'replaceAllKeys'
  | 'restoreGateway'
  | 'startGateway'
>

type Result<Command extends keyof LocalGateway> = Awaited<ReturnType<LocalGateway[Command]>>

export type CheckResult = Result<'checkGateway'>
export type InitResult = Result<'initGateway'>
export type ReplaceKeysOptions = Parameters<LocalGateway['replaceAllKeys']>[0]
export type ReplaceKeysResult = Result<'replaceAllKeys'>
export type RestoreResult = Result<'restoreGateway'>
export type RunningGateway = Result<'startGateway'>

/** @throws Error when the program is incomplete. */
export async function loadLocalGateway(): Promise<LocalGateway> {
  return import('../main.ts')
}
