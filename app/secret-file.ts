import { readFileSync, statSync } from 'node:fs'
import { keyFileIsOpen } from './master-key.ts'

/** The PEM of a private key from the file that a setting names, null when it names none. @throws Error in a sentence when others could read it, or it is encrypted */
export const readPrivateKeyFile = (setting: string, file: string | undefined): string | null => {
  if (file === undefined) return null
  if (process.platform !== 'win32' && keyFileIsOpen(statSync(file), process.getuid!()))
    throw new Error(`${setting} ${file} can be read by others than its owner: chmod 600 ${file}`)
  const pem = readFileSync(file, 'utf8')
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem))
    throw new Error(
      `${setting} ${file} is encrypted, and nothing here asks for its words: openssl pkey -in ${file} -out PLAIN, with mode 600`,
    )
  return pem
}

/** The password in the file that a setting names. A group may share it with us; everybody may not. @throws Error in a sentence */
export const readPasswordFile = (setting: string, file: string): string => {
  if (process.platform !== 'win32' && (statSync(file).mode & 0o007) !== 0)
    throw new Error(`${setting} ${file} can be read by everybody: chmod 640 ${file}`)
  const password = readFileSync(file, 'utf8').replace(/[\r\n]+$/, '')
  if (password === '') throw new Error(`${setting} ${file} is empty`)
  return password
}
