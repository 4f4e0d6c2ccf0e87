// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package target

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// A process is read through /proc.
type process struct {
	pid    int
	memory *os.File
	root   *os.Root // what the process sees as /; nil if that cannot be seen
}

func openProcess(pid int) (*Target, error) {
	status, err := os.ReadFile(procPath(pid, "status"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no process %d, and no file of that name", pid)
	} else if err != nil {
		return nil, err
	}
	if leader, _ := strconv.Atoi(field(status, "Tgid")); leader > 0 {
		pid = leader // the number was a thread's
	}
	name := field(status, "Name")
	p := &process{pid: pid}
	t := &Target{Name: fmt.Sprintf("process %d (%s)", pid, name), PID: pid, Live: true, source: p}
	if state := field(status, "State"); strings.HasPrefix(state, "Z") {
		return nil, fmt.Errorf("%s has ended, its parent has not asked for its status yet: there is nothing to read", t.Name)
	}
	if narrow(procPath(pid, "exe")) {
		return nil, fmt.Errorf("%s is of 32 bits: not supported", t.Name)
	}
	p.memory, err = os.Open(procPath(pid, "mem"))
	if err == nil {
		t.Mappings, err = p.mappings()
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, forbidden(t.Name, status)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	if len(t.Mappings) == 0 {
		return nil, fmt.Errorf("%s has no memory: it is a thread of the kernel, or ends just now", t.Name)
	}
	if p.root, err = os.OpenRoot(procPath(pid, "root")); err != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("its files cannot be seen (%v): symbols that are not in memory are missing", err))
	}
	return t, nil
}

// narrow says that a program is of 32 bits.
func narrow(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [elf.EI_CLASS + 1]byte
	n, _ := f.ReadAt(b[:], 0)
	return n == len(b) && string(b[:4]) == elf.ELFMAG && b[elf.EI_CLASS] != elf.ELFCLASS64
}

func procPath(pid int, name string) string { return filepath.Join("/proc", strconv.Itoa(pid), name) }

// field returns a field of a process's status.
func field(status []byte, name string) string {
	for line := range bytes.Lines(status) {
		if rest, found := bytes.CutPrefix(line, []byte(name+":")); found {
			return string(bytes.TrimSpace(rest))
		}
	}
	return ""
}

// forbidden says why a process may not be read, and what to do.
func forbidden(name string, status []byte) error {
	text := name + " may not be read"
	owner := strings.Fields(field(status, "Uid"))
	scope, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	switch {
	case len(owner) > 1 && owner[1] != strconv.Itoa(os.Geteuid()) && os.Geteuid() != 0:
		text += fmt.Sprintf(": it is of the user %s, and this is %d; use sudo", owner[1], os.Geteuid())
	case len(scope) > 0 && scope[0] >= '1' && scope[0] <= '2' && os.Geteuid() != 0:
		text += fmt.Sprintf(": kernel.yama.ptrace_scope is %c, so that only a parent or root may; use sudo, or "+
			"sysctl -w kernel.yama.ptrace_scope=0, or let the process call prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY)", scope[0])
	case len(scope) > 0 && scope[0] == '3':
		text += ": kernel.yama.ptrace_scope is 3, so that nobody may until the machine starts again; read a core of it"
	case os.Geteuid() != 0:
		text += ": it has more rights than this user, or has asked not to be read (prctl(PR_SET_DUMPABLE)); use sudo"
	default:
		text += ": this root lacks CAP_SYS_PTRACE; in a container, start it with --cap-add=SYS_PTRACE, or look from the host"
	}
	return errors.New(text)
}

// mappings reads /proc/PID/maps.
func (p *process) mappings() ([]Mapping, error) {
	f, err := os.Open(procPath(p.pid, "maps"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []Mapping
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if m, ok := parseMapping(lines.Text()); ok {
			all = append(all, m)
		}
	}
	return all, lines.Err()
}

func parseMapping(line string) (m Mapping, ok bool) {
	// START-END rwxp OFFSET MAJOR:MINOR INODE PATH
	fields := strings.SplitN(line, " ", 6)
	if len(fields) < 5 || len(fields[1]) < 3 {
		return m, false
	}
	start, end, _ := strings.Cut(fields[0], "-")
	var errs [4]error
	m.Start, errs[0] = strconv.ParseUint(start, 16, 64)
	m.End, errs[1] = strconv.ParseUint(end, 16, 64)
	m.Offset, errs[2] = strconv.ParseUint(fields[2], 16, 64)
	m.Inode, errs[3] = strconv.ParseUint(fields[4], 10, 64)
	access := fields[1]
	m.Read, m.Write, m.Execute = access[0] == 'r', access[1] == 'w', access[2] == 'x'
	if len(fields) == 6 {
		m.Path = strings.ReplaceAll(strings.TrimLeft(fields[5], " "), `\012`, "\n")
		m.Path, m.Deleted = cutDeleted(m.Path)
	}
	return m, errors.Join(errs[:]...) == nil
}

// cutDeleted takes what the kernel adds to the path of a file that has none any more.
func cutDeleted(path string) (string, bool) { return strings.CutSuffix(path, " (deleted)") }

func (p *process) read(b []byte, address uint64) int {
	if address > 1<<63-1-uint64(len(b)) {
		return 0
	}
	n, _ := p.memory.ReadAt(b, int64(address))
	return n
}

// open opens the file itself where the kernel shows it, deleted or not; else by its path
// below the process's own root, if it is still the same file.
func (p *process) open(m *Mapping) (File, error) {
	if f, err := os.Open(procPath(p.pid, fmt.Sprintf("map_files/%x-%x", m.Start, m.End))); err == nil {
		return regular(f)
	}
	if p.root == nil || !strings.HasPrefix(m.Path, "/") {
		return nil, fs.ErrNotExist
	}
	f, err := p.root.OpenFile(strings.TrimLeft(m.Path, "/"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.Sys().(*syscall.Stat_t).Ino != m.Inode {
		f.Close()
		return nil, fs.ErrNotExist
	}
	return regular(f)
}

// regular refuses what is no file that can be read: a device may do anything.
func regular(f *os.File) (File, error) {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fs.ErrNotExist
	}
	return f, nil
}

func (p *process) auxiliary() []byte {
	b, _ := os.ReadFile(procPath(p.pid, "auxv"))
	return b
}

func (p *process) tasks() (ids []int) {
	entries, _ := os.ReadDir(procPath(p.pid, "task"))
	for _, entry := range entries {
		if id, err := strconv.Atoi(entry.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// threads asks the kernel where threads wait; those that run are stopped for a moment.
func (p *process) threads() (all []Thread) {
	for _, id := range p.tasks() {
		text, _ := os.ReadFile(procPath(p.pid, fmt.Sprintf("task/%d/syscall", id)))
		t := Thread{ID: id}
		if fields := strings.Fields(string(text)); len(fields) >= 3 {
			pc, pcErr := strconv.ParseUint(fields[len(fields)-1], 0, 64)
			stack, stackErr := strconv.ParseUint(fields[len(fields)-2], 0, 64)
			t.PC, t.Stack, t.Known = pc, stack, pcErr == nil && stackErr == nil
		} else if err := whileStopped([]int{id}, func() { registers(&t) }); err != nil {
			t.Known = false
		}
		all = append(all, t)
	}
	return all
}

func (p *process) close() {
	p.memory.Close()
	if p.root != nil {
		p.root.Close()
	}
}

// Root is the file system as the process sees it, or nil.
func (t *Target) Root() *os.Root {
	if p, ok := t.source.(*process); ok {
		return p.root
	}
	return nil
}

// OwnNumber is the process's number where it is itself, in a container for instance, and
// whether that place has files of its own.
func (t *Target) OwnNumber() (pid int, files bool) {
	pid = t.PID
	status, _ := os.ReadFile(procPath(t.PID, "status"))
	if numbers := strings.Fields(field(status, "NStgid")); len(numbers) > 0 {
		if own, err := strconv.Atoi(numbers[len(numbers)-1]); err == nil {
			pid = own
		}
	}
	theirs, err := os.Readlink(procPath(t.PID, "ns/mnt"))
	ours, ourErr := os.Readlink("/proc/self/ns/mnt")
	return pid, err == nil && ourErr == nil && theirs != ours
}

// Renew reads a process's mappings again.
func (t *Target) Renew() error {
	p, live := t.source.(*process)
	if !live {
		return nil
	}
	mappings, err := p.mappings()
	if err == nil && len(mappings) == 0 {
		err = fmt.Errorf("%s has ended", t.Name)
	}
	if err != nil {
		return err
	}
	t.Mappings = mappings
	return nil
}
