package compact

import "github.com/libjitdebug/libjitdebug/internal/gdbjit"

// Finish goes on where a parent process was merging images, or writing one anew,
// at the moment of the fork: if head, the newest entry on the list, is that of
// this part's image, then all of the image's parts are shown by it.
func (p *Part) Finish(head *gdbjit.Entry) bool {
	i := imageAt(p.image)
	if &i.entry != head {
		return false
	}
	i.adopt()
	return true
}

// Adopt takes over a part that a parent process left, and the image that shows it,
// and returns the image's entry; or nil, if it is not on the list, or shows parts
// that another image shows.
func (s *Set) Adopt(p *Part, listed func(*gdbjit.Entry) bool) *gdbjit.Entry {
	i := imageAt(p.image)
	if !listed(&i.entry) {
		return nil
	}
	for _, at := range i.parts() {
		if partAt(at).image != p.image {
			return nil
		}
	}
	// Once, with its first part.
	if partAt(i.parts()[0]) == p {
		to := i.list
		if to != apart {
			to = sizeOf(i.functions)
		}
		s.link(i, to)
	}
	return &i.entry
}
