/** A small seeded generator (mulberry32), so that one number always gives the same file. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let at = result.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [result[at], result[other]] = [result[other] as T, result[at] as T];
    }
    return result;
  }
}

/** The number of occurrences of each spelling and state, and a check that none is too rare. */
export class Occurrences {
  private readonly counts = new Map<string, number>();
  private total = 0;

  constructor(names: readonly string[]) {
    for (const name of names) this.counts.set(name, 0);
  }

  add(features: ReadonlySet<string>): void {
    this.total++;
    for (const feature of features) {
      const count = this.counts.get(feature);
      if (count === undefined) throw new Error(`unknown feature ${feature}`);
      this.counts.set(feature, count + 1);
    }
  }

  /** Names whose share of all files is too small. */
  rarerThan(share: number): string[] {
    return [...this.counts].filter(([, count]) => count < share * this.total).map(([name]) => name);
  }

  table(): string {
    const rows = [...this.counts].map(
      ([name, count]) => `  ${((100 * count) / this.total).toFixed(1).padStart(5)} %  ${name}`,
    );
    return [`${this.total} files`, ...rows].join("\n");
  }
}
