#!/usr/bin/env bash
# Package: libjpeg62-turbo-dev 1:2.1.5-2 (Debian 12), its libjpeg.a, with gcc.
# Behaviour: a shared object, such as an addon of Node or an extension of Python, that uses its decoder does not link: its objects are
#   for programs, not for shared objects. With `-Wl,--exclude-libs,ALL`, which makes its symbols local, the same does link, since what
#   stays inside needs no table of addresses. A shared object that uses `jpeg_std_error`, as every sample of libjpeg does, links neither
#   way: that function takes the address of the C library's `stderr`, which is outside. A handler of one's own for errors is needed.
# One would have guessed: a static library either goes into shared objects or does not, and an option about what is exported has no part in it.
# Seen: {"decoder": "fails", "decoder, kept inside": "links", "jpeg_std_error": "fails", "jpeg_std_error, kept inside": "fails"}
set -eu
[ "$(uname -m)" = x86_64 ] && command -v gcc > /dev/null || {
  echo "expected gcc on x86-64" >&2
  exit 1
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# apt's own user, who fetches, may write here.
chmod 777 .
apt-get download -qq libjpeg62-turbo-dev=1:2.1.5-2 2> /dev/null || {
  echo "expected libjpeg62-turbo-dev 1:2.1.5-2 of Debian 12 to be had by apt-get download" >&2
  exit 1
}
dpkg -x ./*.deb root
linked() {
  printf '#include <stdio.h>\n#include <jpeglib.h>\nvoid *used(void) { return (void *)&%s; }\n' "$1" > used.c
  shift
  gcc -fPIC -shared -Iroot/usr/include -Iroot/usr/include/x86_64-linux-gnu used.c root/usr/lib/x86_64-linux-gnu/libjpeg.a "$@" \
    -o used.so 2> said && echo links && return
  grep -q 'recompile with -fPIC' said && echo fails || cat said
}
inside=-Wl,--exclude-libs,ALL
seen="{\"decoder\": \"$(linked jpeg_read_scanlines)\", \"decoder, kept inside\": \"$(linked jpeg_read_scanlines $inside)\", \
\"jpeg_std_error\": \"$(linked jpeg_std_error)\", \"jpeg_std_error, kept inside\": \"$(linked jpeg_std_error $inside)\"}"
echo "$seen"
[ "$seen" = '{"decoder": "fails", "decoder, kept inside": "links", "jpeg_std_error": "fails", "jpeg_std_error, kept inside": "fails"}' ] || {
  echo "libjpeg.a links otherwise than stated above" >&2
  exit 1
}
