#!/bin/sh
# Requests a page by FastCGI, from the address and with the parameters of nginx's configuration.
conf=/etc/nginx/conf.d/default.conf

# header TYPE LENGTH: the first eight bytes of a record with less than 256 bytes.
header() {
  printf "\\001\\$(printf %03o "$1")\\000\\001\\000\\$(printf %03o "$2")\\000\\000"
}

# pair NAME VALUE
pair() {
  printf "\\$(printf %03o ${#1})\\$(printf %03o ${#2})%s%s" "$1" "$2"
}

request() {
  header 1 8
  printf '\000\001\000\000\000\000\000\000'
  busybox sed -n 's/^ *fastcgi_param \([^ ]*\) \(.*\);$/\1 \2/p' $conf | while read -r name value; do
    [ "$value" != '$request_method' ] || value=$REQUEST_METHOD
    header 4 $((2 + ${#name} + ${#value}))
    pair "$name" "$value"
  done
  header 4 0
  header 5 0
}

# The contents of the records of standard output, up to the record that ends the request.
answer() {
  while set -- $(busybox dd bs=1 count=8 2>/dev/null | busybox od -An -v -tu1); [ $# = 8 ] && [ "$2" != 3 ]; do
    busybox dd bs=1 count=$(($5 * 256 + $6)) 2>/dev/null
    busybox dd bs=1 count="$7" of=/dev/null 2>/dev/null
  done
}

backend=$(busybox sed -n 's/^ *fastcgi_pass \(.*\);$/\1/p' $conf)
request | nc "${backend%:*}" "${backend#*:}" | answer
