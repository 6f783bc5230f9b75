# nginx with the libraries that it is linked with: everything that an image of it needs.
for file in /usr/sbin/nginx $(chroot "$root" ldd /usr/sbin/nginx | grep -o '/[^ ]*'); do
  mkdir -p "$TARGET${file%/*}"
  cp -L "$root$file" "$TARGET$file"
done
