/**
 * Limits the number of concurrent commands on one connection. OpenSSH refuses the eleventh by default (MaxSessions). An
 * administrator may have set a lower limit, which shows when a session is refused.
 */
export class SessionGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private limit = 8) {}

  /**
   * Runs `task` when the limit allows it. `isFull` distinguishes a refusal because of the limit from other failures.
   */
  async run<T>(task: () => Promise<T>, isFull: (error: unknown) => boolean): Promise<T> {
    for (;;) {
      await this.enter();
      try {
        return await task();
      } catch (error) {
        // Without another open session, waiting is useless: the server refuses sessions for another reason.
        if (!isFull(error) || this.running <= 1) throw error;
        this.limit = Math.max(1, this.running - 1);
      } finally {
        this.leave();
      }
    }
  }

  private async enter(): Promise<void> {
    while (this.running >= this.limit) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.running++;
  }

  private leave(): void {
    this.running--;
    this.waiting.shift()?.();
  }
}
