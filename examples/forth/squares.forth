\ The sum of the squares from 1 to a number.

: square  ( n -- n*n )
  dup
  * ;

: sum-of-squares  ( n -- sum )
  dup 0 = if
    exit
  then
  dup square
  swap 1 -
  recurse
  + ;

10 sum-of-squares
.
