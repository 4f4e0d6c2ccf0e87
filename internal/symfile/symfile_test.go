package symfile

import (
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/symfile/samples"
)

// real are the images that every debugger reads.
func real(t testing.TB) []samples.Image {
	images := samples.Small()
	images = append(images, samples.Compiled(t)...)
	images = append(images, samples.Large(t)...)
	return append(images, samples.Rust(t)...)
}

func TestRealImagesAreAccepted(t *testing.T) {
	for _, image := range real(t) {
		if err := Check(image.Data); err != nil {
			t.Errorf("%s: %v", image.Name, err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	small := samples.Small()
	for _, image := range small[:2] {
		b.Run(image.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Check(image.Data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	kib := small[len(small)-2]
	b.Run(kib.Name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Check(kib.Data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
