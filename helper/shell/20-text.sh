# Edits of texts, byte for byte. awk reads lines as bytes (LC_ALL=C); NUL bytes never get here.

# edited BASE EDITS: the text after the edits ("edit OFFSET LENGTH", "+line", "\" for a last line without newline).
edited() {
  awk -v size="$(wc -c <"$1")" '
    function plain(s,    out, i, c) {
      out = ""
      while ((i = index(s, "\\")) > 0) {
        out = out substr(s, 1, i - 1)
        c = substr(s, i + 1, 1)
        if (c == "\\") { out = out "\\"; s = substr(s, i + 2) }
        else if (c == "r") { out = out "\r"; s = substr(s, i + 2) }
        else {
          out = out sprintf("%c", substr(s, i + 1, 1) * 64 + substr(s, i + 2, 1) * 8 + substr(s, i + 3, 1))
          s = substr(s, i + 4)
        }
      }
      return out s
    }
    function upto(end) { if (end > at) { printf "%s", substr(chunk, at - pos + 1, end - at); at = end } }
    phase == 1 && /^edit / { n++; from[n] = $2 + 0; len[n] = $3 + 0; text[n] = ""; next }
    phase == 1 && /^\+/ { text[n] = text[n] plain(substr($0, 2)) "\n"; next }
    phase == 1 { text[n] = substr(text[n], 1, length(text[n]) - 1); next }
    {
      chunk = pos + length($0) < size ? $0 "\n" : $0
      stop = pos + length(chunk)
      if (at < pos) at = pos
      while (k < n && from[k + 1] < stop) {
        k++
        upto(from[k])
        printf "%s", text[k]
        if (from[k] + len[k] > at) at = from[k] + len[k]
      }
      upto(stop)
      pos = stop
    }
    END { while (k < n) printf "%s", text[++k] }
  ' phase=1 "$2" phase=2 "$1"
}

# hunks OLD NEW: the lines that differ, as a unified diff without its head. Fails where diff(1) did, which a pipe would hide:
# its exit code goes through the pipe as a last line.
hunks() {
  {
    diff -a -U 1 "$1" "$2"
    printf '%s\n' $?
  } | awk 'NR > 3 { print last } { last = $0 } END { exit (last > 1) }'
}

# without strict|exact|lenient LOST CLAIMS HUNKS... <TEXT: the text with the added lines of the hunks taken out and the removed
# ones put back, those of the last file first. Where a hunk is not found just once as it was written, or has no added line to
# look for, it is passed over, and goes to LOST; unless a person has seen to it already: none of its lines is there any more,
# nor any of the CLAIMS (words apart by blanks) in them. Lines that we only moved are then not put back either. Strict: with
# something in LOST, the result is 1. Of a list on one line that somebody has edited since, our items are taken out, and theirs
# stay. Exact: as strict, but such a list counts as not found.
# Whether a newline ends the last line is part of no line: it stays as it is found. (The dot shows awk where the text ends.)
without() {
  without_mode=$1 without_lost=$2 without_claims=$3
  shift 3
  { cat; printf .; } | awk -v strict="$without_mode" -v lost="$without_lost" -v claims="$without_claims" '
    function enter() { if (!inside) { b++; inside = 1; filled = 0; before[b] = context; adds[b] = 0; dels[b] = 0; after[b] = "" } }
    function fits(p, j,    i) {
      for (i = 1; i <= adds[j]; i++) if (line[p + i - 1] != add[j, i]) return 0
      return 1
    }
    function place(j,    p, found, exact, many, manyExact) {
      if (adds[j] == 0) return 0
      for (p = 1; p + adds[j] - 1 <= n; p++) {
        if (!fits(p, j)) continue
        found = p; many++
        if (line[p - 1] == before[j] && line[p + adds[j]] == after[j]) { exact = p; manyExact++ }
      }
      if (many == 1) return found
      return manyExact == 1 ? exact : 0
    }
    function bare(s) { gsub(/^[[:space:]]+|[[:space:]]+$/, "", s); return s }
    # The quoted items of the list that a line has, into set; `key` is what stands before the list, empty where there is none.
    function items(s, set,    size, at) {
      key = ""
      if (!match(s, /[=:][[:space:]]*\[/)) return 0
      key = bare(substr(s, 1, RSTART))
      s = substr(s, RSTART + RLENGTH)
      while (match(s, /^[[:space:],]*["\047]/)) {
        s = substr(s, RLENGTH)
        at = index(substr(s, 2), substr(s, 1, 1))
        if (at == 0) break
        set[++size] = substr(s, 1, at + 1)
        s = substr(s, at + 2)
      }
      ends = s ~ /^[[:space:],]*\]/
      return size + 0
    }
    function among(s, set, size,    i) {
      for (i = 1; i <= size; i++) if (set[i] == s) return 1
      return 0
    }
    # What a hunk added to a list on one line, into ours and listKey; 0: it is about something else.
    function added(j,    i, has, had, was, got) {
      ours = 0
      if (adds[j] != 1 || dels[j] > 1) return 0
      has = items(add[j, 1], got)
      listKey = key
      # In TOML a key is of the table whose header stands before it.
      if (listKey ~ /=$/ && before[j] !~ /^[[:space:]]*\[/) return 0
      if (dels[j] == 1) {
        had = items(del[j, 1], was)
        if (key != listKey) return 0
        for (i = 1; i <= had; i++) if (!among(was[i], got, has)) return 0
      }
      for (i = 1; i <= has; i++) if (!among(got[i], was, had)) our[++ours] = got[i]
      return ours
    }
    # The lines with that list which have an item of ours, into `listed` (the last one) and `holds` (how many of ours it has).
    function lists(j,    p, i, size, of, header, many) {
      for (p = 1; p <= n; p++) {
        if (line[p] ~ /^[[:space:]]*\[/) header = bare(line[p])
        size = items(line[p], of)
        if (key == "" || key != listKey || (key ~ /=$/ && header != bare(before[j]))) continue
        for (i = found = 0; i < ours; ) if (among(our[++i], of, size)) found++
        # What it goes on with in the next line is not looked at.
        if (!ends) found = -1
        if (found != 0) { many++; listed = p; holds = found; more = size > found }
      }
      return many + 0
    }
    function takeOut(j,    i, at, front, rest) {
      # A list of ours alone that is not as it was written is for a person to look at.
      if (!added(j) || lists(j) != 1 || holds != ours || (dels[j] == 0 && !more)) return 0
      for (i = 1; i <= ours; i++) {
        match(line[listed], /[=:][[:space:]]*\[/)
        front = substr(line[listed], 1, RSTART + RLENGTH - 1)
        rest = substr(line[listed], RSTART + RLENGTH)
        at = index(rest, our[i])
        front = front substr(rest, 1, at - 1)
        rest = substr(rest, at + length(our[i]))
        if (match(rest, /^[[:space:]]*,[[:space:]]*/)) rest = substr(rest, RLENGTH + 1)
        else if (match(front, /[[:space:]]*,[[:space:]]*$/)) front = substr(front, 1, RSTART - 1)
        line[listed] = front rest
      }
      return 1
    }
    function present(s,    i) {
      s = bare(s)
      # A bracket alone is nobody in particular.
      if (s !~ /[A-Za-z0-9]/) return 0
      # With something behind it, as a comment or a comma, it is still there.
      for (i = 1; i <= n; i++) if (index(bare(line[i]), s) == 1) return 1
      return 0
    }
    # Is it in what the hunk added? Of a list, as an item: a name in it that stands elsewhere as well is not of this list.
    function within(s, j,    i) {
      for (i = 1; i <= ours; i++) if (our[i] == "\"" s "\"" || our[i] == "\047" s "\047") return 1
      if (ours == 0) for (i = 1; i <= adds[j]; i++) if (index(add[j, i], s)) return 1
      return 0
    }
    # Did one hunk take out lines that the other one added elsewhere?
    function moved(from, to,    i, k) {
      for (i = 1; i <= dels[from]; i++) {
        for (k = 1; k <= adds[to] && add[to, k] != del[from, i]; k++);
        if (k > adds[to]) return 0
      }
      return 1
    }
    function seenTo(j,    i, k, word, words) {
      if (added(j) && lists(j) > 0) return 0
      if (adds[j] == 0) {
        for (k = 1; k <= b; k++) if (left[k] && adds[k] > 0 && moved(j, k) && seenTo(k)) return 1
        for (i = 1; i <= dels[j]; i++) if (!present(del[j, i])) return 0
        return 1
      }
      for (i = 1; i <= adds[j]; i++) if (present(add[j, i])) return 0
      words = split(claims, word, " ")
      for (k = 1; k <= words; k++) {
        if (!within(word[k], j)) continue
        for (i = 1; i <= n; i++) if (index(line[i], word[k])) return 0
      }
      return words > 0
    }
    function missing(j,    i) {
      bad = strict != "lenient"
      print "@@\n " before[j] > lost
      for (i = 1; i <= dels[j]; i++) print "-" del[j, i] > lost
      for (i = 1; i <= adds[j]; i++) print "+" add[j, i] > lost
      print " " after[j] > lost
    }
    function swap(p, j,    i, shift) {
      shift = dels[j] - adds[j]
      if (shift < 0) for (i = p + adds[j]; i <= n; i++) line[i + shift] = line[i]
      if (shift > 0) for (i = n; i >= p + adds[j]; i--) line[i + shift] = line[i]
      for (i = 1; i <= dels[j]; i++) line[p + i - 1] = del[j, i]
      for (i = n + shift + 1; i <= n; i++) line[i] = ""
      n += shift
    }
    phase == 1 && /^@@/ { inside = 0; context = ""; next }
    # A last line that only got a newline.
    phase == 1 && inside && dels[b] && !adds[b] && substr($0, 2) == del[b, dels[b]] && /^\+/ { dels[b]--; before[b] = substr($0, 2); next }
    # One table of TOML behind another is a hunk of its own: an edit in one keeps nobody from taking the other out.
    phase == 1 && inside && !dels[b] && filled && /^\+[[:space:]]*\[/ { after[b] = substr($0, 2); context = add[b, adds[b]]; inside = 0 }
    phase == 1 && /^\+/ { enter(); add[b, ++adds[b]] = substr($0, 2); if (/[^+[:space:]]/) filled = 1; next }
    phase == 1 && /^-/ { enter(); del[b, ++dels[b]] = substr($0, 2); next }
    phase == 1 && /^\\/ { next }
    phase == 1 {
      context = substr($0, 2)
      if (inside) after[b] = context
      inside = 0; next
    }
    { line[++n] = $0 }
    END {
      line[0] = ""
      closed = line[n] == "."
      if (closed) line[n--] = ""
      else line[n] = substr(line[n], 1, length(line[n]) - 1)
      for (j = b; j >= 1; j--) {
        p = place(j)
        if (p > 0) swap(p, j)
        else if (strict == "exact" || !takeOut(j)) left[j] = 1
      }
      # Asked of what is left once all the others are out: a claim may stand in several of them.
      for (j = 1; j <= b; j++) if (left[j] && !seenTo(j)) missing(j)
      for (i = 1; i <= n; i++) printf "%s%s", line[i], (i < n || closed) ? "\n" : ""
      exit bad
    }
  ' phase=1 "$@" phase=2 -
}

# What a person is to do about hunks that were lost, a line each; credentials masked.
by_hand() {
  tr -d '\r' | sed -n 's/^+/  take out: /p; s/^-/  put back: /p' | masked
}
