/**
 * A host that is left alone, and why: what was expected, what was found, what to do. The text has no host
 * name, since only the caller knows what the host is called; it goes in front.
 */
export class HostRefusal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HostRefusal";
  }
}
