/** Whether Go's time.ParseDuration accepts the text. */
export function isDuration(text: string): boolean {
  return /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text);
}
