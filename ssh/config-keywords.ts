/**
 * Every keyword of ssh_config(5), by what becomes of it here. A keyword that would change where or how a connection goes
 * is honoured, refused, or noted; the quiet ones concern what no connection of ours does.
 */

/** Honoured. Of all but identityfile and certificatefile the first value counts. */
export const HONOURED = new Set([
  "certificatefile",
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
  "stricthostkeychecking",
  "tag",
  "user",
  "userknownhostsfile",
]);

/** Those that take several words. The others refuse a second one, as OpenSSH does. */
export const LISTS = new Set([
  "globalknownhostsfile",
  "userknownhostsfile",
  "proxyjump",
  "refuseconnection",
]);

/** Not honoured, and worth a note unless the value is one of these, which ask for nothing. */
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

/** Not honoured, and said in one note together: distributions set all of them. */
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
  channeltimeout clearallforwardings compression compressionlevel connectionattempts connecttimeout controlmaster
  controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
  fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports
  hashknownhosts ipqos kbdinteractiveauthentication kbdinteractivedevices localcommand localforward loglevel logverbose
  numberofpasswordprompts obscurekeystroketiming passwordauthentication permitlocalcommand permitremoteopen
  preferredauthentications rekeylimit remotecommand remoteforward requesttty sendenv serveralivecountmax
  serveraliveinterval sessiontype setenv stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tcpkeepalive
  tunnel tunneldevice updatehostkeys versionaddendum visualhostkey warnweakcrypto xauthlocation
  challengeresponseauthentication skeyauthentication tisauthentication keepalive
  afstokenpassing cipher dsaauthentication fallbacktorsh kerberosauthentication kerberostgtpassing protocol
  rhostsauthentication rhostsrsaauthentication rsaauthentication usekeychain useprivilegedport userrsh useroaming
  globalknownhostsfile2 userknownhostsfile2`.split(/\s+/),
);

/** True for what concerns no connection of ours. Which ways to log in are tried, the settings say. */
export function isQuiet(keyword: string): boolean {
  return QUIET.has(keyword) || keyword.startsWith("gssapi");
}
