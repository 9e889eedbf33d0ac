#!/usr/bin/env bash
# Package: erofs-utils 1.5-1 (Debian 12), mkfs.erofs.
# Behaviour: `mkfs.erofs -T TIME` gives all files of an image the same time, so that the image depends on their contents alone. Where
#   SOURCE_DATE_EPOCH is set as well, as builds that are to be reproducible have it, -T is no longer a time for all: only what is newer is
#   set to it, and an older file keeps its own. Two folders of the same contents give different images, both options at once give less
#   than one of them.
# One would have guessed: the option on the command line wins over the environment, or the two together change nothing.
# Seen: {"-T alone": "equal", "-T and SOURCE_DATE_EPOCH": "different"}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# apt's own user, who fetches, may write here.
chmod 755 .
apt-get download -qq erofs-utils=1.5-1 libuuid1 liblz4-1 libselinux1 2> /dev/null || {
  echo "expected erofs-utils 1.5-1 of Debian 12 to be had by apt-get download" >&2
  exit 1
}
for package in ./*.deb; do dpkg -x "$package" root; done
mkfs() { LD_LIBRARY_PATH=$(find "$folder/root" -name '*-linux-gnu' -type d | tr '\n' ':') "$folder/root/usr/bin/mkfs.erofs" "$@" > /dev/null; }
epoch=1764547200
id=00000000-0000-4000-8000-000000000000
for made in 2001-02-03 2002-03-04; do
  mkdir "$made"
  echo same > "$made/file"
  touch -d "$made" "$made/file" "$made"
  (unset SOURCE_DATE_EPOCH && mkfs -T$epoch -U$id "alone-$made" "$made")
  (export SOURCE_DATE_EPOCH=$epoch && mkfs -T$epoch -U$id "both-$made" "$made")
done
compared() { cmp -s "$1-2001-02-03" "$1-2002-03-04" && echo equal || echo different; }
seen="{\"-T alone\": \"$(compared alone)\", \"-T and SOURCE_DATE_EPOCH\": \"$(compared both)\"}"
echo "$seen"
[ "$seen" = '{"-T alone": "equal", "-T and SOURCE_DATE_EPOCH": "different"}' ] || {
  echo "mkfs.erofs behaves otherwise than stated above" >&2
  exit 1
}
