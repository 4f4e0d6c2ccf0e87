set pagination off
set confirm off
set breakpoint pending on
set follow-fork-mode child
set detach-on-fork on
break child_ends
run
info symbol 0x200000000010
kill
