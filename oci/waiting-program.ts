import type { Architecture } from "./image";

/** Where the program is loaded. Its one segment is the whole file. */
const BASE = 0x400000;
const [FILE_HEADER, PROGRAM_HEADER] = [64, 56];
/** The page size of the machine with the largest pages: arm64 can have 64 KiB. */
const PAGE = 0x10000;

/**
 * The same program for each processor, as machine code. It blocks SIGTERM and waits for it, then exits with 0. The kernel
 * drops a signal without a handler that comes to process 1, but keeps one that is blocked.
 *
 *     rt_sigprocmask(SIG_BLOCK, &set, NULL, 8)
 *     while (rt_sigtimedwait(&set, NULL, NULL, 8) != SIGTERM);
 *     exit(0)
 *     set: SIGTERM
 */
const CODE: Record<Architecture, string> = {
  amd64: `
    b8 0e 00 00 00         mov  eax, 14          rt_sigprocmask
    31 ff                  xor  edi, edi         SIG_BLOCK
    48 8d 35 30 00 00 00   lea  rsi, [rip + set]
    31 d2                  xor  edx, edx
    41 ba 08 00 00 00      mov  r10d, 8          bytes in a set
    0f 05                  syscall
    b8 80 00 00 00         mov  eax, 128         rt_sigtimedwait (the loop begins here)
    48 8d 3d 1a 00 00 00   lea  rdi, [rip + set]
    31 f6                  xor  esi, esi
    31 d2                  xor  edx, edx
    41 ba 08 00 00 00      mov  r10d, 8
    0f 05                  syscall
    83 f8 0f               cmp  eax, 15          SIGTERM
    75 e3                  jne  the loop
    b8 3c 00 00 00         mov  eax, 60          exit
    31 ff                  xor  edi, edi
    0f 05                  syscall
    00 40 00 00 00 00 00 00   set: bit 14`,
  arm64: `
    e8 10 80 d2            mov  x8, #135         rt_sigprocmask
    00 00 80 d2            mov  x0, #0           SIG_BLOCK
    01 02 00 10            adr  x1, set
    02 00 80 d2            mov  x2, #0
    03 01 80 d2            mov  x3, #8           bytes in a set
    01 00 00 d4            svc  #0
    28 11 80 d2            mov  x8, #137         rt_sigtimedwait (the loop begins here)
    60 01 00 10            adr  x0, set
    01 00 80 d2            mov  x1, #0
    02 00 80 d2            mov  x2, #0
    03 01 80 d2            mov  x3, #8
    01 00 00 d4            svc  #0
    1f 3c 00 f1            cmp  x0, #15          SIGTERM
    21 ff ff 54            b.ne the loop
    a8 0b 80 d2            mov  x8, #93          exit
    00 00 80 d2            mov  x0, #0
    01 00 00 d4            svc  #0
    1f 20 03 d5            nop                   the set is aligned to its 8 bytes
    00 40 00 00 00 00 00 00   set: bit 14`,
};

const MACHINE: Record<Architecture, number> = { amd64: 62, arm64: 183 };

/** A static ELF program of a few hundred bytes that needs no other file. It waits until it gets SIGTERM. */
export function waitingProgram(architecture: Architecture): Buffer {
  const code = machineCode(CODE[architecture]);
  const start = FILE_HEADER + PROGRAM_HEADER;
  const size = start + code.length;

  const file = Buffer.alloc(FILE_HEADER);
  file.write("\x7fELF", "latin1");
  file.set([2, 1, 1], 4); // 64 bits, little-endian, version 1
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(MACHINE[architecture], 18);
  file.writeUInt32LE(1, 20); // version 1
  file.writeBigUInt64LE(BigInt(BASE + start), 24); // the first instruction
  file.writeBigUInt64LE(BigInt(FILE_HEADER), 32); // the program header's place
  file.writeUInt16LE(FILE_HEADER, 52);
  file.writeUInt16LE(PROGRAM_HEADER, 54);
  file.writeUInt16LE(1, 56); // one program header
  file.writeUInt16LE(64, 58); // the size of a section header, of which there is none

  const segment = Buffer.alloc(PROGRAM_HEADER);
  segment.writeUInt32LE(1, 0); // to be loaded
  segment.writeUInt32LE(5, 4); // readable and executable
  segment.writeBigUInt64LE(BigInt(BASE), 16);
  segment.writeBigUInt64LE(BigInt(BASE), 24);
  segment.writeBigUInt64LE(BigInt(size), 32);
  segment.writeBigUInt64LE(BigInt(size), 40);
  segment.writeBigUInt64LE(BigInt(PAGE), 48);

  return Buffer.concat([file, segment, code]);
}

/** The bytes at the beginning of each line. What follows them, after three spaces, is for people. */
function machineCode(listing: string): Buffer {
  const lines = listing.trim().split("\n");
  return Buffer.concat(
    lines.map((line) =>
      Buffer.from(
        /^(?:[0-9a-f]{2} ?)+(?= {2})/.exec(line.trim())?.[0].replaceAll(" ", "") ?? "",
        "hex",
      ),
    ),
  );
}
