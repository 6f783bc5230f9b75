/**
 * Limits how many commands run over one connection at a time: OpenSSH refuses the eleventh by default (MaxSessions), and
 * an administrator may have set less, which is found out when a session is refused.
 */
export class SessionGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private limit = 8) {}

  /** Runs `task` when there is room. `isFull` tells a refusal for lack of room from other failures. */
  async run<T>(task: () => Promise<T>, isFull: (error: unknown) => boolean): Promise<T> {
    for (;;) {
      await this.enter();
      try {
        return await task();
      } catch (error) {
        // With no other session open there is no room to wait for: the server refuses sessions for another reason.
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
