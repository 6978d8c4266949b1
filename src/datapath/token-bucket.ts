/**
 * At most `rate` events a second, as many at once. Integer milliseconds; a token is 1000 credits.
 */
export class TokenBucket {
  private readonly rate: number;
  private credits: number;
  private last = 0;

  constructor(rate: number) {
    this.rate = rate;
    this.credits = rate * 1000;
  }

  /** @param now ms, may wrap. @returns whether the event is allowed */
  take(now: number): boolean {
    const elapsed = Math.min((now - this.last) >>> 0, 1000);
    this.last = now;
    this.credits = Math.min(this.rate * 1000, this.credits + elapsed * this.rate);
    if (this.credits < 1000) return false;
    this.credits -= 1000;
    return true;
  }
}
