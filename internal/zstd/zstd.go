// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package zstd decompresses what compilers leave in debug sections: Zstandard
// frames (RFC 8878) of a size that is known. Checksums are not compared.
package zstd

import (
	"errors"
	"math/bits"
)

var (
	errShort = errors.New("the frame ends too early")
	errLong  = errors.New("the frame holds more than its size says")
	errFrame = errors.New("not a Zstandard frame that needs no dictionary")
	errBlock = errors.New("a block is damaged")
	errTable = errors.New("a table of codes is damaged")
)

const (
	magic         = 0xfd2fb528
	magicSkip     = 0x184d2a50 // of skippable frames, up to 0x184d2a5f
	blockLimit    = 128 << 10
	mostLiteral   = 11 // bits of a literal's code
	literalLength = 0
	offset        = 1
	matchLength   = 2
)

// Decompress fills dst, whose length is that of the data, from one frame or several.
// Bytes that are left when dst is full are ignored.
func Decompress(dst, src []byte) error {
	d := decoder{dst: dst, src: src}
	for first := true; first || d.n < len(dst); first = false {
		if err := d.frame(); err != nil {
			return err
		}
	}
	return nil
}

// A decoder is one decompression; what has been written is its window.
type decoder struct {
	dst []byte
	n   int // how much of dst is written
	src []byte

	literals []byte // of the block, those that no sequence has taken yet
	huffman  huffman
	tables   [3]table // for literal lengths, offsets, match lengths
	repeats  [3]int   // the last three distances, the newest first
}

// take removes the next n bytes from src and returns them, or nil if it has fewer.
func take(src *[]byte, n int) []byte {
	if n < 0 || n > len(*src) {
		return nil
	}
	b := (*src)[:n:n]
	*src = (*src)[n:]
	return b
}

// number is the little-endian number in b, 0 if b is empty.
func number(b []byte) (v uint64) {
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func (d *decoder) frame() error {
	head := take(&d.src, 5)
	if head == nil {
		return errShort
	}
	m := uint32(number(head[:4]))
	if m&^15 == magicSkip {
		rest := take(&d.src, 3)
		if rest == nil || take(&d.src, int(head[4])|int(number(rest))<<8) == nil {
			return errShort
		}
		return nil
	}
	descriptor := head[4]
	if m != magic || descriptor&8 != 0 {
		return errFrame
	}
	single := descriptor&0x20 != 0
	size := [4]int{0, 2, 4, 8}[descriptor>>6]
	if single && size == 0 {
		size = 1
	}
	dictionary := [4]int{0, 1, 2, 4}[descriptor&3]
	if !single && take(&d.src, 1) == nil {
		return errShort
	}
	id := take(&d.src, dictionary)
	if id == nil || take(&d.src, size) == nil {
		return errShort
	}
	if number(id) != 0 {
		return errFrame
	}
	d.repeats = [3]int{1, 4, 8}
	d.huffman.bits = 0
	d.tables = [3]table{}
	for last := false; !last; {
		b := take(&d.src, 3)
		if b == nil {
			return errShort
		}
		header := number(b)
		last = header&1 != 0
		if err := d.block(int(header>>1&3), int(header>>3)); err != nil {
			return err
		}
	}
	if descriptor&4 != 0 && take(&d.src, 4) == nil {
		return errShort
	}
	return nil
}

func (d *decoder) block(typ, size int) error {
	switch typ {
	case 0: // raw
		b := take(&d.src, size)
		if b == nil {
			return errShort
		}
		return d.write(b)
	case 1: // a byte repeated
		b := take(&d.src, 1)
		if b == nil {
			return errShort
		}
		if size > len(d.dst)-d.n {
			return errLong
		}
		for range size {
			d.dst[d.n] = b[0]
			d.n++
		}
		return nil
	case 2:
		b := take(&d.src, size)
		if b == nil {
			return errShort
		}
		if size > blockLimit {
			return errBlock
		}
		if err := d.readLiterals(&b); err != nil {
			return err
		}
		return d.sequences(b)
	}
	return errBlock
}

func (d *decoder) write(b []byte) error {
	if len(b) > len(d.dst)-d.n {
		return errLong
	}
	d.n += copy(d.dst[d.n:], b)
	return nil
}

// readLiterals reads a block's literals.
func (d *decoder) readLiterals(src *[]byte) error {
	if len(*src) == 0 {
		return errShort
	}
	typ, format := (*src)[0]&3, (*src)[0]>>2&3
	if typ < 2 {
		width, shift := 1, 3
		if format&1 != 0 {
			width, shift = 2+int(format>>1), 4
		}
		head := take(src, width)
		size := int(number(head) >> shift)
		if head == nil {
			return errShort
		}
		if size > blockLimit {
			return errBlock
		}
		if typ == 0 {
			if d.literals = take(src, size); d.literals == nil {
				return errShort
			}
			return nil
		}
		b := take(src, 1)
		if b == nil {
			return errShort
		}
		d.literals = make([]byte, size)
		for i := range d.literals {
			d.literals[i] = b[0]
		}
		return nil
	}
	head := take(src, [4]int{3, 3, 4, 5}[format])
	if head == nil {
		return errShort
	}
	width := [4]int{10, 10, 14, 18}[format]
	v := number(head) >> 4
	size, packed := int(v&(1<<width-1)), int(v>>width)
	b := take(src, packed)
	if b == nil {
		return errShort
	}
	if size > blockLimit {
		return errBlock
	}
	if typ == 2 {
		if err := d.huffman.read(&b); err != nil {
			return err
		}
	} else if d.huffman.bits == 0 {
		return errTable
	}
	d.literals = make([]byte, size)
	if format == 0 {
		return d.huffman.decode(d.literals, b)
	}
	jumps := take(&b, 6)
	if jumps == nil {
		return errShort
	}
	part := (size + 3) / 4
	for i := range 4 {
		stream := b
		if i < 3 {
			if stream = take(&b, int(number(jumps[2*i:2*i+2]))); stream == nil {
				return errShort
			}
		}
		from := i * part
		to := from + part
		if i == 3 {
			to = size
		}
		if from > to || to > size {
			return errBlock
		}
		if err := d.huffman.decode(d.literals[from:to], stream); err != nil {
			return err
		}
	}
	return nil
}

// The lowest length that each code stands for, and how many extra bits follow, which
// are added to it.
var (
	literalBase  = [36]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536}
	literalExtra = [36]uint8{16: 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	matchBase    = [53]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539}
	matchExtra   = [53]uint8{32: 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
)

// sequences reads a block's sequences, and carries each out: it writes some literals,
// and then a match.
func (d *decoder) sequences(src []byte) error {
	b := take(&src, 1)
	if b == nil {
		return errShort
	}
	count := int(b[0])
	if count >= 128 {
		more := 1
		if count == 255 {
			more = 2
		}
		if b = take(&src, more); b == nil {
			return errShort
		}
		if more == 2 {
			count = int(number(b)) + 0x7f00
		} else {
			count = (count-128)<<8 + int(b[0])
		}
	}
	if count == 0 {
		return d.write(d.literals)
	}
	if b = take(&src, 1); b == nil {
		return errShort
	}
	if b[0]&3 != 0 {
		return errBlock
	}
	for i := range d.tables {
		if err := d.tables[i].readMode(i, b[0]>>(6-2*i)&3, &src); err != nil {
			return err
		}
	}
	r, ok := backward(src)
	if !ok {
		return errShort
	}
	var states [3]int
	for i := range states {
		states[i] = r.read(d.tables[i].log)
	}
	for n := range count {
		of := d.tables[offset].entries[states[offset]]
		ml := d.tables[matchLength].entries[states[matchLength]]
		ll := d.tables[literalLength].entries[states[literalLength]]
		if of.symbol > 30 || int(ml.symbol) >= len(matchBase) || int(ll.symbol) >= len(literalBase) {
			return errBlock
		}
		distance := 1<<of.symbol + r.read(of.symbol)
		match := matchBase[ml.symbol] + r.read(matchExtra[ml.symbol])
		length := literalBase[ll.symbol] + r.read(literalExtra[ll.symbol])
		if n < count-1 {
			states[literalLength] = ll.next + r.read(ll.bits)
			states[matchLength] = ml.next + r.read(ml.bits)
			states[offset] = of.next + r.read(of.bits)
		}
		if r.at < 0 {
			return errShort
		}
		literals := take(&d.literals, length)
		if literals == nil {
			return errBlock
		}
		if err := d.write(literals); err != nil {
			return err
		}
		distance = d.distance(distance, length)
		if distance <= 0 || distance > d.n {
			return errBlock
		}
		if match > len(d.dst)-d.n {
			return errLong
		}
		for range match { // byte by byte: a match may overlap what it writes
			d.dst[d.n] = d.dst[d.n-distance]
			d.n++
		}
	}
	return d.write(d.literals)
}

// distance is how far back a match is. An offset above 3 is the distance plus 3; one up
// to 3 means one of the last three distances, shifted by one where the sequence has no
// literals (RFC 8878, 3.1.1.5).
func (d *decoder) distance(read, literals int) int {
	if read > 3 {
		d.repeats = [3]int{read - 3, d.repeats[0], d.repeats[1]}
		return d.repeats[0]
	}
	if literals == 0 {
		read++
	}
	switch r := d.repeats; read {
	case 2:
		d.repeats = [3]int{r[1], r[0], r[2]}
	case 3:
		d.repeats = [3]int{r[2], r[0], r[1]}
	case 4:
		d.repeats = [3]int{r[0] - 1, r[0], r[1]}
	}
	return d.repeats[0]
}

// A reverse is a bit stream that is read backwards: from the last byte, and in each
// byte from the highest bit.
type reverse struct {
	b  []byte
	at int // bits that are left; negative if more were read than there are
}

// backward is the stream in b. It begins below the highest bit of the last byte that
// is set.
func backward(b []byte) (reverse, bool) {
	if len(b) == 0 || b[len(b)-1] == 0 {
		return reverse{}, false
	}
	return reverse{b, 8*len(b) - 9 + bits.Len8(b[len(b)-1])}, true
}

// peek is the next n bits, at most 31. Bits past the end of the stream, in front of b,
// are zeros.
func (r *reverse) peek(n uint8) int {
	v := 0
	for at := r.at - int(n); at < r.at; {
		if at < 0 {
			at = min(0, r.at)
			continue
		}
		take := min(8-at%8, r.at-at)
		part := int(r.b[at/8]) >> (at % 8) & (1<<take - 1)
		v |= part << (at - (r.at - int(n)))
		at += take
	}
	return v
}

func (r *reverse) read(n uint8) int {
	v := r.peek(n)
	r.at -= int(n)
	return v
}

// A table decodes symbols by finite state entropy (FSE): each state stands for a
// symbol, and the next bits of the stream lead from it to the next state.
type table struct {
	log     uint8   // there are 1<<log states
	entries []entry // by state
}

type entry struct {
	symbol, bits uint8
	next         int // the next state is this plus the next bits
}

// The predefined tables (RFC 8878, 3.1.1.3.2.2).
var defaults = [3]struct {
	log    uint8
	counts []int
}{
	{6, []int{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1}},
	{5, []int{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1}},
	{6, []int{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1}},
}

// readMode makes the table of a kind of code, by the mode that a block says: predefined,
// one symbol, described, or that of the block before.
func (t *table) readMode(kind int, mode byte, src *[]byte) error {
	switch mode {
	case 0:
		return t.build(defaults[kind].log, defaults[kind].counts)
	case 1:
		b := take(src, 1)
		if b == nil {
			return errShort
		}
		*t = table{0, []entry{{symbol: b[0]}}}
		return nil
	case 2:
		return t.read(src, [3]uint8{9, 8, 9}[kind])
	}
	if t.entries == nil {
		return errTable
	}
	return nil
}

// read reads the description of a table.
func (t *table) read(src *[]byte, mostLog uint8) error {
	b, at := *src, 0
	next := func(n int) int { // n bits, without moving on
		v := 0
		for i := range n {
			if at+i < 8*len(b) {
				v |= int(b[(at+i)/8]) >> ((at + i) % 8) & 1 << i
			}
		}
		return v
	}
	log := uint8(next(4)) + 5
	at = 4
	if log > mostLog {
		return errTable
	}
	var counts []int
	for left := 1 << log; left > 0; {
		if at > 8*len(b) || len(counts) > 255 {
			return errTable
		}
		width := bits.Len(uint(left + 1))
		v := next(width)
		low := v & (1<<(width-1) - 1)
		threshold := 1<<width - 1 - (left + 1)
		if low < threshold {
			at += width - 1
			v = low
		} else {
			at += width
			if v >= 1<<(width-1) {
				v -= threshold
			}
		}
		counts = append(counts, v-1)
		if v == 0 {
			left--
		} else {
			left -= v - 1
		}
		for v == 1 {
			zeros := next(2)
			at += 2
			counts = append(counts, make([]int, zeros)...)
			if zeros < 3 || at > 8*len(b) {
				break
			}
		}
	}
	if take(src, (at+7)/8) == nil {
		return errShort
	}
	return t.build(log, counts)
}

// build makes the table in which each symbol has as many states as counts says; -1
// means one state, at the end of the table ("less than 1" in RFC 8878, 4.1.1).
func (t *table) build(log uint8, counts []int) error {
	size := 1 << log
	if len(counts) > 256 {
		return errTable
	}
	*t = table{log, make([]entry, size)}
	var next [256]int
	high := size
	for symbol, count := range counts {
		next[symbol] = count
		if count == -1 {
			high--
			if high < 0 {
				return errTable
			}
			t.entries[high].symbol = uint8(symbol)
			next[symbol] = 1
		}
	}
	at, placed := 0, 0
	for symbol, count := range counts {
		for range max(count, 0) {
			if placed++; placed > high {
				return errTable
			}
			t.entries[at].symbol = uint8(symbol)
			for at = (at + size>>1 + size>>3 + 3) & (size - 1); at >= high && placed < high; {
				at = (at + size>>1 + size>>3 + 3) & (size - 1)
			}
		}
	}
	if placed != high {
		return errTable
	}
	for i := range t.entries {
		e := &t.entries[i]
		n := next[e.symbol]
		next[e.symbol]++
		e.bits = log + 1 - uint8(bits.Len(uint(n)))
		e.next = n<<e.bits - size
	}
	return nil
}

// A huffman is the Huffman code of the literals.
type huffman struct {
	bits    uint8                   // of the longest code; 0 before one was read
	entries [1 << mostLiteral]entry // by the next bits of the stream
}

// read reads the description of the code: the weight of each symbol but the last, whose
// weight follows from the others.
func (h *huffman) read(src *[]byte) error {
	h.bits = 0
	head := take(src, 1)
	if head == nil {
		return errShort
	}
	var weights []uint8
	if n := int(head[0]); n < 128 {
		b := take(src, n)
		if b == nil {
			return errShort
		}
		var err error
		if weights, err = readWeights(b); err != nil {
			return err
		}
	} else {
		n -= 127
		b := take(src, (n+1)/2)
		if b == nil {
			return errShort
		}
		for i := range n {
			weights = append(weights, b[i/2]>>(4-4*(i%2))&15)
		}
	}
	total := 0
	for _, w := range weights {
		if w > mostLiteral {
			return errTable
		}
		total += 1 << w >> 1
	}
	if total == 0 || len(weights) > 255 {
		return errTable
	}
	longest := bits.Len(uint(total))
	rest := 1<<longest - total
	if longest > mostLiteral || rest&(rest-1) != 0 {
		return errTable
	}
	weights = append(weights, uint8(bits.Len(uint(rest))))
	at := 0
	for w := uint8(1); int(w) <= longest; w++ {
		for symbol, have := range weights {
			if have == w {
				for range 1 << (w - 1) {
					h.entries[at] = entry{symbol: uint8(symbol), bits: uint8(longest) + 1 - w}
					at++
				}
			}
		}
	}
	h.bits = uint8(longest)
	return nil
}

// readWeights reads weights that are compressed by FSE, with two states in turn.
func readWeights(b []byte) ([]uint8, error) {
	var t table
	if err := t.read(&b, 6); err != nil {
		return nil, err
	}
	r, ok := backward(b)
	if !ok {
		return nil, errShort
	}
	var weights []uint8
	states := [2]int{r.read(t.log), r.read(t.log)}
	for turn := 0; ; turn ^= 1 {
		e := t.entries[states[turn]]
		weights = append(weights, e.symbol)
		states[turn] = e.next + r.read(e.bits)
		if r.at < 0 {
			return append(weights, t.entries[states[turn^1]].symbol), nil
		}
		if len(weights) > 255 {
			return nil, errTable
		}
	}
}

// decode fills dst from one stream of literals.
func (h *huffman) decode(dst, src []byte) error {
	r, ok := backward(src)
	if !ok {
		return errShort
	}
	for i := range dst {
		e := h.entries[r.peek(h.bits)]
		dst[i] = e.symbol
		r.at -= int(e.bits)
		if r.at < 0 {
			return errShort
		}
	}
	if r.at != 0 {
		return errBlock
	}
	return nil
}
