import { PassThrough } from "node:stream";
import { askHidden } from "../../../engine/command/prompt";
import { newCrypter, openCrypter } from "../../../engine/secrets/from-environment";
import { Crypter, WrongPassphrase } from "../../../engine/secrets/passphrase";
import { Redactor } from "../../../engine/secrets/redact";
import { Secret } from "../../../engine/values/property";

// Keys are derived, on a machine that may have much else to do.
jest.setTimeout(120_000);

// From a stack that the Pulumi CLI made with the passphrase "fixture".
const SALT = "v1:NC8b6cl9+CQ=:v1:4qeqihaKw3cuD9A5:L9jOBPPDGRr8ss1zETkl4Jzg+orS0g==";
const CIPHERTEXT = "v1:5GhliNlfjDjKKe5L:bwyBrx2JMshPMA55IzMriZ+21MHJPEfg";

test("opens what the Pulumi CLI encrypted", async () => {
  expect((await Crypter.open("fixture", SALT)).decrypt(CIPHERTEXT)).toBe('"s3cret"');
});

test("another passphrase is refused, and so is a ciphertext with one byte changed", async () => {
  await expect(Crypter.open("Fixture", SALT)).rejects.toThrow(
    new WrongPassphrase("incorrect passphrase"),
  );
  const crypter = await Crypter.open("fixture", SALT);
  expect(() => crypter.decrypt(CIPHERTEXT.replace("bwyB", "bwyC"))).toThrow();
});

test("encrypts differently each time, and a new salt opens with its passphrase only", async () => {
  const crypter = await Crypter.create("pw");
  expect(crypter.encrypt("x")).not.toBe(crypter.encrypt("x"));
  const again = await Crypter.open("pw", crypter.salt);
  expect(again.decrypt(crypter.encrypt("grüße"))).toBe("grüße");
});

test("with no passphrase set the empty one is used where it fits, else the error says what to set", async () => {
  const { salt } = await Crypter.create("");
  await openCrypter(salt, {});
  await expect(openCrypter(SALT, {})).rejects.toThrow(
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
  );
  await expect(openCrypter(SALT, { PULUMI_CONFIG_PASSPHRASE: "no" })).rejects.toThrow(
    "incorrect passphrase",
  );
});

test("messages lose secrets: whole texts, lines of keys, credentials within secret objects, and not host names", () => {
  const redactor = new Redactor();
  redactor.add("s3cret-token");
  redactor.addFrom({
    connection: new Secret({
      host: "node01.example",
      password: "hunter22",
      privateKey: "-----BEGIN KEY-----\nAAAABBBBCCCCDDDDEEEE\n",
    }),
  });
  expect(redactor.redact("s3cret-token hunter22 node01.example\nAAAABBBBCCCCDDDDEEEE")).toBe(
    "[secret] [secret] node01.example\n[secret]",
  );
});

test("a passphrase that is not set is asked for, twice where it is new, and only where there is somebody to ask", async () => {
  const asked: string[] = [];
  const answering =
    (...answers: string[]) =>
    (question: string) => {
      asked.push(question);
      return Promise.resolve(answers.shift() ?? "");
    };
  const { salt } = await newCrypter({}, false, answering("pw", "pw"));
  const crypter = await openCrypter(salt, {}, answering("pw"));
  expect(crypter.salt).toBe(salt);
  const remember =
    "    (set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to remember): ";
  expect(asked).toEqual([
    `Enter your passphrase to protect config/secrets\n${remember}`,
    "Re-enter your passphrase to confirm: ",
    `Enter your passphrase to unlock config/secrets\n${remember}`,
  ]);
  await expect(newCrypter({}, false, answering("pw", "pv"))).rejects.toThrow(
    "the passphrases do not match; no stack was created",
  );
  await expect(newCrypter({})).rejects.toThrow(
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
  );
  await expect(openCrypter(salt, {})).rejects.toThrow("passphrase must be set with");
  await expect(openCrypter(salt, {}, answering("other"))).rejects.toThrow("incorrect passphrase");
});

test("what is typed as a passphrase is not shown", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = askHidden("Passphrase: ", input, output);
  input.write("canary\r");
  expect(await answer).toBe("canary");
  expect(String(output.read())).toBe("Passphrase: \n");
  const leaving = askHidden("Passphrase: ", input, output);
  input.write("\x03");
  await expect(leaving).rejects.toThrow("no passphrase was given");
});
