/** What a PIN must be like for the server to take it; a minimum length that an administrator set shows when it is written. */
import { ownFailure } from './errors.ts'

/** BioStar 2 API, Users: up to 32 digits (codes 131080, 131081). */
const digits = /^\d{1,32}$/

/** @throws ConnectorError `rejected`. */
export function checkPin(pin: string): void {
  if (!digits.test(pin)) throw ownFailure('rejected', 'biostar2.pin-refused', 'A PIN has up to 32 digits.')
}
