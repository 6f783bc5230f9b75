# Prints what the registry's container and volume hold. Arguments: the container's name. Changes nothing.
# The layout of the files is distribution's, the same since 2.0: registry/storage/paths.go.
set -eu
LC_ALL=C
export LC_ALL
name=$1

docker inspect --type container --format '{{json .}}' -- "$name" >/dev/null 2>&1 || {
  echo "there is no container named $name on this host, or docker does not run; run: npm run up" >&2
  exit 3
}
echo cluster-registry-listing 1
# The times below are by this clock, which need not be the operator's.
echo "now $(date +%s)"
docker inspect --type container --format 'inspect {{json .}}' -- "$name"
if version=$(docker exec -- "$name" registry --version 2>/dev/null); then echo "version $version"; fi
data=$(docker inspect --type container \
  --format '{{range .Mounts}}{{if eq .Destination "/var/lib/registry"}}{{.Source}}{{end}}{{end}}' -- "$name")
if [ -n "$data" ] && [ -d "$data" ]; then
  echo "folder $data"
  echo "disk $(df -P -k -- "$data" | awk 'NR == 2 { print $2, $4 }')"
  root=$data/docker/registry/v2
  if [ -d "$root/repositories" ]; then
    cd "$root/repositories"
    # A link's text is a digest, and its time is the time of the push.
    find . -path '*/_manifests/tags/*/current/link' -printf 'tag %T@ %P ' -exec cat {} \; -exec echo \;
    find . -path '*/_manifests/revisions/*/link' -printf 'revision %T@ %P\n'
    find . -path '*/_uploads/*' -type f -printf 'upload %T@ %P\n'
    find . -type d -name _layers -printf 'repository %P\n'
  fi
  if [ -d "$root/blobs" ]; then
    cd "$root/blobs"
    find . -name data -printf 'blob %s %P\n'
  fi
fi
# An answer such as 404 is logged as an error too, and is one of the client.
errors=$(docker logs --since 24h -- "$name" 2>&1 |
  awk '/level=error/ && (!/response completed with error/ || /http.response.status=5/)')
echo "errors $(printf '%s' "$errors" | grep -c . || true)"
printf '%s\n' "$errors" | grep . | tail -n 3 | cut -c 1-400 | sed 's/^/error /' || true
echo end
