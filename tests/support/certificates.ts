import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const hasOpenssl: boolean = spawnSync('openssl', ['version']).status === 0;

export interface Certificate {
  readonly ca: Uint8Array;
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface Authority {
  /** A certificate for a common name and alternative names as openssl writes them: `DNS:a,IP:127.0.0.1`. */
  issue(commonName: string, alternativeNames: string): Certificate;
}

/** Makes an authority with its files in a directory. */
export function makeAuthority(directory: string, name: string): Authority {
  const file = (suffix: string): string => join(directory, `${name}.${suffix}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca'), '-subj', `/CN=${name}`, '-days', '2');
  return {
    issue(commonName, alternativeNames) {
      openssl('req', ...key, '-keyout', file('key'), '-out', file('csr'), '-subj', `/CN=${commonName}`);
      writeFileSync(file('ext'), `subjectAltName=${alternativeNames}\n`);
      const by = ['-CA', file('ca'), '-CAkey', file('ca.key'), '-CAcreateserial'];
      openssl('x509', '-req', '-in', file('csr'), '-out', file('cert'), ...by, '-days', '2', '-extfile', file('ext'));
      return { ca: readFileSync(file('ca')), cert: readFileSync(file('cert')), key: readFileSync(file('key')) };
    },
  };
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}
