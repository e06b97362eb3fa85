/*
 * The PS/2 keyboard: keys become the bytes that Linux's console sends.
 */
#ifndef DEV_KEYBOARD_H
#define DEV_KEYBOARD_H

#include "lib/types.h"

/* Sets up the 8042; key_ready is called in its interrupt. False: there is no controller. */
bool keyboard_init(void (*key_ready)(void));

/*
 * The queue of bytes to read, guarded by the lock of the tty they go to.
 * keyboard_push is for answers of the screen (cursor position reports).
 */
int keyboard_get(void); /* -1: none */
void keyboard_push(const char *bytes);

/* Arrow keys send ESC O x instead of ESC [ x (DECCKM). */
extern bool keyboard_application_cursor;

#endif
