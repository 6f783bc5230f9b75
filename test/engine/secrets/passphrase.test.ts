import { openCrypter } from "../../../engine/secrets/from-environment";
import { Crypter, WrongPassphrase } from "../../../engine/secrets/passphrase";
import { Redactor } from "../../../engine/secrets/redact";
import { Secret } from "../../../engine/values/property";

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
