// Objects in a picture, from Go: as many as `ocellus detect` finds, by the same numbers.
//
//	export PKG_CONFIG_PATH=/usr/local/lib/pkgconfig LD_LIBRARY_PATH=/usr/local/lib   # after `cmake --install build`
//	go run samples/go/detect.go sdk/models/yolox-nano-416-int8.card.json cat.ppm
//
// Any detector that is compiled will do. A line for each object: score, x1 y1 x2 y2 in pixels, label.
// `ffmpeg -i cat.jpg cat.ppm` makes such a picture; of an image.RGBA leave every fourth byte out.
package main

/*
#cgo pkg-config: ocellus
#include <ocellus.h>
#include <stdlib.h>
*/
import "C"

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"
)

type detection struct {
	label          string
	score          float32
	x1, y1, x2, y2 float32
}

// A detector is for one goroutine at a time.
type detector struct{ handle *C.ocellus_detector }

// The library keeps why a call failed for the thread that called: between the two calls a goroutine may not change its thread.
func load(card string) (*detector, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	path := C.CString(card)
	defer C.free(unsafe.Pointer(path))
	handle := C.ocellus_detector_load(path, nil)
	if handle == nil {
		return nil, errors.New(C.GoString(C.ocellus_error()))
	}
	return &detector{handle}, nil
}

func (d *detector) close() { C.ocellus_detector_close(d.handle) }

// Pixels are width x height x 3 bytes: R, G, B. A threshold below 0 is the card's.
func (d *detector) detect(rgb []byte, width, height int, threshold float32) ([]detection, error) {
	if width < 1 || height < 1 || width > 16384 || height > 16384 || len(rgb) != width*height*3 {
		return nil, fmt.Errorf("expected %d x %d x 3 bytes, got %d", width, height, len(rgb))
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The struct holds the address of Go's memory, which has to stay where it is until the call returns.
	var pinned runtime.Pinner
	pinned.Pin(&rgb[0])
	defer pinned.Unpin()
	picture := C.ocellus_picture{format: C.OCELLUS_RGB24, width: C.uint32_t(width), height: C.uint32_t(height)}
	picture.planes[0] = unsafe.Pointer(&rgb[0])
	var found *C.ocellus_detection
	var count C.size_t
	if C.ocellus_detect(d.handle, &picture, C.float(threshold), &found, &count) != 0 {
		return nil, errors.New(C.GoString(C.ocellus_error()))
	}
	// What was found lives until the next call: it is copied.
	result := make([]detection, 0, int(count))
	for _, one := range unsafe.Slice(found, int(count)) {
		box := [4]float32{float32(one.x1), float32(one.y1), float32(one.x2), float32(one.y2)}
		result = append(result, detection{C.GoString(one.label), float32(one.score), box[0], box[1], box[2], box[3]})
	}
	return result, nil
}

func readPPM(path string) (rgb []byte, width, height int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, 0, err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	var kind string
	var most int
	if _, err = fmt.Fscan(reader, &kind, &width, &height, &most); err != nil || kind != "P6" || most != 255 {
		return nil, 0, 0, errors.New("expected a PPM picture (P6)")
	}
	reader.ReadByte()
	rgb, err = io.ReadAll(reader)
	return rgb, width, height, err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "detect:", err)
	os.Exit(1)
}

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("expected a model's card (.card.json) and a picture (.ppm)"))
	}
	detector, err := load(os.Args[1])
	if err != nil {
		fail(err)
	}
	defer detector.close()
	rgb, width, height, err := readPPM(os.Args[2])
	if err != nil {
		fail(err)
	}
	found, err := detector.detect(rgb, width, height, -1)
	if err != nil {
		fail(err)
	}
	for _, one := range found {
		fmt.Printf("%.2f %.0f %.0f %.0f %.0f %s\n", one.score, one.x1, one.y1, one.x2, one.y2, one.label)
	}
}
