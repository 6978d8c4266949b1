/**
 * Identifications of IPv4 packets that may be fragmented: unpredictable (RFC 7739 §5), never 0, and different for
 * packets that follow each other (RFC 6864 §4).
 */
import { finish } from '../nat/hash-index.ts';

export class Identifications {
  private readonly secret: number;
  private counter = 0;

  /** @param secret random, used for nothing else: what it gives away is seen on the wire */
  constructor(secret: number) {
    this.secret = secret;
  }

  /** 1 … 65535 */
  next(): number {
    this.counter = (this.counter + 1) | 0;
    return finish(this.counter ^ this.secret) & 0xffff || 1;
  }
}
