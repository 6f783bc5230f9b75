import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellWord } from "../helper/shell-word";
import type { Connection } from "../ssh/connection";

/**
 * Makes a host's Unix socket available under a path on this machine while `work` runs. For root, sshd forwards the
 * connection. For other users, sudo starts a program on the host that copies between the socket and the SSH session.
 */
export async function withSocket<T>(
  connection: Connection,
  path: string,
  sudo: boolean,
  work: (local: string) => Promise<T>,
): Promise<T> {
  // Only this user can read the folder.
  const folder = mkdtempSync(join(tmpdir(), "cluster-registry-"));
  const local = join(folder, "socket");
  const errors: Error[] = [];
  const server = createServer((near) => {
    const opening = sudo ? connection.stream(bridge(path)) : connection.forwardUnix(path);
    opening.then(
      (far) => {
        near.on("error", () => far.destroy());
        far.on("error", () => near.destroy());
        far.on("close", () => near.destroy());
        near.on("close", () => far.destroy());
        near.pipe(far).pipe(near);
      },
      (error: Error) => {
        errors.push(error);
        near.destroy();
      },
    );
  });
  await listening(server, local);
  try {
    return await work(local);
  } catch (error) {
    // The client only sees the end of its connection. The reason is here.
    throw errors[0] ?? error;
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(path, resolve);
  });
}

/** Every Debian and Ubuntu has Perl, and most other systems have Python. */
export function bridge(path: string): string {
  const perl =
    "use IO::Socket::UNIX; use IO::Select; " +
    "my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die qq{$ARGV[0]: $!\\n}; " +
    "my $in = IO::Select->new($s, *STDIN); my $b; " +
    "while (1) { for my $from ($in->can_read) { " +
    "sysread($from, $b, 65536) or exit; my $to = $from == $s ? *STDOUT : $s; " +
    "while (length $b) { my $n = syswrite($to, $b); defined $n or exit; substr($b, 0, $n) = q{}; } } }";
  const python =
    "import os,select,socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n" +
    "while True:\n" +
    "  for r in select.select([0,s],[],[])[0]:\n" +
    "    b=os.read(0,65536) if r==0 else s.recv(65536)\n" +
    "    if not b: sys.exit()\n" +
    "    s.sendall(b) if r==0 else sys.stdout.buffer.write(b)\n" +
    "    sys.stdout.flush()\n";
  const choose =
    `if command -v perl >/dev/null; then exec sudo -n perl -e ${shellWord(perl)} ${shellWord(path)}; ` +
    `else exec sudo -n python3 -c ${shellWord(python)} ${shellWord(path)}; fi`;
  // The user's login shell may be another shell.
  return `exec sh -c ${shellWord(choose)}`;
}
