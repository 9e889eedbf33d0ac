#!/usr/bin/env bash
# Package: github.com/anthonynsimon/bild v0.14.0 (Go), seen with Go 1.26.
# Behaviour: `transform.Rotate` of what `transform.Crop` of the same package gave is, at 90, 180 and 270 degrees, the part of the picture that lies left above of
#   the cut, of which there is none: a region that begins behind its own width and height is black throughout, one that begins nearer is partly so. At 45 degrees
#   the picture is there. A crop keeps the place in the whole picture as its bounds, which Go allows, and the turn counts from 0. FlipH, Resize and
#   ShearH of the same package take the same picture as it is, and Rotate by 0 does too.
# One would have guessed: an image.Image is what it is wherever its bounds begin (Go's documentation of image: they need not begin at (0, 0)). To cut a
#   vehicle out of a frame and turn it is what the two are for.
# Seen: (of a region of 80, 90, ..., 150 in each row, its middle row) flipped [150 140 130 120 110 100 90 80]; turned by 180 [0 0 0 0 0 0 0 0];
#   turned by 180 after a move to (0, 0) [150 140 130 120 110 100 90 80]
set -eu
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"

	"github.com/anthonynsimon/bild/transform"
)

// middle is the middle row of a grey picture.
func middle(picture image.Image) string {
	bounds := picture.Bounds()
	values := []uint32{}
	for x := bounds.Min.X; x < bounds.Max.X; x++ {
		value, _, _, _ := picture.At(x, bounds.Min.Y+bounds.Dy()/2).RGBA()
		values = append(values, value>>8)
	}
	return fmt.Sprint(values)
}

func main() {
	frame := image.NewGray(image.Rect(0, 0, 16, 8))
	for at := range frame.Pix {
		frame.SetGray(at%16, at/16, color.Gray{Y: uint8(10 * (at % 16))})
	}
	region := transform.Crop(frame, image.Rect(8, 0, 16, 8))
	moved := image.NewGray(image.Rect(0, 0, 8, 8))
	draw.Draw(moved, moved.Bounds(), region, region.Bounds().Min, draw.Src)
	const mirrored, black = "[150 140 130 120 110 100 90 80]", "[0 0 0 0 0 0 0 0]"
	seen := [][2]string{
		{"flipped", middle(transform.FlipH(region))},
		{"turned by 180", middle(transform.Rotate(region, 180, nil))},
		{"turned by 180 after a move to (0, 0)", middle(transform.Rotate(moved, 180, nil))},
	}
	for at, stated := range []string{mirrored, black, mirrored} {
		fmt.Printf("%s %s\n", seen[at][0], seen[at][1])
		if seen[at][1] != stated {
			fmt.Fprintln(os.Stderr, "bild behaves otherwise than stated above")
			os.Exit(1)
		}
	}
}
GO
export GOPATH="$folder/go" GOFLAGS=-modcacherw
{ go mod init check && go get github.com/anthonynsimon/bild@v0.14.0 && go build -o check .; } > go.log 2>&1 || {
  cat go.log >&2
  exit 1
}
./check
