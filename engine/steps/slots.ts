/** The numbers of steps that may run at once. */
export interface Limits {
  /** All steps together. */
  total: number;
  /** Of them, those that run on this machine. Steps that wait for a host need none of its cores. @default `total` */
  onThisMachine?: number;
}

/** Lets steps run as long as there are free places for them, first come first served. */
export class Slots {
  private free: number;
  private freeHere: number;
  private waiting: { here: boolean; wake: () => void }[] = [];

  constructor({ total, onThisMachine = total }: Limits) {
    this.free = Math.max(1, total);
    this.freeHere = Math.max(1, onThisMachine);
  }

  /** Resolves when a place is free, and takes it. `here`: the step runs on this machine. */
  async enter(here: boolean): Promise<void> {
    if (!this.isFree(here)) await new Promise<void>((wake) => this.waiting.push({ here, wake }));
    else this.take(here, 1);
  }

  /** Gives the place to the first step in the queue that can have it. */
  leave(here: boolean): void {
    this.take(here, -1);
    const next = this.waiting.find((step) => this.isFree(step.here));
    if (!next) return;
    this.waiting = this.waiting.filter((step) => step !== next);
    this.take(next.here, 1);
    next.wake();
  }

  /** Nobody waits any more: every step gets a place, to find that it must not start. */
  open(): void {
    for (const { here, wake } of this.waiting.splice(0)) {
      this.take(here, 1);
      wake();
    }
  }

  private isFree(here: boolean): boolean {
    return this.free > 0 && (!here || this.freeHere > 0);
  }

  private take(here: boolean, places: 1 | -1): void {
    this.free -= places;
    if (here) this.freeHere -= places;
  }
}
