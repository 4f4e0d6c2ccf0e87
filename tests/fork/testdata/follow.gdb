set pagination off
set confirm off
set debuginfod enabled off
set follow-fork-mode child
set detach-on-fork on
break look
run
# f1 is the parent's, f2 the child's
info symbol 0x200000000010
info symbol 0x200000000020
continue
