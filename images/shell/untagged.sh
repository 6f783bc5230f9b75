# Plans a clean-up from the files of the registry's volume alone, as orders for gc.sh. Changes nothing.
#
#   sh untagged.sh FOLDER DAYS
#
# Prints `revision REPOSITORY sha256/HEX` for each manifest that can go, `repository NAME` for each repository that holds
# nothing then, `proof REPOSITORY DIGEST` for a tag that stays, and `garbage COUNT`: how many blobs no manifest names that
# stays. A manifest can go if no tag leads to it, its link is older than DAYS, no manifest that stays names its digest, and
# it is no signature or other referrer of one that stays. With `never` for DAYS, every manifest stays.
# The layout of the files is distribution's, see list.sh.
set -eu
LC_ALL=C
export LC_ALL
root=$1/docker/registry/v2 days=$2
[ -d "$root/repositories" ] && [ -d "$root/blobs" ] || { echo "garbage 0"; exit 0; }
cd "$root/repositories"

found=$(
  find . -path '*/_manifests/tags/*/current/link' -printf 'tag %T@ %P\n' &&
    find . -path '*/_manifests/revisions/*/link' -printf 'revision %T@ %P\n' &&
    find . -path '*/_uploads/*' -type f -printf 'upload %T@ %P\n' &&
    cd ../blobs && find . -name data -printf 'blob %s %P\n'
) || { echo "the files of the registry cannot be read" >&2; exit 1; }

printf '%s\n' "$found" | awk -v days="$days" -v now="$(date +%s)" '
  # All sha256 digests in a text, also where they mean something else: what is too much here only stays.
  function digests(text,    all) {
    all = ""
    while (match(text, /sha256:[0-9a-f]+/)) {
      if (RLENGTH == 71) all = all " " substr(text, RSTART, RLENGTH)
      text = substr(text, RSTART + RLENGTH)
    }
    return all
  }
  # What a manifest names, and what stands from its subject on.
  function look(digest,    part, file, line, text, got) {
    if (digest in names) return
    names[digest] = subjects[digest] = ""
    if (!(digest in size)) return
    split(digest, part, ":")
    file = "../blobs/" part[1] "/" substr(part[2], 1, 2) "/" part[2] "/data"
    while ((got = (getline line < file)) > 0) text = text line "\n"
    if (got < 0) { print "a manifest cannot be read: " digest | "cat >&2"; broken = 1; exit 1 }
    close(file)
    names[digest] = digests(text)
    if (text ~ /"schemaVersion"[ \t\r\n]*:[ \t\r\n]*1[^0-9]/) schema1[digest]
    if (match(tolower(text), /"subject"/)) subjects[digest] = digests(substr(text, RSTART))
  }
  function keep(repository, digest) {
    if (!((repository, digest) in revision) || (repository, digest) in kept) return
    kept[repository, digest]
    queued++
    queue[queued] = repository " " digest
  }
  function add_size(digest) {
    if (digest in counted) return 0
    counted[digest]
    return size[digest]
  }
  # The bytes of a tag with the images of its index.
  function tag_size(repository, digest,    sum, i, j, n, m, one, two) {
    split("", counted)
    sum = add_size(digest)
    n = split(names[digest], one, " ")
    for (i = 1; i <= n; i++) {
      sum += add_size(one[i])
      if (!((repository, one[i]) in revision)) continue
      m = split(names[one[i]], two, " ")
      for (j = 1; j <= m; j++) sum += add_size(two[j])
    }
    return sum
  }
  $1 == "blob" {
    split($3, part, "/")
    size[part[1] ":" part[3]] = $2
    next
  }
  # No part of the name of a repository begins with an underscore. A tag can.
  { at = index($3, "/_"); repository = substr($3, 1, at - 1); rest = substr($3, at + 1) }
  $1 == "tag" && rest ~ /^_manifests\/tags\/[^\/]+\/current\/link$/ {
    digest = ""
    if ((getline digest < $3) < 1) { print "a tag cannot be read: " $3 | "cat >&2"; broken = 1; exit 1 }
    close($3)
    tags++
    tag[tags] = repository " " digest
  }
  $1 == "revision" && rest ~ /^_manifests\/revisions\/[^\/]+\/[^\/]+\/link$/ {
    split(rest, part, "/")
    digest = part[3] ":" part[4]
    revision[repository, digest]
    revisions++
    all[revisions] = repository " " digest
    if (days == "never" || now - $2 <= days * 86400 || part[3] != "sha256") young[revisions]
  }
  $1 == "upload" { busy[repository] }
  END {
    if (broken) exit 1
    for (i = 1; i <= revisions; i++) {
      split(all[i], at_, " ")
      look(at_[2])
      n = split(subjects[at_[2]], one, " ")
      for (j = 1; j <= n; j++) referrers[at_[1], one[j]] = referrers[at_[1], one[j]] " " at_[2]
    }
    for (i = 1; i <= tags; i++) { split(tag[i], at_, " "); keep(at_[1], at_[2]) }
    for (i in young) { split(all[i], at_, " "); keep(at_[1], at_[2]) }
    for (done = 1; done <= queued; done++) {
      split(queue[done], at_, " ")
      needed[at_[2]]
      n = split(names[at_[2]] referrers[at_[1], at_[2]], one, " ")
      for (j = 1; j <= n; j++) keep(at_[1], one[j])
      n = split(names[at_[2]], one, " ")
      for (j = 1; j <= n; j++) needed[one[j]]
    }
    for (i = 1; i <= revisions; i++) {
      split(all[i], at_, " ")
      if ((at_[1], at_[2]) in kept) { holding[at_[1]]; continue }
      sub(/:/, "/", at_[2])
      print "revision", at_[1], at_[2]
      touched[at_[1]]
    }
    for (repository in touched)
      if (!(repository in holding) && !(repository in busy)) print "repository", repository
    least = -1
    for (i = 1; i <= tags; i++) {
      split(tag[i], at_, " ")
      # What the registry serves of schema 1 is signed, and so has another digest.
      if (!((at_[1], at_[2]) in kept) || !(at_[2] in size) || at_[2] in schema1) continue
      bytes = tag_size(at_[1], at_[2])
      if (least < 0 || bytes < least) { least = bytes; proof = tag[i] }
    }
    if (least >= 0) print "proof", proof
    garbage = 0
    for (digest in size) if (!(digest in needed)) garbage++
    print "garbage", garbage
  }'
