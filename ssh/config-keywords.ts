/**
 * Every keyword of ssh_config(5), by how it is handled here. A keyword that would change the target of a connection or
 * the way to it is honoured, refused, or noted. Quiet keywords do not affect any connection of this program.
 */

/** Honoured. The first value counts, except for identityfile and certificatefile. */
export const HONOURED = new Set([
  "certificatefile",
  "connecttimeout",
  "globalknownhostsfile",
  "hostkeyalias",
  "hostname",
  "identitiesonly",
  "identityagent",
  "identityfile",
  "ignoreunknown",
  "port",
  "proxycommand",
  "proxyjump",
  "refuseconnection",
  "revokedhostkeys",
  "serveralivecountmax",
  "serveraliveinterval",
  "stricthostkeychecking",
  "tag",
  "user",
  "userknownhostsfile",
]);

/** Keywords with several words. The others refuse a second word, as in OpenSSH. */
export const LISTS = new Set([
  "globalknownhostsfile",
  "userknownhostsfile",
  "proxyjump",
  "refuseconnection",
]);

/** Not honoured, with a note, unless the value is one of these, which have no effect. */
export const NOTED: Record<string, readonly string[]> = {
  addressfamily: ["any"],
  bindaddress: [],
  bindinterface: [],
  canonicalizehostname: ["no", "none"],
  checkhostip: ["no"],
  hostbasedauthentication: ["no"],
  knownhostscommand: ["none"],
  nohostauthenticationforlocalhost: ["no"],
  pkcs11provider: ["none"],
  proxyusefdpass: ["no"],
  pubkeyauthentication: ["yes", "unbound", "host-bound"],
  requiredrsasize: [],
  securitykeyprovider: ["internal", "none", "$ssh_sk_provider"],
  smartcarddevice: ["none"],
  verifyhostkeydns: ["no"],
};

/** Not honoured, with one note for all of them: distributions set all of these. */
export const ALGORITHMS = new Set([
  "casignaturealgorithms",
  "ciphers",
  "gssapikexalgorithms",
  "hostbasedacceptedalgorithms",
  "hostbasedkeytypes",
  "hostkeyalgorithms",
  "kexalgorithms",
  "macs",
  "pubkeyacceptedalgorithms",
  "pubkeyacceptedkeytypes",
]);

const QUIET = new Set(
  `addkeystoagent batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames
  channeltimeout clearallforwardings compression compressionlevel connectionattempts controlmaster
  controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
  fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports
  hashknownhosts ipqos kbdinteractiveauthentication kbdinteractivedevices localcommand localforward loglevel logverbose
  numberofpasswordprompts obscurekeystroketiming passwordauthentication permitlocalcommand permitremoteopen
  preferredauthentications rekeylimit remotecommand remoteforward requesttty sendenv
  sessiontype setenv stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tcpkeepalive
  tunnel tunneldevice updatehostkeys versionaddendum visualhostkey warnweakcrypto xauthlocation
  challengeresponseauthentication skeyauthentication tisauthentication keepalive
  afstokenpassing cipher dsaauthentication fallbacktorsh kerberosauthentication kerberostgtpassing protocol
  rhostsauthentication rhostsrsaauthentication rsaauthentication usekeychain useprivilegedport userrsh useroaming
  globalknownhostsfile2 userknownhostsfile2`.split(/\s+/),
);

/**
 * Whether the keyword does not affect any connection of this program. The settings decide which ways to log in are
 * tried.
 */
export function isQuiet(keyword: string): boolean {
  return QUIET.has(keyword) || keyword.startsWith("gssapi");
}
