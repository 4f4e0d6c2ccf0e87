# A breakpoint on a word and one on a line of the Forth program. The JIT has not
# compiled it yet: they wait.
break square
break squares.forth:12
run
# squares.forth, and behind it C; no word of it was ever in a file.
bt
list
step
step
# Behind the word: the line in which the one that called it goes on.
step
bt 2
# The words of C's are as near: from C through Forth to C.
delete
break print
continue
bt
