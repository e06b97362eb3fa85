/*
 * The VGA text screen, 80 by 25, as a terminal of the VT100 and ANSI kind.
 */
#ifndef DEV_VGA_H
#define DEV_VGA_H

#include "lib/types.h"

enum { VGA_COLS = 80, VGA_ROWS = 25 };

bool vga_init(void); /* false: the machine has none; then what is written is lost, but answers come */

/*
 * Program output: escape sequences work. Returns true if one of them asked for
 * an answer, which keyboard_push has queued; caller holds the tty's lock.
 */
bool vga_write(const u8 *bytes, size_t n);

/* Kernel text, in every context: no escape sequences, NL starts a new line. */
void vga_write_log(const char *text, size_t n);

#endif
