# A breakpoint by name. The program has no square(): the breakpoint waits.
break square
break __jit_debug_register_code
# jitdebug_register(): the image is put on the list, then the library calls the
# hook, an empty function. gdb has a breakpoint of its own on it; so have we, to
# look at what gdb is shown.
run
# What the hook is for: version 1, action_flag 1 (register), then relevant_entry,
# which this is about, and first_entry, where the list starts.
x/2dw &__jit_debug_descriptor
x/2a (char *)&__jit_debug_descriptor + 8
# The entry: next_entry, prev_entry, symfile_addr, symfile_size. The symfile is
# an ELF image in the process's own memory.
x/4a *(void **)((char *)&__jit_debug_descriptor + 8)
x/4c *(void **)(*(char **)((char *)&__jit_debug_descriptor + 8) + 16)
# gdb has read it: the code has names, and the breakpoint a place.
info symbol 0x10001000
info breakpoints
# The generated code runs, and the debugger is at home in it.
continue
bt
list
up
info locals
# jitdebug_unregister(): off the list first, then the hook with action_flag 2;
# the image is freed after that.
delete 1
continue
x/2dw &__jit_debug_descriptor
x/2a (char *)&__jit_debug_descriptor + 8
# The same code once more: an address, and no name.
info symbol 0x10001000
break *0x10001000
continue
bt 1
