! Fortran: modules, arrays with bounds at run time, common blocks, namelists, derived
! types with procedures, an entry.
module shapes
  implicit none
  type :: shape
    real(8) :: side
    integer, allocatable :: marks(:)
  contains
    procedure :: area
  end type
  type, extends(shape) :: box
    character(len=8) :: label
  end type
contains
  real(8) function area(this)
    class(shape), intent(in) :: this
    area = this%side * this%side
  end function
end module

subroutine jit_main(n, table, text)
  use shapes, only: box, area_of => area
  implicit none
  integer, intent(in) :: n
  real, intent(inout) :: table(n, *)
  character(len=*), intent(in) :: text
  integer :: i, shared
  complex :: z
  common /everywhere/ shared
  namelist /settings/ i, shared
  type(box) :: b
  b%side = n
  z = (1.0, 2.0)
  do i = 1, n
    table(i, 1) = real(area_of(b)) + real(z) + len(text) + inner(i)
  end do
contains
  integer function inner(k)
    integer, intent(in) :: k
    inner = k * n
  end function
end subroutine
