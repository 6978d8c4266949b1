/**
 * One connection to a server of the store that is made to find out why it does not work: each step fails with a sentence
 * of its own. The connections of the store itself only learn that they are closed.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ANSWER_MS, type HostPort, type RedisAddress, type TlsOptions } from './redis-address.ts';
import { command, type Reply, RespError, readReply } from './resp.ts';

/** Why a step failed: what is wrong with the server or the configuration, and the remedy. */
export class ProbeFailure extends Error {
  /** Whether waiting may help: nobody answers. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing = false) {
    super(message);
    this.name = 'ProbeFailure';
    this.isPassing = isPassing;
  }
}

/** `host:port`, `[v6]:port` */
export function endpoint({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export class Probe {
  readonly #name: string;
  readonly #address: RedisAddress;
  #socket: Socket | null = null;
  #received = Buffer.alloc(0);
  #failure: (error: NodeJS.ErrnoException) => void = () => {};
  #arrival: () => void = () => {};

  constructor(server: HostPort, address: RedisAddress) {
    this.#name = endpoint(server);
    this.#address = address;
  }

  /** @throws ProbeFailure */
  async tcp({ host, port }: HostPort): Promise<void> {
    const socket = connect({ host, port });
    let isResolved = isIP(host) !== 0;
    socket.once('lookup', (error: Error | null) => {
      isResolved ||= error === null;
    });
    this.#adopt(socket);
    await this.#within(new Promise<void>((resolve) => socket.once('connect', resolve)), (error) => {
      if (error.code === 'ENOTFOUND') {
        return new ProbeFailure(
          `${this.#name} cannot be reached (there is no such name); correct the address`,
        );
      }
      if (!isResolved) {
        return new ProbeFailure(
          `${this.#name} cannot be reached (the name does not resolve: no answer from DNS); see the name servers of this host`,
          true,
        );
      }
      return new ProbeFailure(
        `${this.#name} cannot be reached (${reasonOf(error)}); start it there, or correct the address`,
        true,
      );
    });
  }

  /** @throws ProbeFailure */
  async tls(host: string, options: TlsOptions): Promise<void> {
    const socket = this.#socket ?? undefined;
    const secure = connectTls({
      ...options,
      ...(socket === undefined ? {} : { socket }),
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    this.#adopt(secure);
    await this.#within(new Promise<void>((resolve) => secure.once('secureConnect', resolve)), (error) =>
      this.#tlsFailure(error),
    );
  }

  /** Log in if there is a password, and see that commands are answered. @throws ProbeFailure */
  async login(username: string | null, password: string | null): Promise<void> {
    if (password !== null) {
      const reply = await this.ask(username === null ? ['AUTH', password] : ['AUTH', username, password]);
      const isNeedless = reply instanceof RespError && reply.text.includes('without any password');
      if (reply instanceof RespError && !isNeedless) throw this.#refused(reply, username);
    }
    const pong = await this.ask(['PING']);
    if (pong instanceof RespError) throw this.#refused(pong, username);
  }

  /** @throws ProbeFailure when there is no reply; an error of the server is a reply */
  async ask(words: readonly string[]): Promise<Reply> {
    const reply = new Promise<Reply>((resolve) => {
      this.#arrival = () => {
        const read = readReply(this.#received);
        if (!read) return;
        this.#received = this.#received.subarray(read.next);
        resolve(read.reply);
      };
    });
    this.#socket?.write(command(words));
    return this.#within(reply, (error) => this.#silence(error));
  }

  close(): void {
    this.#socket?.destroy();
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => this.#failure(error));
    socket.on('close', () => this.#failure(Object.assign(new Error('closed'), { code: 'closed' })));
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#arrival();
    });
  }

  #within<T>(work: Promise<T>, judge: (error: NodeJS.ErrnoException) => ProbeFailure): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(timer);
        reject(judge(error));
      };
      const timer = setTimeout(
        () => fail(Object.assign(new Error('no answer'), { code: 'no answer' })),
        ANSWER_MS,
      );
      this.#failure = fail;
      work.then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
    });
  }

  #tlsFailure(error: NodeJS.ErrnoException): ProbeFailure {
    const code = error.code ?? '';
    const ca = this.#address.tls?.caFile ?? null;
    const from =
      ca === null
        ? 'a CA that this host trusts; give its CA as REDIS_CA_FILE'
        : `the CA of REDIS_CA_FILE=${ca}; give the CA that signed it`;
    if (UNTRUSTED.has(code))
      return new ProbeFailure(`${this.#name}: its certificate is not signed by ${from}`);
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      return new ProbeFailure(
        `${this.#name}: its certificate is for another name (${error.message.replace(/^.*?altnames: /, '')}); ` +
          'address it by a name of its certificate, or issue one for this name',
      );
    }
    if (code === 'CERT_HAS_EXPIRED')
      return new ProbeFailure(`${this.#name}: its certificate has expired; renew it`);
    if (code === 'CERT_NOT_YET_VALID') {
      return new ProbeFailure(`${this.#name}: its certificate is not valid yet; correct the clocks`);
    }
    if (/WRONG_VERSION|PACKET_LENGTH|^closed$|ECONNRESET|no answer/.test(code)) {
      return new ProbeFailure(
        `${this.#name}: what answers there does not speak TLS (${code}); use a port that does, or no TLS`,
      );
    }
    return this.#silence(error);
  }

  /** With TLS 1.3 the server says only now what it thinks of our certificate. */
  #silence(error: NodeJS.ErrnoException): ProbeFailure {
    const code = error.code ?? error.message;
    const { tls } = this.#address;
    if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED)|DECRYPT_ERROR)/.test(code)) {
      return new ProbeFailure(
        `${this.#name} refuses the client certificate REDIS_AUTH_CERT=${tls?.certFile} (${code}); give one that its CA signed`,
      );
    }
    if (
      tls &&
      tls.certFile === null &&
      /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|^closed$|ECONNRESET|EPIPE/.test(code)
    ) {
      return new ProbeFailure(
        `${this.#name} wants a client certificate (${code}); give REDIS_AUTH_CERT and REDIS_AUTH_KEY`,
      );
    }
    if (!tls && /^closed$|ECONNRESET/.test(code)) {
      return new ProbeFailure(
        `${this.#name} closes the connection; if it wants TLS, use rediss:// or sentinels://`,
      );
    }
    return new ProbeFailure(`${this.#name} does not answer (${reasonOf(error)}); see its log`, true);
  }

  #refused(reply: RespError, username: string | null): ProbeFailure {
    const user = username === null ? '' : ` of user ${username}`;
    if (reply.kind === 'NOAUTH') {
      return new ProbeFailure(
        `${this.#name} wants a password; write it into the address, as in redis://:PASSWORD@…`,
      );
    }
    if (reply.kind === 'WRONGPASS' || /invalid password/i.test(reply.text)) {
      return new ProbeFailure(
        `${this.#name}: wrong password${user}; correct USER:PASSWORD in the address of the store`,
      );
    }
    const isLoading = reply.kind === 'LOADING';
    return new ProbeFailure(`${this.#name} refuses: ${reply.text}`, isLoading);
  }
}

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.code ?? error.message;
}
