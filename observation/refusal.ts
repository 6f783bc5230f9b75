/**
 * The reason why a host is not changed: what was expected, what was found, and what to do. The text has no host name:
 * the caller puts the name that it uses in front.
 */
export class HostRefusal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HostRefusal";
  }
}
