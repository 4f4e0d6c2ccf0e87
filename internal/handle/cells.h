/* The memory behind handles: blocks of cells, one cell a handle. */
#ifndef JITDEBUG_HANDLE_CELLS_H
#define JITDEBUG_HANDLE_CELLS_H

enum { CELL_SIZE = 16, BLOCK_CELLS = 1024 };

/* Makes a block, which is never freed, the answer to the next malloc(1) that
 * the library makes on this thread. False if there is no memory. */
int cells_offer(void);

#endif
