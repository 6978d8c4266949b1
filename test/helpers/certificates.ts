/**
 * Certificates for tests, made by openssl in a folder: a CA, what it signed, and another CA that nobody trusts.
 *
 *     ca.crt   server.crt .key (dssm.example, localhost, 127.0.0.1)   stranger.crt .key (elsewhere.example)   client.crt .key
 *     other-ca.crt   other-client.crt .key
 */
import { execFileSync } from 'node:child_process';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** @param addresses of servers, beside 127.0.0.1 */
export function makeCertificates(folder: string, addresses: readonly string[] = []): void {
  const openssl = (...argv: string[]): unknown =>
    execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
  const authority = (name: string): unknown =>
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    );
  const sign = (ca: string, name: string, alternatives: readonly string[]): void => {
    const names = ['-addext', `subjectAltName=${alternatives.join(',')}`];
    openssl(
      'req',
      '-new',
      ...NEW_KEY,
      '-subj',
      `/CN=${name}`,
      ...names,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const by = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-out', `${name}.crt`);
  };
  authority('ca');
  authority('other-ca');
  sign('ca', 'server', [
    'DNS:dssm.example',
    'DNS:localhost',
    'IP:127.0.0.1',
    ...addresses.map((address) => `IP:${address}`),
  ]);
  sign('ca', 'stranger', ['DNS:elsewhere.example']);
  sign('ca', 'client', ['DNS:gateway.example']);
  sign('other-ca', 'other-client', ['DNS:gateway.example']);
}
