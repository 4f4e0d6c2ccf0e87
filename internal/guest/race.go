//go:build race

package guest

// #cgo CFLAGS: -DGO_RACE
import "C"
