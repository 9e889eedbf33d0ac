#!/usr/bin/env bash
# Package: ffmpeg 7:7.1.5-0+deb13u1 (Debian 13), its programs ffmpeg and ffprobe.
# Behaviour: in a stream whose pixels change their shape while their number stays, as television does between 4:3 and 16:9, the program
#   puts the one shape that was found for the stream before it began on all frames, also on those before the change. So filters such
#   as `scale` with `eval=frame` never learn of it. The decoder does know: ffprobe tells each frame's. ffmpeg 5.1 of Debian 12
#   gives filters each frame's own.
# One would have guessed: what ffprobe tells of a frame is what filters get; `sar` in an expression that is evaluated for each frame is
#   the frame's.
# Seen: {"ffprobe": ["1:1", "16:11", "1:2"], "filters": ["16/11"]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mmdebstrap --quiet --variant=extract --include=ffmpeg=7:7.1.5-0+deb13u1 trixie root
libraries=$(find "$folder/root" -name libavcodec.so.61 -printf '%h\n' -o -name x86_64-linux-gnu -path '*lib/*' -type d -print -o -name pulseaudio -path '*lib/*' -type d -print -o \( -name blas -o -name lapack \) -path '*lib/*' -type d -print | sort -u | paste -sd:)
loader=$(find "$folder/root" -name ld-linux-x86-64.so.2 -type f | head -1)
run() { "$loader" --library-path "$libraries" "root/usr/bin/$@"; }
second=0
for shape in 1 16/11 1/2; do
  run ffmpeg -v error -f lavfi -i "testsrc=duration=0.5:rate=10:size=64x48,setsar=$shape" -output_ts_offset $second -bf 0 -c:v libx264 \
    -pix_fmt yuv420p $second.ts
  second=$((second + 1))
done
cat 0.ts 1.ts 2.ts > all.ts
listed() { uniq | sed 's/.*/"&"/' | paste -sd, | sed 's/,/, /g'; }
probed=$(run ffprobe -v error -show_entries frame=sample_aspect_ratio -of csv=p=0 all.ts | tr -d , | sed '/^$/d' | listed)
filtered=$(run ffmpeg -hide_banner -nostdin -i all.ts -vf showinfo -f null - 2>&1 | sed -n 's/.* sar:\([0-9/]*\) s:.*/\1/p' | listed)
seen="{\"ffprobe\": [$probed], \"filters\": [$filtered]}"
echo "$seen"
[ "$seen" = '{"ffprobe": ["1:1", "16:11", "1:2"], "filters": ["16/11"]}' ] || {
  echo "ffmpeg gives frames other shapes than stated above" >&2
  exit 1
}
