// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package abi

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
)

func checkFlags(flags uint32, known Flags) (Flags, error) {
	if unknown := Flags(flags) &^ known; unknown != 0 {
		return 0, refuse("flags: unknown flag %#x", uint32(unknown))
	}
	return Flags(flags), nil
}

// Images are what a caller registers together.
type Images []Image

// ReadImages checks the arguments of jitdebug_register_batch. The images
// themselves are checked one by one, see Bytes.
func ReadImages(address, count uintptr, flags uint32) (Images, Flags, error) {
	if err := nonEmpty("images", address, count); err != nil {
		return nil, 0, err
	}
	images, ok := array[Image](address, count)
	if !ok {
		return nil, 0, notSoMany("images", count)
	}
	known, err := ImageFlags(flags)
	return images, known, err
}

// ImageFlags checks the flags of images.
func ImageFlags(flags uint32) (Flags, error) { return checkFlags(flags, BORROW|NOWAIT|OPAQUE) }

// Bytes returns the bytes of image i.
func (s Images) Bytes(i int) ([]byte, error) {
	data, size := s[i].Data, s[i].Size
	if data == 0 {
		return nil, s.Wrong(i, E_ARGUMENT, "data is NULL")
	}
	if size == 0 {
		return nil, s.Wrong(i, E_ARGUMENT, "size is 0")
	}
	if n := guest.Readable(data, size); n != size {
		return nil, s.Wrong(i, E_IMAGE, text("cannot be read past its first %d of %d bytes", n, size))
	}
	return unsafe.Slice((*byte)(pointer(data)), size), nil
}

// Wrong is an error about image i. It says which, where there are several.
func (s Images) Wrong(i int, status Status, problem string) error {
	if len(s) == 1 {
		return Refuse(status, "image: %s", problem)
	}
	return Refuse(status, "image %d of %d: %s", i, len(s), problem)
}
